package sheet

import (
	"bytes"
	"testing"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// TestSheets checks the images of each class, of which one has none, and that distorted rows begin with the image itself.
func TestSheets(t *testing.T) {
	d := &dataset.Set{Width: 4, Height: 4, Classes: 3, Labels: []byte{2, 0, 2, 2}, Images: make([]byte, 4*16)}
	for i := range d.Images {
		d.Images[i] = byte(7 * i)
	}
	s := OfClasses(d, 2)
	if len(s.Rows) != 2 || len(s.Rows[0]) != 1 || len(s.Rows[1]) != 2 || !bytes.Equal(s.Rows[0][0], d.Image(1)) || !bytes.Equal(s.Rows[1][1], d.Image(2)) {
		t.Fatalf("the rows are %v", s.Rows)
	}
	b := cpu.New()
	defer b.Close()
	how := mlp.Augment{Translation: 1}
	s, err := Distorted(b, how, d, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, first := range []int{1, 0} {
		if row := s.Rows[i]; len(row) != 3 || !bytes.Equal(row[0], d.Image(first)) || bytes.Equal(row[1], row[0]) || bytes.Equal(row[1], row[2]) {
			t.Errorf("row %d is %v", i, row)
		}
	}
}
