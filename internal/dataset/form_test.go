package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFormStandardizes checks that the scale is computed from the training rows, without those
// held out for validation.
func TestFormStandardizes(t *testing.T) {
	dir := write(t, map[string][]byte{
		"train.csv": []byte("label,a\n0,0.5\n1,1.5\n0,2.5\n1,1000.5\n"), "test.csv": []byte("label,a\n0,1.5\n"),
	})
	d, err := Form{Standardize: true, Limit: 3}.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.Scale; s == nil || s.Mean[0] != 1.5 || d.Train.Len() != 3 || d.Train.Values[1] != 0 || d.Test.Values[0] != 0 {
		t.Errorf("the first 3: by %+v, %v and %v", d.Scale, d.Train.Values, d.Test.Values)
	}
	for seed := range uint64(9) {
		for _, limit := range []int{0, 2} {
			raw, err := Form{Limit: limit}.OpenSplit(dir, 1, seed)
			if err != nil {
				t.Fatal(err)
			}
			mean := 0.0
			for _, v := range raw.Train.Values {
				mean += float64(v) / float64(raw.Train.Len())
			}
			d, err := Form{Standardize: true, Limit: limit}.OpenSplit(dir, 1, seed)
			if err != nil {
				t.Fatal(err)
			}
			s := d.Scale
			if s == nil || s.Mean[0]-mean > 1e-9 || mean-s.Mean[0] > 1e-9 || d.Train.Len() != raw.Train.Len() {
				t.Errorf("seed %d, limit %d: by %+v, of rows with mean %g", seed, limit, s, mean)
				continue
			}
			// The other parts are changed by the same figures.
			want := slices.Concat(slices.Clone(raw.Validation.Values), raw.Test.Values)
			if err := s.Apply(want); err != nil {
				t.Fatal(err)
			}
			if got := slices.Concat(d.Validation.Values, d.Test.Values); !slices.Equal(got, want) {
				t.Errorf("seed %d, limit %d: others %v, want %v", seed, limit, got, want)
			}
			// The Form that is saved with a network must give the same data.
			again, err := Form{Standardize: true, Limit: limit, Scale: s}.OpenTest(dir)
			if err != nil || !slices.Equal(again.Test.Values, d.Test.Values) {
				t.Errorf("seed %d, limit %d: the test part alone: %+v, error %v", seed, limit, again, err)
			}
		}
	}
	if _, err := (Form{}).OpenSplit(dir, 4, 1); err == nil || !strings.HasSuffix(err.Error(), ": 4 samples for validation: expected 0 to 3, since 4 are there and one must be left for training") {
		t.Errorf("all for validation: error %v", err)
	}
}

