package tensorboard

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// records reads the records of an event file and checks their checksums.
func records(t *testing.T, path string) (list [][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for r := bytes.NewReader(text); r.Len() > 0; {
		head := make([]byte, 12)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		data := make([]byte, binary.LittleEndian.Uint64(head))
		tail := make([]byte, 4)
		if _, err := io.ReadFull(r, data); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, tail); err != nil {
			t.Fatal(err)
		}
		if masked(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || masked(data) != binary.LittleEndian.Uint32(tail) {
			t.Fatalf("record %d has a wrong checksum", len(list))
		}
		list = append(list, data)
	}
	return list
}

// fields reads the fields of a message.
func fields(t *testing.T, b []byte) map[protowire.Number][]any {
	t.Helper()
	m := map[protowire.Number][]any{}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		var v any
		size := -1
		if n >= 0 {
			switch b = b[n:]; kind {
			case protowire.VarintType:
				v, size = protowire.ConsumeVarint(b)
			case protowire.Fixed32Type:
				v, size = protowire.ConsumeFixed32(b)
			case protowire.Fixed64Type:
				v, size = protowire.ConsumeFixed64(b)
			case protowire.BytesType:
				v, size = protowire.ConsumeBytes(b)
			}
		}
		if size < 0 {
			t.Fatalf("field %d of type %d cannot be read", field, kind)
		}
		m[field], b = append(m[field], v), b[size:]
	}
	return m
}

// TestEvents checks the records of a file: the version, figures, and a picture.
func TestEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "run")
	w, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.now = func() time.Time { return time.Unix(1700000000, 500e6) }
	w.Scalars(3, Scalar{"loss/train", 0.25}, Scalar{"accuracy/train", 0.9})
	grey := image.NewGray(image.Rect(0, 0, 5, 4))
	grey.Pix[7] = 200
	w.Image(4, "weights", grey)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	list := records(t, w.Name())
	if len(list) != 3 {
		t.Fatalf("%d records", len(list))
	}
	if v := fields(t, list[0])[fileVersion]; string(v[0].([]byte)) != "brain.Event:2" {
		t.Errorf("version %q", v)
	}

	e := fields(t, list[1])
	if e[eventStep][0] != uint64(3) || math.Float64frombits(e[eventWallTime][0].(uint64)) != 1700000000.5 {
		t.Errorf("event %v", e)
	}
	values := fields(t, e[eventSummary][0].([]byte))[summaryValue]
	for i, want := range []Scalar{{"loss/train", 0.25}, {"accuracy/train", float64(float32(0.9))}} {
		v := fields(t, values[i].([]byte))
		if got := (Scalar{string(v[valueTag][0].([]byte)), float64(math.Float32frombits(v[valueSimple][0].(uint32)))}); got != want {
			t.Errorf("figure %d is %v, want %v", i, got, want)
		}
	}

	v := fields(t, fields(t, fields(t, list[2])[eventSummary][0].([]byte))[summaryValue][0].([]byte))
	i := fields(t, v[valueImage][0].([]byte))
	if i[imageHeight][0] != uint64(4) || i[imageWidth][0] != uint64(5) || i[imageColorspace][0] != uint64(1) {
		t.Errorf("image %v", i)
	}
	back, err := png.Decode(bytes.NewReader(i[imageEncoded][0].([]byte)))
	if err != nil || back.(*image.Gray).Pix[7] != 200 {
		t.Errorf("the picture differs: %v", err)
	}
}

// TestCreate checks that two writers never share a file.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		w, err := Create(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
	}
	if list, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*")); err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestFailure checks that Close returns the first error of writing.
func TestFailure(t *testing.T) {
	w, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	closed, err := os.Open(w.Name()) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	w.file.Close()
	w.file = closed
	w.Scalars(1, Scalar{"a", 1})
	first := w.Err()
	w.Scalars(2, Scalar{"a", 2})
	if err := w.Close(); first == nil || w.Err() != first || err == nil {
		t.Errorf("the first error is %v, then %v; Close returns %v", first, w.Err(), err)
	}
}

// TestMasked compares a checksum with that of TensorFlow for the header of a record of 24 bytes, as in its own event files.
func TestMasked(t *testing.T) {
	if got := masked([]byte{24, 0, 0, 0, 0, 0, 0, 0}); got != 0x224b7fa3 {
		t.Errorf("%#x", got)
	}
}

// TestConfusion checks the size of pictures, that hits are blue, mistakes orange, and the rest almost white.
func TestConfusion(t *testing.T) {
	for _, c := range []struct{ classes, side int }{{2, 133}, {10, 485}, {256, 769}} {
		counts := make([][]int, c.classes)
		for i := range counts {
			counts[i] = make([]int, c.classes)
			counts[i][i] = 9
		}
		counts[0][1] = 1
		m := Confusion(counts)
		if got := m.Bounds().Dx(); got != c.side {
			t.Errorf("%d classes: %d pixels wide, want %d", c.classes, got, c.side)
		}
		if c.classes != 10 {
			continue
		}
		// A pixel near the corner of a cell has its colour and no part of a digit.
		for _, p := range []struct {
			x, y   int
			colour string
		}{{0, 0, "blue"}, {1, 0, "orange"}, {2, 0, "white"}} {
			r, g, b, _ := m.At(largestCell*(p.x+1)+3, largestCell*(p.y+1)+3).RGBA()
			got := "white"
			switch {
			case b > r+0x4000:
				got = "blue"
			case r > b+0x3000 && g > b:
				got = "orange"
			}
			if got != p.colour {
				t.Errorf("cell %d, %d is %s (%x %x %x), want %s", p.x, p.y, got, r, g, b, p.colour)
			}
		}
	}
}
