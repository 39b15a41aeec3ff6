package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEscapes shows the names of files as text, whatever is in them.
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
	r := p.run("train", "-backend=cpu", "-data="+dir).is(1, `a\x1b[31m/1\r\u0085.png: expected a PNG or JPEG image`)
	if strings.ContainsAny(r.stderr, "\x1b\r\u0085") {
		t.Errorf("stderr would steer a terminal: %q", r.stderr)
	}
}

// TestPrintable leaves text as it is, and lines.
func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"28×28, größer\n\tnext \uFFFD": "28×28, größer\n\tnext \uFFFD", "\xff'\x00\x7f": `\xff'\x00\x7f`,
	} {
		if got := printable(s); got != want {
			t.Errorf("%q is shown as %q, not %q", s, got, want)
		}
	}
}

// TestOutputsBeyondNumbers writes JSON of outputs that are none, since sums overflow float32.
func TestOutputsBeyondNumbers(t *testing.T) {
	p := at(t)
	file := p.path("large.csv")
	if err := os.WriteFile(file, []byte("0,3e38,1\n1,-3e38,2\n0,3e38,3\n1,-3e38,4\n0,3e38,5\n"), 0o666); err != nil {
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

// TestResumeSavesAgain goes on with a run without saying where to save: the network that lies
// beside the checkpoint is the one of the whole run, and a file of another kind is left alone.
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
	p.run("train", "-backend=cpu", "-resume="+checkpoint).is(0)
	if got := string(contents(t, p.path("other"))); got != "notes" {
		t.Errorf("a file that is no network was written over: %q", got)
	}
}
