package train

import (
	"testing"

	"shadegrad/internal/dataset"
)

// TestDigestOfNumbers checks that the digest changes with the numbers, the targets and the
// number of samples.
func TestDigestOfNumbers(t *testing.T) {
	base := func() *dataset.Data { return lines(20000, 5) } // more than are hashed at a time
	want := base().Train.Digest()
	if base().Train.Digest() != want {
		t.Fatal("the same set has two digests")
	}
	for name, change := range map[string]func(*dataset.Set){
		"the first number": func(s *dataset.Set) { s.Values[0]++ },
		"the last number":  func(s *dataset.Set) { s.Values[len(s.Values)-1]++ },
		"the first target": func(s *dataset.Set) { s.Targets[0]++ },
		"the last target":  func(s *dataset.Set) { s.Targets[len(s.Targets)-1]++ },
		"a sample less":    func(s *dataset.Set) { s.Values, s.Targets = s.Values[:len(s.Values)-2], s.Targets[:len(s.Targets)-2] },
	} {
		d := base()
		change(&d.Train)
		if d.Train.Digest() == want {
			t.Errorf("%s changes no digest", name)
		}
	}
}

// TestSameForm compares the data with which a run began with other data.
func TestSameForm(t *testing.T) {
	images, one := squares(47, 20, 4), squares(1, 20, 1)
	for _, tt := range []struct {
		began, now *dataset.Data
		want       string
	}{
		{images, squares(47, 30, 4), ""},
		{lines(47, 20), lines(47, 30), ""},
		{images, squares(46, 20, 4), "its run began with 47 training images of 4×4 in 4 classes; squares has 46 training images of 4×4 in 4 classes"},
		{images, asNumbers(images), "its run began with 47 training images of 4×4 in 4 classes; squares has 47 training rows of 16 numbers in 4 classes"},
		{lines(47, 20), one, "its run began with 47 training rows of 2 numbers with targets of 2 numbers; squares has 1 training image of 4×4 in 1 class"},
	} {
		got := ""
		if err := Describe(tt.began).Same(tt.now); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
	with := Describe(images)
	with.Digest = images.Train.Digest()
	other := squares(47, 20, 4)
	other.Train.Labels[3] ^= 1
	if err := with.Same(other); err == nil || err.Error() != "its run began with other data than squares: the SHA-256 of the training set differs" {
		t.Errorf("another label: error %v", err)
	}
}

// TestImageSize checks that a network knows the size of images only if it distorts them.
func TestImageSize(t *testing.T) {
	d, o := squares(47, 20, 4), options(4)
	if c := NewState(o, d, "").Options.Network; c.Width != 0 || c.Height != 0 {
		t.Errorf("images of %d×%d", c.Width, c.Height)
	}
	o.Training.Augment.Rotation = 3
	if c := NewState(o, d, "").Options.Network; c.Width != 4 || c.Height != 4 {
		t.Errorf("images of %d×%d, want 4×4", c.Width, c.Height)
	}
}
