package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/browser"
)

// TestPagesInBrowser opens the pages of a run, of a comparison and of a running run in Chromium, which may make no request.
// It checks clicks, keys, the tab order, contrast and labels (axe-core), a screen of 360 pixels, and that the page of a
// running run follows it to its end. SHADEGRAD_PICTURES names a directory for pictures to look at.
func TestPagesInBrowser(t *testing.T) {
	b := browser.ForTest(t)
	p := at(t)
	put(t, p.path("a.json"), []byte(p.run(trainSmall(t, "-json", "-hidden=32", "-epochs=6", "-validation=50", "-report=run.html")...).is(0).stdout))
	put(t, p.path("b.json"), []byte(p.run("bench", "-backends=cpu", "-hidden=8", "-data="+smallData(t), "-sweep", "-json").is(0).stdout))
	p.run("report", "a.json", "b.json", "-o=compare.html").is(0)
	c, url := watchedRun(t, "-data=spiral", "-hidden=8", "-epochs=100000000", "-every=1000", "-json")
	go io.Copy(io.Discard, c.stdout)
	script, err := os.ReadFile(filepath.Join("testdata", "page.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return "file://" + filepath.ToSlash(p.path(name)) }
	arg := map[string]any{"report": file("run.html"), "comparison": file("compare.html"), "live": url, "process": c.cmd.Process.Pid,
		"pictures": os.Getenv("SHADEGRAD_PICTURES")}
	var got struct {
		Report struct {
			Axe, Tabs, Themes             []string
			Overflow, Image, Rows, Curves int
			State, Clicked, Pressed, Read string
			Phone                         struct {
				Axe      []string
				Overflow int
				Theme    string
			}
		}
		Compared struct {
			Axe            []string
			Curves         int
			Heading, Label string
		}
		Followed struct {
			Growth  []float64
			Axe     []string
			Running string
			Matrix  int
		}
		Problems []string
	}
	if err := b.Run(t.Context(), string(script), arg, &got); err != nil {
		t.Fatal(err)
	}
	r := got.Report
	for _, list := range [][]string{r.Axe, r.Phone.Axe, got.Compared.Axe, got.Followed.Axe} {
		for _, violation := range list {
			t.Error(violation)
		}
	}
	// The test cuts the connection once.
	got.Problems = slices.DeleteFunc(got.Problems, func(s string) bool { return strings.Contains(s, "ERR_INTERNET_DISCONNECTED") })
	if len(got.Problems) > 0 {
		t.Errorf("problems: %q", got.Problems)
	}
	if r.Overflow != 0 || r.Phone.Overflow != 0 || r.Phone.Theme != "dark" {
		t.Errorf("the page is %d pixels too wide, on a phone %d, in a theme that is %s", r.Overflow, r.Phone.Overflow, r.Phone.Theme)
	}
	if r.State != "Complete" || r.Curves != 6 || r.Image < 100 || r.Rows != 24 {
		t.Errorf("%s, %d curves, a picture up to %d, %d rows", r.State, r.Curves, r.Image, r.Rows)
	}
	if !strings.Contains(r.Clicked, ", recognised: ") || r.Pressed == r.Clicked || !strings.Contains(r.Read, "at step 1") {
		t.Errorf("a click shows %q, a key %q; the chart reads %q", r.Clicked, r.Pressed, r.Read)
	}
	if fmt.Sprint(r.Themes) != "[light dark light]" { // then the browser's own, light
		t.Errorf("the themes are %v", r.Themes)
	}
	first := []string{"Skip to the results", "Theme: auto", "Logarithmic loss"}
	if len(r.Tabs) < 18 || !slices.Equal(r.Tabs[:3], first) || !strings.HasPrefix(r.Tabs[3], "Loss by step. training") || r.Tabs[len(r.Tabs)-1] != "Copy" {
		t.Errorf("the tab order is %q", r.Tabs)
	}
	charts := 0
	for i, name := range r.Tabs {
		if strings.Contains(name, "The arrow keys select single points.") {
			if charts++; r.Tabs[i+1] != "Table of values" {
				t.Errorf("%q follows the chart %q", r.Tabs[i+1], name)
			}
		}
	}
	if charts != r.Curves {
		t.Errorf("the tab key reaches %d of %d charts", charts, r.Curves)
	}
	if got.Compared.Curves < 5 || got.Compared.Heading != "Comparison of 1 run and speed of backends" || got.Compared.Label != "seconds of training" {
		t.Errorf("the comparison has %+v", got.Compared)
	}
	if f := got.Followed; len(f.Growth) != 3 || !slices.IsSorted(f.Growth) || f.Running != "Running" || f.Matrix == 0 {
		t.Errorf("the running page: %+v", f)
	}
	if err := c.cmd.Wait(); err == nil || c.cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("the run ended with %v", err)
	}
}
