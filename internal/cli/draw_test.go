package cli

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/browser"
)

// drawing starts "shadegrad draw" and returns its address. The test ends the process.
func drawing(t *testing.T, model string) (url string) {
	t.Helper()
	cmd := at(t).command("draw", "-model="+model)
	if runtime.GOOS != "windows" { // where no signal can be sent
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	}
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v", err)
	}
	// The context of the command ends before this function.
	t.Cleanup(func() {
		cmd.Wait()
		if cmd.ProcessState.ExitCode() != 0 && runtime.GOOS != "windows" {
			t.Errorf("after Ctrl-C: %v\n%s", cmd.ProcessState, log.String())
		}
	})
	return strings.TrimSpace(url)
}

// TestDraw checks the page and an answer of "shadegrad draw", which says the same as predict, and that Ctrl-C ends it.
func TestDraw(t *testing.T) {
	model, seven := goodModel(t), repository(t, "testdata/digits/seven.png")
	url := drawing(t, model)
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/[\w-]{24}/$`).MatchString(url) {
		t.Errorf("the address is %s", url)
	}
	page, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	text, err := io.ReadAll(page.Body)
	if err != nil || page.StatusCode != 200 || !strings.Contains(string(text), "good.safetensors: network 784-64-10, trained on MNIST (built in) for 1 epoch; test accuracy ") {
		t.Errorf("%s, %v:\n%s", page.Status, err, text)
	}
	picture, err := os.Open(seven)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	request, err := http.NewRequest("POST", url+"read", picture)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", url[:strings.Index(url[7:], "/")+7])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(answer.Body); err != nil || !strings.Contains(string(text), `{"sentence":"it is a 7",`) {
		t.Errorf("%v: %s", err, text)
	}
	predicted := at(t).run("predict", "-model="+model, seven).is(0)
	for _, m := range regexp.MustCompile(`(\d) with ([<\d.%]+)`).FindAllStringSubmatch(predicted.stdout, -1) {
		if want := `{"text":"` + strings.ReplaceAll(m[2], "<", `\u003c`) + `",`; !strings.Contains(string(text), want) {
			t.Errorf("predict has %s, the page not %s:\n%s", m[0], want, text)
		}
	}
}

// TestDrawRefused checks that a network for rows of numbers cannot be drawn for.
func TestDrawRefused(t *testing.T) {
	p := at(t)
	p.run("train", "-backend=cpu", "-preset=xor", "-save=rows", "-epochs=1").is(0)
	p.run("draw", "-model=rows").is(1, "shadegrad: rows: the network takes rows of 2 numbers, which cannot be drawn; use \"shadegrad predict\"\n")
	p.run("draw", "-model=nowhere").is(1, "nowhere")
}

// TestDrawInBrowser draws the first test image of each digit in a real browser, of which at least nine must be recognised. It
// also draws two digits, undoes a stroke, opens pictures, draws on a phone with a finger, and checks the order of the keyboard,
// contrast, labels, and that nothing is wider than the phone. SHADEGRAD_PICTURES names a directory for pictures to look at.
func TestDrawInBrowser(t *testing.T) {
	b := browser.ForTest(t)
	p := at(t)
	p.run("train", "-backend=cpu", "-save=m").is(0)
	put(t, p.path("text.png"), []byte("no picture"))
	d, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	arg := map[string]any{"url": drawing(t, p.path("m")), "pair": []int{7, 2}, "picture": repository(t, "testdata/digits/three.png"),
		"noPicture": p.path("text.png"), "pictures": os.Getenv("SHADEGRAD_PICTURES")}
	var digits [][][][2]float64
	for class := range 10 {
		i := slices.Index(d.Test.Labels, byte(class))
		digits = append(digits, strokesOf(d.Test.Images[784*i:784*(i+1)]))
	}
	arg["digits"] = digits
	var got struct {
		Read, Order, Violations, Problems                                      []string
		Several, Second, Explained, Undone, Picture, Spoken, NoPicture, Finger string
		Scrolled, Wide                                                         float64
	}
	script, err := os.ReadFile(filepath.Join("testdata", "draw.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context(), string(script), arg, &got); err != nil {
		t.Fatal(err)
	}
	right := 0
	for class, text := range got.Read {
		if text == "It is a "+string(rune('0'+class)) || class == 8 && text == "It is an 8" {
			right++
		} else {
			t.Logf("a drawn %d: %s", class, text)
		}
	}
	if right < 9 || len(got.Read) != 10 {
		t.Errorf("%d of %d drawn digits are recognised", right, len(got.Read))
	}
	for _, c := range []struct{ what, got, want string }{
		{"two digits", got.Several, "2 digits: 7 2"},
		{"the second digit", got.Second, "2"},
		{"another output", got.Explained, "Pixels for and against 5"},
		{"undone", got.Undone, "It is a 7"},
		{"a picture", got.Picture, "It is a 3"},
		{"the status", got.Spoken, "it is a 3"},
		{"no picture", got.NoPicture, `Expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found a file of 10 bytes that begins with "no pictu"`},
		{"a finger", got.Finger, "It is a 7"},
		{"the tab order", strings.Join(got.Order[:min(5, len(got.Order))], ", "), "Undo, Clear, Choose a picture, Digit 1: 7, Digit 2: 2"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(got.Order) != 15 {
		t.Errorf("%d elements have the focus: %q", len(got.Order), got.Order)
	}
	if got.Wide != 0 || got.Scrolled != 0 {
		t.Errorf("on a phone the page is %g pixels too wide, and drawing scrolls it by %g", got.Wide, got.Scrolled)
	}
	for _, text := range slices.Concat(got.Violations, got.Problems) {
		t.Error(text)
	}
}

// strokesOf returns lines through the middle of an image's strokes, in fractions of a paper of 4×3: its skeleton after T. Y.
// Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital patterns" (CACM 27(3), 1984), as one line for each
// connected part, which returns where it branches.
func strokesOf(image []byte) (lines [][][2]float64) {
	const n = 28
	ink := make([]bool, n*n)
	for i, v := range image {
		ink[i] = v > 100 && i%n > 0 && i%n < n-1 && i > n && i < n*(n-1)
	}
	around := [8]int{-n, -n + 1, 1, n + 1, n, n - 1, -1, -n - 1} // clockwise from the top
	for pass, idle := 0, 0; idle < 2; pass++ {
		var remove []int
		for i := range ink {
			if !ink[i] {
				continue
			}
			var p [8]bool
			count, turns := 0, 0
			for k, d := range around {
				if p[k] = ink[i+d]; p[k] {
					count++
				}
			}
			for k := range p {
				if !p[k] && p[(k+1)%8] {
					turns++
				}
			}
			first, second := p[0] && p[2] && p[4], p[2] && p[4] && p[6]
			if pass%2 == 1 {
				first, second = p[0] && p[2] && p[6], p[0] && p[4] && p[6]
			}
			if count >= 2 && count <= 6 && turns == 1 && !first && !second {
				remove = append(remove, i)
			}
		}
		if idle++; len(remove) > 0 {
			idle = 0
		}
		for _, i := range remove {
			ink[i] = false
		}
	}
	point := func(i int) [2]float64 {
		const size = 17.0 // of a pixel, on a paper of 640×480
		return [2]float64{0.5 + (float64(i%n)-13.5)*size/640, 0.5 + (float64(i/n)-13.5)*size/480}
	}
	var line [][2]float64
	var follow func(i int)
	follow = func(i int) {
		ink[i] = false
		line = append(line, point(i))
		for _, d := range around {
			if ink[i+d] {
				follow(i + d)
				line = append(line, point(i))
			}
		}
	}
	for i := range ink {
		if ink[i] {
			line = nil
			follow(i)
			lines = append(lines, line)
		}
	}
	return lines
}
