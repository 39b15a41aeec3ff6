package packed

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// some returns n bytes of which a share is not zero.
func some(n int, share float64) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	data := make([]byte, n)
	for i := range data {
		if r.Float64() < share {
			data[i] = byte(1 + r.IntN(255))
		}
	}
	return data
}

// unpack returns the data of a packed file.
func unpack(src []byte) ([]byte, error) {
	n, err := Size(src)
	if err != nil {
		return nil, err
	}
	dst := make([]byte, n)
	return dst, Decode(dst, src)
}

func TestRoundTrip(t *testing.T) {
	sizes := []int{0, 1, group - 1, group, group + 1, block - 1, block, block + 1, 3*block + 5, PieceSize - 1, PieceSize, PieceSize + 1, 2*PieceSize + block + 9}
	for _, n := range sizes {
		for _, share := range []float64{0, 0.01, 0.2, 0.9, 1} {
			data := some(n, share)
			got, err := unpack(Encode(data))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %g not zero: error %v, equal %t", n, share, err, bytes.Equal(got, data))
			}
		}
	}
}

// TestSpans packs and unpacks groups with every possible span.
func TestSpans(t *testing.T) {
	var data []byte
	for mask := range 256 {
		for i := range group {
			data = append(data, byte(mask>>i&1*(i+100)))
		}
	}
	if got, err := unpack(Encode(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("error %v, equal %t", err, bytes.Equal(got, data))
	}
}

// TestFormat compares a packed file byte by byte, because the format must not change unnoticed.
func TestFormat(t *testing.T) {
	data := make([]byte, 20)
	data[2], data[4], data[19] = 7, 9, 5
	want := []byte{20, 0, 0, 0, 0, 0, 0, 0,
		4 + 8 + 2 + 4 + 8, 0, 0, 0,
		2, 0, 0, 0,
		0b101, 0, 0, 0, 0, 0, 0, 0,
		2 | 3<<4, 3 | 1<<4,
		7, 0, 9, 5,
		0, 0, 0, 0, 0, 0, 0, 0}
	if got := Encode(data); !bytes.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestZerosTakeLittle(t *testing.T) {
	const n = 10 * PieceSize
	src := Encode(make([]byte, n))
	if len(src)*MaxExpansion < n {
		t.Errorf("%d zeros take %d bytes, and Size would refuse that", n, len(src))
	}
}

func TestDamaged(t *testing.T) {
	data := some(2*PieceSize, 0.2)
	good := Encode(data)
	change := func(at int, to byte) []byte {
		c := bytes.Clone(good)
		c[at] = to
		return c
	}
	const piece, words = 8, 8 + 8 // where the first piece begins, and its bits
	spans := words + PieceSize/64
	if good[words] == 0 || good[words] == 255 {
		t.Fatal("the changes below would change nothing")
	}
	for name, src := range map[string][]byte{
		"nothing":                 nil,
		"cut in the length":       good[:7],
		"cut in a piece's length": good[:piece+3],
		"cut in a piece":          good[:piece+1000],
		"cut at the end":          good[:len(good)-1],
		"followed by more":        append(bytes.Clone(good), 0),
		"length of a piece":       change(piece+3, 255),
		"number of groups":        change(piece+4, good[piece+4]+1),
		"huge number of groups":   change(piece+7, 255),
		"a group too many":        change(words, 255),
		"a group too few":         change(words, 0),
		"span beyond the group":   change(spans, 7|8<<4),
		"span too short":          change(spans, 0),
		"longer data":             binary.LittleEndian.AppendUint64(nil, 1<<62),
	} {
		if _, err := unpack(src); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := Decode(make([]byte, len(data)-1), good); err == nil {
		t.Error("too little room: no error")
	}
}

// FuzzPacked decodes arbitrary bytes, which must give an error or data. It also packs and
// unpacks them, which must give the same bytes.
func FuzzPacked(f *testing.F) {
	f.Add([]byte{})
	f.Add(some(100, 0.3))
	f.Add(Encode(some(1000, 0.3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := unpack(Encode(data)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("error %v, equal %t", err, bytes.Equal(got, data))
		}
		got, err := unpack(data)
		if err != nil {
			return
		}
		if again, err := unpack(Encode(got)); err != nil || !bytes.Equal(again, got) {
			t.Error("what was read does not come back")
		}
	})
}
