package cli

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
)

// TestPredict classifies the example pictures.
func TestPredict(t *testing.T) {
	p, model := at(t), goodModel(t)
	for file, digit := range map[string]string{"seven.png": "7", "three.png": "3", "two.jpg": "2"} {
		path := repository(t, "testdata/digits/"+file)
		r := p.run("predict", "-model="+model, path).is(0)
		lines := strings.Split(strings.TrimRight(r.stdout, "\n"), "\n")
		if lines[0] != path+", as the network sees it (28×28):" {
			t.Errorf("%s: the first line is %q", file, lines[0])
		}
		if verdict := lines[len(lines)-1]; !regexp.MustCompile(`^it is a ` + digit + `: ` + digit + ` with [\d.]+%, \d with [<\d.]+%, \d with [<\d.]+%$`).MatchString(verdict) {
			t.Errorf("%s: the last line is %q", file, verdict)
		}
		if n := len(lines) - 2; n < 14 || strings.Contains(r.stdout, "\x1b") || r.stderr != "" {
			t.Errorf("%s: a picture of %d lines:\n%s%s", file, n, r.stdout, r.stderr)
		}
	}
}

// TestPredictSeveral checks that an image that cannot be read does not stop the others.
func TestPredictSeveral(t *testing.T) {
	p, model := at(t), goodModel(t)
	blank := image.NewGray(image.Rect(0, 0, 50, 50))
	var b bytes.Buffer
	if err := png.Encode(&b, blank); err != nil {
		t.Fatal(err)
	}
	put(t, p.path("blank.png"), b.Bytes())
	put(t, p.path("cut.png"), b.Bytes()[:len(b.Bytes())/2])
	put(t, p.path("text.png"), []byte("not an image"))
	seven, two := repository(t, "testdata/digits/seven.png"), repository(t, "testdata/digits/two.jpg")
	r := p.run("predict", "-model="+model, "gone.png", seven, "blank.png", "text.png", two, "cut.png", ".").is(1,
		"shadegrad: gone.png: no such file or directory\n",
		"shadegrad: blank.png: no digit is visible: the picture is blank, or its contrast too low\n",
		"shadegrad: text.png: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found a file of 12 bytes that begins with \"not an i\"\n",
		"shadegrad: cut.png: ",
		"shadegrad: .: expected a picture, found a directory")
	if strings.Count(r.stdout, "it is a 7: ") != 1 || strings.Count(r.stdout, "it is a 2: ") != 1 || strings.Count(r.stdout, "as the network sees it") != 2 {
		t.Errorf("stdout:\n%s", r.stdout)
	}
}

// TestPredictPadded classifies with a network whose images were padded: the digit gets their size and
// the same frame.
func TestPredictPadded(t *testing.T) {
	p := at(t)
	path := smallModel(t, p, "-pad=40x30")
	three := repository(t, "testdata/digits/three.png")
	shown := p.run("predict", "-model="+path, three).is(0).stdout
	m, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := picture.Load(three)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := digit.Prepare(img, 28, 28)
	if err != nil {
		t.Fatal(err)
	}
	var drawn bytes.Buffer
	list, err := prepare(m, img)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d images, %v", len(list), err)
	}
	padded := list[0]
	if err := errors.Join(err, digit.Render(&drawn, padded, 40, 30, false)); err != nil || !strings.Contains(shown, "(40×30):\n"+drawn.String()) {
		t.Errorf("%v; shown is\n%s\nand not\n%s", err, shown, &drawn)
	}
	if err != nil || len(padded) != 40*30 {
		t.Fatalf("%d pixels, %v", len(padded), err)
	}
	for i, v := range padded {
		x, y := i%40-6, i/40-1
		want := byte(0)
		if x >= 0 && x < 28 && y >= 0 && y < 28 {
			want = plain[28*y+x]
		}
		if v != want {
			t.Fatalf("pixel (%d,%d) of the digit is %d, not %d", x, y, v, want)
		}
	}
}
