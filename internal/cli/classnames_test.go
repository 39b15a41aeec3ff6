package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// shapes writes a directory of images for each class: class i is a bar at position i.
func shapes(t *testing.T, dir string, classes ...string) {
	t.Helper()
	for i, class := range classes {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
		for n := range 20 {
			img := image.NewGray(image.Rect(0, 0, 8, 8))
			for y := range 8 {
				img.SetGray(1+2*i, y, color.Gray{uint8(155 + 5*n)})
			}
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, class, fmt.Sprintf("%d.png", n)), b.Bytes())
		}
	}
}

// TestClassNames trains on directories of images: the network's file has their names, and eval and
// predict use them. A set without one of the classes is refused, since its numbers would differ.
func TestClassNames(t *testing.T) {
	p := at(t)
	shapes(t, p.path("all"), "ant", "bee", "cow")
	p.run("train", "-backend=cpu", "-data=all", "-hidden=8", "-epochs=40", "-save=m").is(0)
	p.run("eval", "-backend=cpu", "-model=m", "-data=all").is(0).says("  precision  recall\n", "  ant\n", "  bee\n", "  cow\n")
	list := events(t, p.run("eval", "-json", "-backend=cpu", "-model=m", "-data=all").is(0).stdout)
	if text := fmt.Sprint(list[len(list)-1]["classes"]); !strings.Contains(text, "name:ant") || !strings.Contains(text, "name:cow") {
		t.Errorf("classes: %s", text)
	}
	r := p.run("predict", "-model=m", "all/bee/0.png").is(0)
	if !strings.Contains(r.stdout, "\nit is ") || strings.Contains(r.stdout, "it is a ") || strings.Count(r.stdout, "ant with ")+strings.Count(r.stdout, "bee with ") < 2 {
		t.Errorf("predict says\n%s", r.stdout)
	}
	// The classes of other data are found by their names, in any order, and all samples are tested.
	shapes(t, p.path("fewer"), "ant", "Cow")
	p.run("eval", "-backend=cpu", "-model=m", "-data=fewer").is(0, "fewer has no test part: all of its 40 samples are tested").says("20 of 40 test images right")
	p.run("eval", "-backend=cpu", "-model=m", "-data=fewer", "-split=test").is(0).says("4 of 8 test images right")
	p.run("eval", "-backend=cpu", "-model=m", "-data=all", "-split=all").is(0).says("60 of 60 test images right")
	p.run("eval", "-backend=cpu", "-model=m", "-data=all", "-split=train").is(0).says("48 of 48 test images right")
	shapes(t, p.path("others"), "ant", "dog", "eel")
	p.run("eval", "-backend=cpu", "-model=m", "-data=others").is(1,
		"shadegrad: m: the network's classes are ant, bee, cow; others has dog, eel, which it did not learn\n")
}

// TestClassNumbers compares names that are numbers with the numbers of classes.
func TestClassNumbers(t *testing.T) {
	p := at(t)
	shapes(t, p.path("numbers"), "2", "10", "03")
	p.run("train", "-backend=cpu", "-data=numbers", "-hidden=8", "-epochs=1", "-save=m").is(0)
	shapes(t, p.path("fewer"), "3", "10")
	p.run("eval", "-backend=cpu", "-model=m", "-data=fewer").is(0).says(" of 40 test images right")
	p.run("eval", "-backend=cpu", "-model="+smallModel(t, p), "-data="+repository(t, "testdata/cases/pictures/only_3_and_7")).is(0).says(" of 29 test images right")
	p.run("eval", "-backend=cpu", "-model="+smallModel(t, p), "-data="+repository(t, "testdata/cases/pictures/classes_called_by_words")).is(1,
		"the network's classes are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; ", " has eight, five, four, nine, one, seven, six, three, two, zero, which it did not learn\n")
}

// TestOddClassNames checks a class name with an escape code of a terminal, and more names than a
// message lists.
func TestOddClassNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a name must not contain control characters there")
	}
	p := at(t)
	shapes(t, p.path("all"), "ant", "b\x1b[2Je", "two\nlines\tof")
	p.run("train", "-backend=cpu", "-data=all", "-hidden=8", "-epochs=1", "-save=m").is(0)
	for _, r := range []result{p.run("eval", "-backend=cpu", "-model=m", "-data=all"), p.run("predict", "-model=m", "all/ant/0.png")} {
		if r.is(0); strings.Contains(r.stdout, "\x1b") || !strings.Contains(r.stdout, `b\x1b[2Je`) ||
			!strings.Contains(r.stdout, `two\nlines\tof`) {
			t.Errorf("%q", r.stdout)
		}
	}
}

// TestEvalWithoutData evaluates networks of other data than MNIST without -data.
func TestEvalWithoutData(t *testing.T) {
	p := at(t)
	put(t, p.path("sums.csv"), []byte("a,b,sum\n"+strings.Repeat("0.5,1.5,2\n1,3.5,4.5\n", 10)))
	p.run("train", "-backend=cpu", "-data=sums.csv", "-target-columns=1", "-hidden=4", "-epochs=1", "-save=sums").is(0)
	p.run("eval", "-backend=cpu", "-model=sums").is(1, "sums: the network learned ", "sums.csv", "MNIST (built in) has labels; targets are for CSV files; name its data with -data\n")
	p.run("eval", "-backend=cpu", "-model=sums", "-data="+smallData(t)).is(1, "IDX and npz files have labels; targets are for CSV files; name its data with -data\n")
	p.run("train", "-backend=cpu", "-data=moons", "-hidden=4", "-epochs=1", "-save=moons").is(0)
	p.run("eval", "-backend=cpu", "-model=moons").is(1, "moons: the network is for rows of 2 numbers, MNIST (built in) has images of 28×28; name its data with -data\n")
}
