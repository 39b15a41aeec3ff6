package dataset

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/ostest"
	"shadegrad/internal/toy"
)

func TestToys(t *testing.T) {
	sizes := map[string][3]int{"xor": {4, 4, 2}, "halfplane": {100, 1000, 2}, "spiral": {600, 1500, 3}, "moons": {400, 1000, 2}}
	for name, want := range sizes {
		d, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		test, err := Form{}.OpenTest(name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.Train.Values, again.Train.Values) || !slices.Equal(d.Test.Values, test.Test.Values) || test.Train.Len() != 0 {
			t.Errorf("%s is not the same each time", name)
		}
		if got := [3]int{d.Train.Len(), d.Test.Len(), d.Train.Classes}; got != want || !strings.HasSuffix(d.Name, "(built in)") {
			t.Errorf("%s: %s has %v, want %v", name, d.Name, got, want)
		}
		for _, s := range []*Set{&d.Train, &d.Test} {
			var count [3]int
			for i, label := range s.Labels {
				count[label]++
				x, y := float64(s.Values[2*i]), float64(s.Values[2*i+1])
				var right bool
				switch name {
				case "xor":
					right = (x != y) == (label == 1) && (x == 0 || x == 1) && (y == 0 || y == 1)
				case "halfplane":
					right = (x+y > 0) == (label == 1)
				case "spiral": // the angle is within 5 deviations
					r := math.Hypot(x, y)
					off := math.Remainder(math.Atan2(x, y)-2*math.Pi*float64(label)/3-4*r, 2*math.Pi)
					right = r < 1 && math.Abs(off) < 1
				case "moons": // the distance from the circle is within 5 deviations
					if label == 1 {
						x, y = 1-x, 0.5-y
					}
					right = math.Abs(math.Hypot(x, y)-1) < 0.5 && y > -0.5
				}
				if !right {
					t.Errorf("%s: sample %d is %v, %v of class %d", name, i, x, y, label)
				}
			}
			if s.Width != 2 || s.Height != 1 || s.Images != nil || len(s.Values) != 2*s.Len() || slices.Min(count[:s.Classes]) < s.Len()/s.Classes*2/3 {
				t.Errorf("%s: %dx%d, classes %v", name, s.Width, s.Height, count)
			}
		}
		if name != "xor" && slices.Equal(d.Train.Values[:8], d.Test.Values[:8]) {
			t.Errorf("%s: the test set is the training set", name)
		}
		if err := d.Test.CheckLabels(1); err == nil || !strings.Contains(err.Error(), d.Name+": sample ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	xor, err := Open("xor")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(xor.Train.Values, []float32{0, 0, 0, 1, 1, 0, 1, 1}) || !bytes.Equal(xor.Train.Labels, []byte{0, 1, 1, 0}) {
		t.Errorf("XOR is %+v", xor.Train)
	}
}

// TestBuiltInNames checks that the name of a built-in data set takes precedence over a
// directory of the same name, which ./NAME opens.
func TestBuiltInNames(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("train.csv", []byte(table4), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"xor", "mnist"} {
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(name, "data.csv"), []byte(table4), 0o644); err != nil {
			t.Fatal(err)
		}
		if d, err := Open(name); err != nil || !strings.HasSuffix(d.Name, "(built in)") || !IsBuiltIn(name) {
			t.Errorf("%s: %+v, error %v", name, d, err)
		}
		if d, err := Open("./" + name); err != nil || d.Train.Len() != 2 || IsBuiltIn("./"+name) {
			t.Errorf("./%s: %+v, error %v", name, d, err)
		}
	}
	if d, err := Open("train.csv"); err != nil || d.Name != "train.csv" || !strings.Contains(d.Note, "; train.csv has no test part") {
		t.Errorf("train.csv: %+v, error %v", d, err)
	}
	if _, err := os.Stat("XOR"); err == nil {
		t.Skip("the file system does not distinguish XOR from xor")
	}
	if _, err := Open("XOR"); err == nil || err.Error() != "XOR: "+ostest.NoFile+"; built in are "+builtInNames {
		t.Errorf("XOR: error %v", err)
	}
}

// TestNoSuchData checks that the error of a mistyped name lists the built-in data sets.
func TestNoSuchData(t *testing.T) {
	if _, err := Open("mnst"); err == nil || err.Error() != "mnst: "+ostest.NoFile+"; built in are "+builtInNames {
		t.Errorf("error %v", err)
	}
	for name := range toy.Sets {
		if !strings.Contains(builtInNames, name) {
			t.Errorf("%s is not among %s", name, builtInNames)
		}
	}
	for _, name := range strings.Split(strings.ReplaceAll(builtInNames, " and ", ", "), ", ") {
		if !IsBuiltIn(name) {
			t.Errorf("%s is not built in", name)
		}
	}
}