// TestShorten checks the samples that a limit keeps: some of each class if the samples are ordered by class, otherwise
// the first ones, as for MNIST.
func TestShorten(t *testing.T) {
	for _, c := range []struct {
		labels string
		limit  int
		want   string // labels
		name   string
	}{
		{"aaaaaaaaaabbbbbbbbbb", 5, "aaabb", ", the first of each class, 5 in all"},
		{"bbbbbbbbbbaaaaaaaaaa", 5, "bbbaa", ", the first of each class, 5 in all"},
		{"aaaaaaaaabbbbbbc", 8, "aaaabbbc", ", the first of each class, 8 in all"},
		{"aaaaaaaaabbbbbbc", 3, "abc", ", the first of each class, 3 in all"},
		{"aaabbbcccddd", 2, "ab", ", the first of each class, 2 in all"},
		{"aaabbbcccddd", 11, "aaabbbcccdd", ", the first of each class, 11 in all"},
		{"eacbd", 3, "eac", ", the first of each class, 3 in all"},
		{"aaaabbbba", 5, "aaaab", ", the first 5"}, // mixed, if only by one
		{"aaaa", 3, "aaa", ", the first 3"},
		{"aabb", 4, "aabb", ""},
		{"aabb", 0, "aabb", ""},
	} {
		d := &Data{Train: Set{Width: 1, Height: 1, Classes: 128, Labels: []byte(c.labels)}}
		for i := range c.labels {
			d.Train.Images = append(d.Train.Images, byte(i))
		}
		Form{Limit: c.limit}.Shorten(d)
		if string(d.Train.Labels) != c.want || d.Name != c.name {
			t.Errorf("%s, %d: %s%s, want %s%s", c.labels, c.limit, d.Train.Labels, d.Name, c.want, c.name)
		}
		// Each class's samples are its first ones, and all are in the order that they had.
		taken := map[byte]int{}
		for i, label := range d.Train.Labels {
			number := int(d.Train.Images[i])
			if c.labels[number] != label || strings.Count(c.labels[:number], string(label)) != taken[label] || i > 0 && number <= int(d.Train.Images[i-1]) {
				t.Errorf("%s, %d: images %v of the labels %s", c.labels, c.limit, d.Train.Images, d.Train.Labels)
				break
			}
			taken[label]++
		}
	}
	// Targets are not classes.
	d := &Data{Train: Set{Width: 1, Height: 1, Outputs: 1, Values: []float32{1, 2, 3}, Targets: []float32{4, 5, 6}}}
	if (Form{Limit: 2}).Shorten(d); !slices.Equal(d.Train.Values, []float32{1, 2}) || !slices.Equal(d.Train.Targets, []float32{4, 5}) {
		t.Errorf("numbers: %+v", d.Train)
	}
	whole, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	short, err := Form{Limit: 20}.Open("")
	if err != nil || !slices.Equal(short.Train.Images, whole.Train.Images[:20*28*28]) || !slices.Equal(short.Train.Labels, whole.Train.Labels[:20]) {
		t.Errorf("MNIST: %d images with the labels %v, error %v", short.Train.Len(), short.Train.Labels, err)
	}
}

// TestFormNotesMissing checks the note on classes without a training sample.
func TestFormNotesMissing(t *testing.T) {
	five := "0,0.5\n1,1.5\n2,2.5\n3,0.5\n4,1.5\n"
	many := strings.Builder{}
	for class := range 30 {
		many.WriteString(strings.ReplaceAll("C,0.5\nC,1.5\nC,2.5\n", "C", fmt.Sprint(class)))
	}
	images := map[string][]byte{}
	for i := range 10 {
		for _, class := range []string{"cat", "dog"} {
			images[fmt.Sprintf("%s/%d.png", class, i)] = greyPNG(t, 1, 1, byte(i))
		}
	}
	pictures := writeTree(t, images)
	dir := write(t, map[string][]byte{"five.csv": []byte(five), "many.csv": []byte(many.String())})
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		where      string
		limit      int
		validation int
		want       string // what the note ends with
	}{
		{in("five.csv"), 0, 0, "are held out as one; the training set has no sample of class 0"},
		{in("five.csv"), 0, 1, "; the training set has no sample of 2 of the 5 classes: 0, 1"},
		{in("five.csv"), 1, 1, "; the training set has no sample of 4 of the 5 classes: 0, 1, 3, 4"},
		{in("many.csv"), 0, 0, "are held out as one"},
		{in("many.csv"), 0, 18, "are held out as one"},
		{in("many.csv"), 7, 1, "; the training set has no sample of 23 of the 30 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …"},
		{pictures, 2, 4, "are held out as one"},
		{pictures, 1, 4, `; the training set has no sample of class "dog"`},
		{"", 0, 0, ""},
		{"", 3, 0, "the training set has no sample of 7 of the 10 classes: 1, 2, 3, 6, 7, 8, 9"},
		{"xor", 1, 0, "the training set has no sample of class 1"},
	} {
		d, err := Form{Limit: c.limit}.OpenSplit(c.where, float64(c.validation), 1)
		if err != nil {
			t.Errorf("%s: %v", c.where, err)
			continue
		}
		if !strings.HasSuffix(d.Note, c.want) || c.want == "" && d.Note != "" {
			t.Errorf("%s, limit %d, %d held out: note %q, want …%q", c.where, c.limit, c.validation, d.Note, c.want)
		}
	}
}
