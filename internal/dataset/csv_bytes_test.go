package dataset

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inDIR writes DIR for a directory.
func inDIR(text, dir string) string {
	return strings.ReplaceAll(filepath.ToSlash(text), filepath.ToSlash(dir), "DIR")
}

// withCell is a table of rows with a cell replaced; line and column count from 1.
func withCell(n, features, line, column int, cell string) string {
	lines := strings.Split(string(rows(n, features)), "\n")
	cells := strings.Split(lines[line-1], ",")
	cells[column-1] = cell
	lines[line-1] = strings.Join(cells, ",")
	return strings.Join(lines, "\n")
}

// In an image a number that is not a byte is an error, in either part.
func TestCSVPixels(t *testing.T) {
	const n, remedy = 60, "; if these are not images, -standardise reads them as rows of numbers"
	good, digits := string(rows(n, 784)), string(rows(n, 64))
	names := "label" + strings.Repeat(",pixel", 784) + "\n"
	for _, c := range []struct {
		name, train, test string
		want              string
	}{
		{"too large", withCell(n, 784, 41, 101, "256"), good, "train.csv: line 41, column 101: expected a pixel, a whole number from 0 to 255, found 256"},
		{"below 0", withCell(n, 784, 2, 2, "-1"), good, "train.csv: line 2, column 2: expected a pixel, a whole number from 0 to 255, found -1"},
		{"not whole", withCell(n, 784, n, 785, "12.5"), good, "train.csv: line 60, column 785: expected a pixel, a whole number from 0 to 255, found 12.5"},
		{"with names", names + withCell(n, 784, 41, 101, "256"), good, "train.csv: line 42, column 101: expected a pixel, a whole number from 0 to 255, found 256"},
		{"8x8", withCell(n, 64, 9, 9, "1e3"), digits, "train.csv: line 9, column 9: expected a pixel, a whole number from 0 to 255, found 1e3"},
		{"quoted", withCell(n, 64, 9, 9, `"300"`), digits, "train.csv: line 9, column 9: expected a pixel, a whole number from 0 to 255, found 300"},
		{"long", withCell(n, 64, 9, 9, strings.Repeat("9", 36)), digits, "train.csv: line 9, column 9: expected a pixel, a whole number from 0 to 255, found " +
			strings.Repeat("9", 30) + " and more"},
		{"in the test part", good, withCell(n, 784, 7, 8, "0.5"), "test.csv: line 7, column 8: expected a pixel, a whole number from 0 to 255, found 0.5"},
		{"first in the test part", good, withCell(n, 784, 1, 8, "0.5"), "test.csv: line 1, column 8: expected a pixel, a whole number from 0 to 255, found 0.5"},
		{"the first of two", withCell(50, 64, 50, 2, "256") + withCell(50, 64, 1, 2, "257"), digits,
			"train.csv: line 50, column 2: expected a pixel, a whole number from 0 to 255, found 256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, dir, err := opened(t, map[string]string{"train.csv": c.train, "test.csv": c.test}, "", Form{})
			if want := "DIR/" + c.want + remedy; err == nil || inDIR(err.Error(), dir) != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	// In the first of many bad lines.
	many := strings.Repeat(withCell(50, 784, 50, 785, "999"), 30)
	_, dir, err := opened(t, map[string]string{"train.csv": many, "test.csv": good}, "", Form{})
	if err == nil || !strings.HasPrefix(inDIR(err.Error(), dir), "DIR/train.csv: line 50, column 785: ") {
		t.Errorf("got error %v", err)
	}
	// A row that is too short has no bad pixel, but is an error.
	_, _, err = opened(t, map[string]string{"train.csv": digits + "1,999\n", "test.csv": digits}, "", Form{})
	if err == nil || !strings.Contains(err.Error(), "expected 65 columns as in line 1, found 2") {
		t.Errorf("got error %v", err)
	}
}

// Rows are numbers if many are not pixels, if their number is not that of a square image, or if an option says so.
func TestCSVNumbersNotPixels(t *testing.T) {
	bad, bytes := withCell(60, 784, 41, 101, "256"), string(rows(60, 784))
	for name, c := range map[string]struct {
		train string
		o     Form
	}{
		"fractions":                  {strings.ReplaceAll(bytes, ",7,", ",7.5,"), Form{}},
		"standardised":               {bad, Form{Standardize: true}},
		"standardised, without":      {bytes, Form{Standardize: true}},
		"a target":                   {bad, Form{Targets: Columns{Count: 1}}},
		"a target, without":          {bytes, Form{Targets: Columns{Count: 1}}},
		"two targets in front":       {bad, Form{Targets: Columns{2, true}}},
		"asked for":                  {bad, Form{Numbers: true}},
		"asked for, without":         {bytes, Form{Numbers: true}},
		"not so many as in an image": {withCell(60, 49, 41, 31, "256"), Form{}},
		"not a square":               {withCell(60, 72, 41, 31, "256"), Form{}},
	} {
		features := strings.Count(c.train[:strings.IndexByte(c.train, '\n')], ",") + 1 - max(1, c.o.Targets.Count)
		data, _, err := opened(t, map[string]string{"train.csv": c.train, "test.csv": c.train}, "", c.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, s := range []*Set{&data.Train, &data.Test} {
			if s.Images != nil || len(s.Values) != 60*features || s.Width != features || s.Height != 1 {
				t.Errorf("%s: %d numbers in rows of %d", name, len(s.Values), s.Width)
			}
		}
	}
	// The values are those of the file.
	data, _, err := opened(t, map[string]string{"a.csv": "5,0,7\n1,2,8\n3,4,9\n"}, "", Form{Targets: Columns{Count: 1}})
	if err != nil || data.Train.Len() != 2 || data.Test.Len() != 1 || data.Train.Outputs != 1 {
		t.Fatalf("got %+v, error %v", data, err)
	}
	all := slices.Sorted(slices.Values(append(slices.Clone(data.Train.Values), data.Test.Values...)))
	if !slices.Equal(all, []float32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("values %v", all)
	}
}

// The built-in MNIST is the same when it comes as CSV.
func TestCSVIsMNIST(t *testing.T) {
	mnist, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	train, test := mnist.Train.First(300), mnist.Test.First(100)
	table := func(s *Set, header, end string) string {
		var b strings.Builder
		b.WriteString(header)
		for i, label := range s.Labels {
			fmt.Fprint(&b, label)
			for _, v := range s.Image(i) {
				fmt.Fprintf(&b, ",%d", v)
			}
			b.WriteString(end)
		}
		return b.String()
	}
	var pixels, counted, places strings.Builder // the names that such files are published with
	for i := range 784 {
		fmt.Fprintf(&pixels, ",pixel%d", i)
		fmt.Fprintf(&counted, ",%d", i)
		fmt.Fprintf(&places, ",%dx%d", i/28+1, i%28+1)
	}
	for name, header := range map[string]string{
		"without names": "", "pixel0": "label" + pixels.String() + "\n", "0": "label" + counted.String() + "\n", "1x1": "label" + places.String() + "\n",
	} {
		for _, end := range []string{"\n", "\r\n"} {
			a, b := []byte(table(&train, header, end)), []byte(table(&test, header, end))
			for ending, files := range map[string]map[string][]byte{
				"":    {"mnist_train.csv": a, "mnist_test.csv": b},
				".gz": {"mnist_train.csv.gz": deflated(t, a, 9), "mnist_test.csv.gz": deflated(t, b, 9)},
			} {
				data, err := Open(write(t, files))
				if err != nil {
					t.Fatalf("%s%s: %v", name, ending, err)
				}
				for part, pair := range map[string][2]*Set{"training": {&data.Train, &train}, "test": {&data.Test, &test}} {
					got, want := pair[0], pair[1]
					if got.Values != nil || got.Targets != nil || got.Outputs != 0 || got.Width != want.Width || got.Height != want.Height || got.Classes != want.Classes {
						t.Errorf("%s%s: %s part: %dx%d in %d classes, want %dx%d in %d", name, ending, part, got.Width, got.Height, got.Classes, want.Width, want.Height, want.Classes)
					}
					if !bytes.Equal(got.Images, want.Images) || !bytes.Equal(got.Labels, want.Labels) {
						t.Errorf("%s%s: the %s part differs", name, ending, part)
					}
				}
				if data.Note != "" {
					t.Errorf("%s%s: note %q", name, ending, data.Note)
				}
			}
		}
	}
}
