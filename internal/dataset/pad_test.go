package dataset

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPad(t *testing.T) {
	for size, want := range map[[2]int][]byte{
		{2, 2}: {1, 2, 3, 4},
		{3, 3}: {1, 2, 0, 3, 4, 0, 0, 0, 0},
		{4, 4}: {0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0},
		{2, 3}: {1, 2, 3, 4, 0, 0},
		{5, 2}: {0, 1, 2, 0, 0, 0, 3, 4, 0, 0},
	} {
		before := []byte{9, 9, 9, 9, 1, 2, 3, 4}
		d := &Data{Name: "d", Train: Set{Images: before, Labels: []byte{1, 0}, Width: 2, Height: 2, Classes: 2},
			Validation: Set{Images: []byte{1, 2, 3, 4}, Labels: []byte{0}, Width: 2, Height: 2, Classes: 2}}
		d.Test = d.Validation
		if err := d.Pad(size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, []byte{9, 9, 9, 9, 1, 2, 3, 4}) {
			t.Error("Pad changed the original array")
		}
		if d.Unpadded != (Size{2, 2}) {
			t.Errorf("%v: Unpadded is %v", size, d.Unpadded)
		}
		for _, image := range [][]byte{d.Train.Image(1), d.Validation.Image(0), d.Test.Image(0)} {
			if !bytes.Equal(image, want) || d.Train.Width != size[0] || d.Train.Height != size[1] || d.Train.Classes != 2 {
				t.Errorf("%v: got %v, want %v", size, image, want)
			}
		}
	}
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	before := d.Test
	if err := d.Pad(29, 29); err != nil {
		t.Fatal(err)
	}
	for i := range before.Len() {
		for y := range 29 {
			row := d.Test.Image(i)[29*y : 29*y+29]
			if y == 28 && slices.Max(row) > 0 || y < 28 && (row[28] > 0 || !bytes.Equal(row[:28], before.Image(i)[28*y:28*y+28])) {
				t.Fatalf("image %d: row %d is %v", i, y, row)
			}
		}
	}
	if d.Train.Features() != 841 || len(d.Train.Images) != 841*60_000 {
		t.Errorf("%d features, %d bytes", d.Train.Features(), len(d.Train.Images))
	}
}

func TestPadFaults(t *testing.T) {
	d := &Data{Name: "d", Test: Set{Images: make([]byte, 12), Labels: []byte{1, 0}, Width: 3, Height: 2}}
	for _, c := range []struct {
		w, h int
		want string
	}{
		{2, 2, "d: images of 3x2 cannot be padded to 2x2"},
		{3, 1, "d: images of 3x2 cannot be padded to 3x1"},
		{-3, -3, "d: images of 3x2 cannot be padded to -3x-3"},
		{math.MaxInt, math.MaxInt, "more bytes than this program can address; pad to a smaller size"},
		{1 << 20, 1 << 42, "more bytes than this program can address"},
		{1 << 25, 1 << 25, "d: 2 images of 33554432x33554432: "},
	} {
		if err := d.Pad(c.w, c.h); err == nil || !strings.Contains(err.Error(), c.want) || d.Test.Width != 3 {
			t.Errorf("%dx%d: error %v, want %s", c.w, c.h, err, c.want)
		}
	}
	xor, err := Open("xor")
	if err != nil {
		t.Fatal(err)
	}
	if err := xor.Pad(3, 3); err == nil || err.Error() != "XOR (built in) has rows of numbers; only images can be padded or resized" {
		t.Errorf("numbers: error %v", err)
	}
}

