package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"shadegrad/internal/report"
	"strings"
	"testing"
)

// TestEscapes checks that names of files are printed as text with any content.
func TestEscapes(t *testing.T) {
	p := at(t)
	dir := p.path("images")
	for _, class := range []string{"a\x1b[31m", "b"} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, class, "1\r\u0085.png"), []byte("no image"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := p.run("train", "-backend=cpu", "-data="+dir).is(1, `a\x1b[31m/1\r\u0085.png: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture`)
	if strings.ContainsAny(r.stderr, "\x1b\r\u0085") {
		t.Errorf("stderr would steer a terminal: %q", r.stderr)
	}
}

// TestNamesOfFiles checks that names of files, data sets and devices are printed as text in output
// without errors, too.
func TestNamesOfFiles(t *testing.T) {
	p := at(t)
	const odd = "x\x1b[2J\r\ny"
	const shown = `x\x1b[2J\r\ny`
	writeMNIST(t, p.path(odd), 30, 10)
	put(t, p.path(odd+".png"), contents(t, repository(t, "testdata/digits/seven.png")))
	put(t, p.path(odd+".csv"), []byte("label,a,b\n"+strings.Repeat("0,0.5,1\n1,1.5,2\n", 20)))
	train := []string{"train", "-backend=cpu", "-hidden=4", "-epochs=1"}
	for _, c := range []struct {
		args           []string
		stdout, stderr string
	}{
		{append(train, "-data="+odd, "-save="+odd+".net", "-certify="+odd+".cert"), "", "saved " + shown + ".net\n"},
		{append(train, "-data="+odd+".csv", "-save="+odd+".rows"), "", shown + ".csv has no test part: "},
		{[]string{"gradcheck", "-backend=cpu", "-hidden=4", "-data=" + odd + ".csv"}, "", shown + ".csv has no test part: "},
		{[]string{"eval", "-backend=cpu", "-model=" + odd + ".net", "-data=" + odd}, shown + ".net on " + shown + ": ", ""},
		{[]string{"eval", "-backend=cpu", "-model=" + odd + ".rows", "-data=" + odd + ".csv"}, "outputs of " + shown + ".rows;", ""},
		{[]string{"predict", "-model=" + odd + ".net", odd + ".png"}, shown + ".png, as the network sees it", ""},
		{[]string{"predict", "-model=" + odd + ".rows", "1,\r2"}, `1,\r2: it is `, ""},
		{[]string{"digits", "-data=" + odd, "-o=" + odd + ".sheet.png"}, "", "wrote " + shown + ".sheet.png\n"},
	} {
		r := p.run(c.args...).is(0, c.stderr)
		if !strings.Contains(r.stdout, c.stdout) || strings.ContainsAny(r.stdout+r.stderr, "\x1b\r") {
			t.Errorf("%q: stdout does not say %s, or there is what would steer a terminal:\n%q\n%q", c.args, c.stdout, r.stdout, r.stderr)
		}
	}
	// A certificate comes from elsewhere.
	certificate := bytes.ReplaceAll(contents(t, p.path(odd+".cert")), []byte(`"driver": "`), []byte(`"driver": "\u001b[2J`))
	put(t, p.path("c"), certificate)
	if r := p.run("verify", "-data="+odd, "c").is(0, `\x1b[2J`); strings.Contains(r.stderr, "\x1b") {
		t.Errorf("stderr would steer a terminal: %q", r.stderr)
	}
}

// TestPrintable checks that text and lines are unchanged.
func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"28×28, größer\n\tnext \uFFFD": "28×28, größer\n\tnext \uFFFD", "\xff'\x00\x7f": `\xff'\x00\x7f`,
	} {
		if got := report.Printable(s); got != want {
			t.Errorf("%q is shown as %q, not %q", s, got, want)
		}
	}
}

// TestOutputsBeyondNumbers writes JSON of outputs that are not numbers, since sums overflow float32.
func TestOutputsBeyondNumbers(t *testing.T) {
	p := at(t)
	file := p.path("large.csv")
	if err := os.WriteFile(file, []byte("label,a,b\n0,3e38,1\n1,-3e38,2\n0,3e38,3\n1,-3e38,4\n0,3e38,5\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := p.run("train", "-backend=cpu", "-data="+file, "-json").is(1, "training diverged")
	if !strings.Contains(r.stdout, `null`) {
		t.Errorf("no output is null: %s", r.stdout)
	}
	for _, line := range bytes.Split(bytes.TrimSpace([]byte(r.stdout)), []byte("\n")) {
		if !json.Valid(line) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// TestResumeSavesAgain resumes a run without -save: the network next to the checkpoint becomes that of
// the whole run, and a file of another kind is not changed.
func TestResumeSavesAgain(t *testing.T) {
	p := at(t)
	args := []string{"train", "-data=" + smallData(t), "-hidden=4", "-epochs=3", "-optimizer=adam"}
	p.run(append(args, "-backend=cpu", "-save="+p.path("whole"))...).is(0)
	stop := func(save string) string {
		f := newFakeGPU()
		r := tapped(t, f.opener(), f.loseAt("epoch 2/"), append(args, "-backend=gpu", "-save="+p.path(save))...).is(1)
		return strings.Fields(strings.SplitAfter(resumeCommand(r), "-resume=")[1])[0]
	}
	checkpoint := stop("net")
	p.run("train", "-backend=cpu", "-resume="+checkpoint).is(0, "saved "+p.path("net"))
	if !bytes.Equal(contents(t, p.path("net")), contents(t, p.path("whole"))) {
		t.Error("the network is not the one of the whole run")
	}
	checkpoint = stop("other")
	if err := os.WriteFile(p.path("other"), []byte("notes"), 0o666); err != nil {
		t.Fatal(err)
	}
	p.run("train", "-backend=cpu", "-resume="+checkpoint).is(1, "the file exists and is not a Shadegrad network; nothing was trained")
	contents(t, checkpoint)
	if got := string(contents(t, p.path("other"))); got != "notes" {
		t.Errorf("a file that is not a network was overwritten: %q", got)
	}
}
