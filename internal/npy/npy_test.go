package npy

import (
	"slices"
	"strings"
	"testing"
)

// header returns the beginning of an npy file with a dictionary.
func header(dictionary string) []byte {
	return append([]byte(Magic+"\x01\x00"), append([]byte{byte(len(dictionary)), 0}, dictionary...)...)
}

func TestParse(t *testing.T) {
	h, at, err := Parse(header("{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2), }"))
	if err != nil || at != len(header("{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2), }")) || !slices.Equal(h.Shape, []int{3, 2}) ||
		h.Kind != 'i' || h.Size != 2 || !h.Fortran {
		t.Fatalf("%+v at %d, error %v", h, at, err)
	}
	values := []byte{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0xff, 0xff} // by column
	rows := make([]byte, len(values))
	h.Reorder(rows, values)
	for i, want := range []float64{1, 4, 2, 5, 3, -1} {
		if got := h.Value(rows, i); got != want {
			t.Errorf("value %d is %g, want %g", i, got, want)
		}
	}
	version2 := append([]byte(Magic+"\x02\x00"), 58, 0, 0, 0)
	version2 = append(version2, "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n"...)
	if h, at, err := Parse(version2); err != nil || at != len(version2) || !slices.Equal(h.Shape, []int{4}) {
		t.Errorf("version 2: %+v at %d, error %v", h, at, err)
	}
}

func TestParseFaults(t *testing.T) {
	for text, want := range map[string]string{
		"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }":                     "expected numbers, found an npy array of type O",
		"{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }":                    "expected numbers, found an npy array of type f2",
		"{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (3,), }":           "expected numbers, found an npy array of a structured type",
		"{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }": "damaged npy header",
		"{'descr': '<i4', 'shape': (3,), }":                                            "damaged npy header at byte 10",
		"{'descr': '<i4', 'fortran_order': False}":                                     "damaged npy header at byte 10",
	} {
		if _, _, err := Parse(header(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", text, err, want)
		}
	}
	if _, _, err := Parse(header("{'descr'")[:11]); err == nil {
		t.Error("a header of 11 bytes is accepted")
	}
	if _, _, err := Parse(append([]byte(Magic+"\x01\x00"), 0xff, 0xff, 'a', 'b')); err == nil {
		t.Error("a header longer than the file is accepted")
	}
	huge := Header{Shape: []int{1 << 40, 1 << 40}, Size: 8}
	if n, ok := huge.Bytes(); ok {
		t.Errorf("2^83 bytes are %d", n)
	}
}