func TestStandardize(t *testing.T) {
	text := "label,a,b,c\n0,1,7,1000000\n1,3,7,1000002\n0,5,7,1000004\n"
	files := map[string]string{"train.csv": text, "test.csv": "label,a,b,c\n1,7,8,1000002\n"}
	data, dir, err := opened(t, files, "", Form{Standardize: true})
	if err != nil {
		t.Fatal(err)
	}
	// The deviation of 1, 3, 5 is √(8/3).
	σ := math.Sqrt(8. / 3)
	want := []float64{-2 / σ, 0, -2 / σ, 0, 0, 0, 2 / σ, 0, 2 / σ}
	wantTest := []float64{4 / σ, 1, 0}
	near := func(got []float32, want []float64) bool {
		for i, v := range got {
			if math.Abs(float64(v)-want[i]) > 1e-7*math.Abs(want[i]) {
				return false
			}
		}
		return len(got) == len(want)
	}
	if !near(data.Train.Values, want) || !near(data.Test.Values, wantTest) || data.Train.Images != nil {
		t.Errorf("got %v and %v", data.Train.Values, data.Test.Values)
	}
	// The test part alone is changed by the same figures.
	test, err := Form{Standardize: true}.OpenTest(dir)
	if err != nil || !near(test.Test.Values, wantTest) || test.Train.Len() != 0 {
		t.Errorf("the test part alone: %+v, error %v", test, err)
	}
	// Another file is changed by the figures of the first one, even without a training part.
	if s := data.Scale; s == nil || s.Mean[0] != 3 || s.Mean[2] != 1000002 || s.Deviation[1] != 1 || math.Abs(s.Deviation[0]-σ) > 1e-15 {
		t.Errorf("standardised by %+v", s)
	}
	only := t.TempDir()
	if err := os.WriteFile(filepath.Join(only, "test.csv"), []byte("label,a,b,c\n1,7,8,1000002\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	other, err := Form{Standardize: true, Scale: data.Scale}.OpenTest(only)
	if err != nil || !near(other.Test.Values, wantTest) || other.Scale != data.Scale {
		t.Errorf("another file: %+v, error %v", other, err)
	}
	for want, s := range map[string]*Scale{
		"has rows of 3 numbers, the scale is for rows of 1":    {[]float64{1}, []float64{1}},
		"3 means and 1 deviations, for rows of 3 numbers":      {[]float64{1, 2, 3}, []float64{1}},
		"test.csv: line 2, column 2: 7 cannot be standardised": {[]float64{1, 2, 3}, []float64{1e-40, 1, 1}},
	} {
		if _, err := (Form{Standardize: true, Scale: s}).OpenTest(only); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %s", s, err, want)
		}
	}
	if _, err := (Form{Standardize: true}).Open(""); err == nil || err.Error() != "MNIST (built in) has images; only rows of numbers are standardised" {
		t.Errorf("images: error %v", err)
	}
	for name, s := range map[string]string{"small deviation": "label,a,b\n0,0,1\n1,1e-40,2\n", "far": "label,a,b\n0,0,1\n1,1e-30,2\n"} {
		_, dir, err := opened(t, map[string]string{"train.csv": s, "test.csv": "label,a,b\n0,3e38,1\n"}, "", Form{Standardize: true})
		if err == nil || !strings.HasPrefix(inDIR(err.Error(), dir), "DIR/test.csv: line 2, column 2: 3e+38 cannot be standardised: mean ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestStandardizePlaces checks that the error about a number that cannot be standardised names its place in the file,
// wherever the row was moved and wherever labels and targets are.
func TestStandardizePlaces(t *testing.T) {
	for _, c := range []struct {
		header, format string // of a row, with two features and the label
		o              Form
		column         int
	}{
		{"", "%[3]d,%[1]v,%[2]v\n", Form{}, 3},
		{"a,label,b\n", "%[1]v,%[3]d,%[2]v\n", Form{}, 3},
		{"a,b,label\n", "%[1]v,%[2]v,%[3]d\n", Form{}, 2},
		{"a,b,y,z\n", "%[1]v,%[2]v,1.5,%[3]d\n", Form{Targets: Columns{Count: 2}}, 2},
		{"y,z,a,b\n", "%[3]d,1.5,%[1]v,%[2]v\n", Form{Targets: Columns{2, true}}, 4},
	} {
		const n = 50
		scale := &Scale{[]float64{0, 0}, []float64{1, 1e-9}}
		for _, bad := range []int{0, 7, 49} {
			text := c.header
			for i := range n {
				second := 0.5
				if i == bad {
					second = 3e38
				}
				text += fmt.Sprintf(c.format, i, second, i%2)
			}
			want := fmt.Sprintf("DIR/a.csv: line %d, column %d: 3e+38 cannot be standardised: mean 0 and deviation 1e-09 ", bad+1+strings.Count(c.header, "\n"), c.column)
			dir := write(t, map[string][]byte{"a.csv": []byte(text)})
			form := Form{Targets: c.o.Targets, Standardize: true, Scale: scale}
			for _, validation := range []int{0, 20} {
				if _, err := form.OpenSplit(dir, float64(validation), 1); err == nil || !strings.HasPrefix(inDIR(err.Error(), dir), want) {
					t.Errorf("%d of %d for validation: error %v, want %s", validation, n, err, want)
				}
			}
		}
	}
	// A value that is in no file is named by its feature.
	const want = "moons (built in): feature 1: "
	if _, err := (Form{Standardize: true, Scale: &Scale{[]float64{0, 0}, []float64{1e-45, 1}}}).Open("moons"); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestIDXSizes writes and reads IDX files with images of every size.
func TestIDXSizes(t *testing.T) {
	for _, size := range [][2]uint32{{29, 29}, {1, 7}, {7, 1}, {32, 32}, {1, 1}, {3, 500}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			w, h := size[0], size[1]
			pixels := make([]byte, 3*w*h)
			for i := range pixels {
				pixels[i] = byte(i * 7)
			}
			n := int(w * h)
			d, err := Open(write(t, map[string][]byte{
				"train-images-idx3-ubyte": images(2, h, w, pixels[:2*n]...), "train-labels-idx1-ubyte": labels(1, 255),
				"t10k-images-idx3-ubyte": deflated(t, images(1, h, w, pixels[2*n:]...), 9), "t10k-labels-idx1-ubyte": labels(0),
			}))
			if err != nil {
				t.Fatal(err)
			}
			if d.Train.Width != int(w) || d.Train.Height != int(h) || d.Train.Features() != n || d.Train.Classes != 256 ||
				!bytes.Equal(d.Train.Image(1), pixels[n:2*n]) || !bytes.Equal(d.Test.Image(0), pixels[2*n:]) {
				t.Errorf("got %+v", d)
			}
		})
	}
}
