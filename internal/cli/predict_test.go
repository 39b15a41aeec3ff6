package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/ostest"
	"shadegrad/internal/picture"
	"shadegrad/internal/predict"
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
	r := p.run("predict", "-model="+model, "gone.png", seven, "blank.png", "text.png", two, "cut.png").is(1,
		"shadegrad: gone.png: "+ostest.NoFile+"\n",
		"shadegrad: blank.png: no digit is visible: the picture is blank, or its contrast too low\n",
		"shadegrad: text.png: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found a file of 12 bytes that begins with \"not an i\"\n",
		"shadegrad: cut.png: ")
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
	list, err := predict.Prepare(m, img)
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

// TestPredictDirectory predicts the pictures of a directory, with a class for each that can be read.
func TestPredictDirectory(t *testing.T) {
	p, network := at(t), goodModel(t)
	if err := os.MkdirAll(p.path("in/b"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"b/10.png": "seven.png", "b/2.jpg": "two.jpg", "a.png": "three.png"} {
		put(t, p.path("in/"+name), contents(t, repository(t, "testdata/digits/"+from)))
	}
	put(t, p.path("in/b/3.png"), []byte("not an image"))
	put(t, p.path("in/notes.txt"), []byte("not a picture"))
	put(t, p.path("in/two.png"), contents(t, repository(t, "testdata/cases/ask/2_digits_42.png")))
	r := p.run("predict", "-model="+network, "-o=out.csv", "in").is(1, filepath.FromSlash("shadegrad: in/b/3.png")+": expected a PNG", "wrote 3 predictions to out.csv",
		filepath.FromSlash("in/two.png")+": 2 digits: 4 2; a file of predictions has one for each picture")
	if got := string(contents(t, p.path("out.csv"))); got != "file,Label\na.png,3\nb/2.jpg,2\nb/10.png,7\n" || r.stdout != "" {
		t.Errorf("out.csv is\n%s\nand stdout %s", got, r.stdout)
	}
	p.run("predict", "-model="+network, "in/two.png").is(0).says("digit 1 of 2, as the network sees it", "\n2 digits: 4 2\n")
}

// TestPredictFileKept checks that a file of something else, or of a directory that does not exist, is not written.
func TestPredictFileKept(t *testing.T) {
	p, seven := at(t), repository(t, "testdata/digits/seven.png")
	put(t, p.path("mine.csv"), []byte("name,amount\nrent,700\n"))
	p.run("predict", "-model="+goodModel(t), "-o=mine.csv", seven).is(1, "mine.csv: the file exists and does not have predictions; name another file")
	for _, file := range []string{"a.csv", "a.csv", "a.json", "a.json"} { // a file of predictions is replaced
		p.run("predict", "-model="+goodModel(t), "-proba", "-o="+file, seven).is(0)
	}
	if got := string(contents(t, p.path("a.csv"))); !strings.HasPrefix(got, "file,Label,0,1,2,3,4,5,6,7,8,9\n") || !strings.Contains(got, "seven.png,7,") {
		t.Errorf("a.csv is\n%s", got)
	}
	var list []struct {
		Name, Label string
		Classes     map[string]float64
	}
	if err := json.Unmarshal(contents(t, p.path("a.json")), &list); err != nil || len(list) != 1 || list[0].Label != "7" || list[0].Classes["7"] < 0.9 {
		t.Errorf("a.json: %+v, error %v", list, err)
	}
	p.run("predict", "-model="+goodModel(t), "-o=none/a.csv", seven).is(1, "none")
}

// TestPredictTable predicts the rows of tables with and without labels, ids and names.
func TestPredictTable(t *testing.T) {
	p := at(t)
	train := "id,a,b,class\n"
	for i := range 40 {
		train += fmt.Sprintf("%d,%d.5,%d,%s\n", 100+i, i%2, 1-i%2, []string{"off", "on"}[i%2])
	}
	put(t, p.path("train.csv"), []byte(train))
	p.run("train", "-backend=cpu", "-data=train.csv", "-epochs=60", "-hidden=8", "-save=m").is(0)
	for name, c := range map[string]struct{ table, want string }{
		"named, in another order": {"b,a\n0,1.5\n1,0.5\n", "ImageId,Label\n1,on\n2,off\n"},
		"with labels and ids":     {"id,a,b,class\n7,1.5,0,on\n9,0.5,1,off\n8,0.5,1,off\n", "id,Label\n7,on\n9,off\n8,off\n"},
		"without names":           {"1.5,0\n0.5,1\n", "ImageId,Label\n1,on\n2,off\n"},
		"with more columns":       {"a,c,b\n1.5,7,0\n0.5,7,1\n", "ImageId,Label\n1,on\n2,off\n"},
		"semicolons":              {"a;b\n1,5;0\n0,5;1\n", "ImageId,Label\n1,on\n2,off\n"},
		"one row, without names":  {"1.5,0\n", "ImageId,Label\n1,on\n"},
		"labels last, as learned": {"1.5,0,on\n0.5,1,off\n", "ImageId,Label\n1,on\n2,off\n"},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, p.path("in.csv"), []byte(c.table))
			p.run("predict", "-model=m", "-o=out.csv", "in.csv").is(0)
			if got := string(contents(t, p.path("out.csv"))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
