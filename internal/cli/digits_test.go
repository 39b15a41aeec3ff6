package cli

import (
	"bytes"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/internal/ostest"
)

// greys decodes a PNG file.
func greys(t *testing.T, b []byte) (width, height int, grey func(x, y int) uint32) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img.Bounds().Dx(), img.Bounds().Dy(), func(x, y int) uint32 {
		v, _, _, _ := img.At(x, y).RGBA()
		return v >> 8
	}
}

// TestDigits draws the digits of a data set, plain and distorted.
func TestDigits(t *testing.T) {
	p := at(t)
	data := "-data=" + smallData(t)
	const cell = 3*28 + 4
	sheet := func(args ...string) []byte {
		p.run(append([]string{"digits", data, "-o=sheet.png"}, args...)...).is(0, "wrote sheet.png\n")
		return contents(t, p.path("sheet.png"))
	}
	plain := sheet("-count=6")
	if w, h, _ := greys(t, plain); w != 6*cell+4 || h != 10*cell+4 {
		t.Errorf("a sheet of %d×%d", w, h)
	}
	first := sheet("-count=4", "-augment=ciresan")
	w, h, grey := greys(t, first)
	if w != 4*cell+4 || h != 10*cell+4 {
		t.Errorf("a distorted sheet of %d×%d", w, h)
	}
	// The first column is as the data are, the others are not, nor like each other.
	_, _, original := greys(t, plain)
	for row := range 10 {
		var differ [4]int // from the first column
		for j := range differ {
			for i := range 28 * 28 {
				x, y := 4+i%28*3, 4+row*cell+i/28*3
				if j == 0 && grey(x, y) != original(x, y) {
					t.Fatalf("row %d: the digit itself is not as it was", row)
				}
				if grey(x, y) != grey(x+j*cell, y) {
					differ[j]++
				}
			}
		}
		if differ[1] < 50 || differ[2] < 50 || differ[3] < 50 {
			t.Errorf("row %d: %v pixels differ from the original's", row, differ)
		}
	}
	if !bytes.Equal(first, sheet("-count=4", "-augment=ciresan", "-seed=1", "-threads=1")) {
		t.Error("the same seed gives another sheet")
	}
	if bytes.Equal(first, sheet("-count=4", "-augment=ciresan", "-seed=2")) {
		t.Error("another seed gives the same sheet")
	}
	if w, h, _ := greys(t, sheet("-count=1", "-pad=29x30")); w != 3*29+8 || h != 10*(3*30+4)+4 {
		t.Errorf("a padded sheet of %d×%d", w, h)
	}
}

// TestDigitsText shows digits as text, as many as fit in a line.
func TestDigitsText(t *testing.T) {
	r := at(t).run("digits", "-data="+smallData(t), "-count=3").is(0)
	lines := strings.Split(r.stdout, "\n")
	if len(lines) != 10*(28+1)+1 || !strings.Contains(r.stdout, "@@") || strings.Contains(r.stdout, "\x1b") {
		t.Errorf("%d lines:\n%s", len(lines), r.stdout)
	}
	for _, line := range lines {
		if len(line) > 80 {
			t.Errorf("a line of %d characters: %q", len(line), line)
		}
	}
}

// TestDigitsWeights draws the first layer of a network.
func TestDigitsWeights(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	p.run("digits", "-model="+m, "-o=w.png", "-count=5").is(0, "wrote w.png\n")
	if w, h, grey := greys(t, contents(t, p.path("w.png"))); w != 5*88+4 || h != 2*88+4 || grey(4, 4) == 0 {
		t.Errorf("a sheet of %d×%d for 8 units in rows of 5", w, h)
	}
}

// TestDigitsFaults checks the errors of digits.
func TestDigitsFaults(t *testing.T) {
	p := at(t)
	p.run("digits", "-data=moons").is(1, "moons (built in) has rows of numbers, not images")
	p.run("digits", "-data=nowhere").is(1, "nowhere: "+ostest.NoFile)
	p.run("digits", "-data="+smallData(t), "-o="+p.path("no/such/sheet.png")).is(1, filepath.FromSlash("no/such/sheet.png")+": cannot save: ", ostest.NoDirectory+"; create the directory first")
	p.run("digits", "-model=nothing").is(1, "nothing")
	p.run("digits", "-data="+smallData(t), "-pad=27x27").is(1, ": images of 28x28 cannot be padded to 27x27; -pad must be at least 28x28\n")
	p.run("digits", "-data=moons", "-pad=30x30").is(1, "moons (built in) has rows of numbers; only images can be padded or resized; omit -pad or -resize\n")
	p.run("train", "-backend=cpu", "-data=moons", "-hidden=3", "-epochs=1", "-save=m").is(0)
	p.run("digits", "-model=m").is(1, "m: the network takes rows of numbers; its weights make no images")
}
