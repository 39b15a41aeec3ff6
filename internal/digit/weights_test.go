package digit

import (
	"reflect"
	"testing"
)

// TestWeights checks the greys of weights, and the number of units in all and in a row.
func TestWeights(t *testing.T) {
	w := []float32{1, -1, 0, 2, 0, 0, -4, 2}
	got := Weights(w, 2, 1, 3, 2)
	want := [][][]byte{{{255, 0}, {128, 255}}, {{128, 128}}}
	if !reflect.DeepEqual(got.Rows, want) || got.Width != 2 || got.Height != 1 {
		t.Errorf("the sheet is %+v, want rows %v", got, want)
	}
}
