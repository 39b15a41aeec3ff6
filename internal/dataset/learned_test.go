package dataset

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMatchClasses(t *testing.T) {
	for _, c := range []struct {
		learned, names []string // separated from labels
		labels, want   []byte
		err            string
	}{
		{nil, nil, []byte{0, 9}, []byte{0, 9}, ""},
		{nil, []string{"3", "07"}, []byte{0, 1, 0}, []byte{3, 7, 3}, ""},
		{nil, []string{"a", "b"}, []byte{0, 1}, nil, "the network's classes are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; data has a, b, which it did not learn"},
		{[]string{"3", "7"}, nil, []byte{7, 3}, []byte{1, 0}, ""},
		{[]string{"3", "7"}, nil, []byte{7, 8}, nil, "the network's classes are 3, 7; data has 8, which it did not learn"},
		{[]string{"a", "A", "b"}, []string{"A", "B"}, []byte{0, 1}, []byte{1, 2}, ""},
		{[]string{"a", "A"}, []string{"ä", "a"}, []byte{1, 1}, []byte{0, 0}, ""}, // a class without samples does not matter
	} {
		d := &Data{Name: "data", ClassNames: c.names, Test: Set{Labels: slices.Clone(c.labels)}}
		err := d.MatchClasses(&Learned{Classes: c.learned}, 10)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q, %q: error %v, want %q", c.learned, c.names, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(d.Test.Labels, c.want) {
			t.Errorf("%q, %q: labels %v, error %v, want %v", c.learned, c.names, d.Test.Labels, err, c.want)
		}
	}
	if got := someNames(strings.Split("a b c d e f g h i j k l", " ")); got != "a, b, c, d, e, f, g, h, i, j, … (12)" {
		t.Errorf("twelve names are %q", got)
	}
}

// TestLearnedWhite reads pixels from 0 to 1 for a network that has learned pixels from 0 to 16.
func TestLearnedWhite(t *testing.T) {
	table := func(white float64) string {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprint(&b, i%2)
			for j := range 64 {
				fmt.Fprintf(&b, ",%g", float64((i*j)%17)/16*white)
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	dir := write(t, map[string][]byte{"a.csv": []byte(table(16)), "b.csv": []byte(table(1))})
	want, err := Open(filepath.Join(dir, "a.csv"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Form{Learned: &Learned{Look: want.Look}}.Open(filepath.Join(dir, "b.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if want.Look.White != 16 || !bytes.Equal(got.Train.Images, want.Train.Images) {
		t.Errorf("white %g: the images differ", want.Look.White)
	}
}
