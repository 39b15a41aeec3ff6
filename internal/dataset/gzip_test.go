package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"

	"shadegrad/testdata"
)

// deflated compresses data to a gzip file of one member.
func deflated(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inMembers compresses data to members of which each says how long it is.
func inMembers(t testing.TB, data []byte, size int) []byte {
	t.Helper()
	var out []byte
	for begin := 0; begin < len(data); begin += size {
		var m bytes.Buffer
		w := gzip.NewWriter(&m)
		w.Extra = append(append([]byte(nil), testdata.MemberID...), 0, 0, 0, 0)
		if _, err := w.Write(data[begin:min(begin+size, len(data))]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint32(m.Bytes()[testdata.MemberHeader-4:], uint32(m.Len()))
		out = append(out, m.Bytes()...)
	}
	return out
}

func TestBuiltInIsInMembers(t *testing.T) {
	src, err := fs.ReadFile(testdata.MNIST, "mnist/train-images-idx3-ubyte.gz")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(members(src)); n < 8 {
		t.Errorf("the training images are in %d members, which is not enough to keep processors busy", n)
	}
}

func TestMembers(t *testing.T) {
	data := []byte(strings.Repeat("of several members ", 50))
	good := inMembers(t, data, 100)
	if n := len(members(good)); n != 10 {
		t.Fatalf("%d members, want 10", n)
	}
	second := members(good)[1]
	change := func(at int, to byte) []byte {
		c := bytes.Clone(good)
		c[at] = to
		return c
	}
	dst := make([]byte, len(data))
	for _, c := range []struct {
		name string
		src  []byte
		want string // of the error; empty: none
	}{
		{"good", good, ""},
		{"a length that is not true", change(second.begin+16, 21), ""}, // read one after another instead
		{"no data", change(second.begin+25, good[second.begin+25]^0x55), "damaged gzip data"},
		{"size of data too large", change(second.end-4, 101), "damaged gzip data"},
		{"size of data too small", change(second.end-4, 99), "damaged gzip data"},
		{"checksum", change(second.end-8, good[second.end-8]^1), "damaged gzip data"},
		{"cut", good[:len(good)-3], "truncated gzip data"},
		{"followed by something else", append(bytes.Clone(good), "else"...), "trailing bytes"},
	} {
		clear(dst)
		n, err := gunzip(dst, c.src)
		switch {
		case c.want == "" && (err != nil || n != len(data) || !bytes.Equal(dst, data)):
			t.Errorf("%s: %d bytes, error %v", c.name, n, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := gunzip(dst[:99], good); err != errFull {
		t.Errorf("into too little room: error %v", err)
	}
}

// A file of very many members is read one after another, not with a decompressor for each.
func TestManyMembers(t *testing.T) {
	data := bytes.Repeat([]byte("x"), 10_000)
	src := inMembers(t, data, 1)
	if list := members(src); list != nil {
		t.Errorf("%d members are to be decompressed side by side", len(list))
	}
	dst := make([]byte, len(data))
	if n, err := gunzip(dst, src); err != nil || n != len(data) || !bytes.Equal(dst, data) {
		t.Errorf("%d bytes, error %v", n, err)
	}
	if list := members(inMembers(t, data, len(data)/maxMembers+1)); list == nil {
		t.Errorf("as many members as may be are not found")
	}
}

// Whatever gunzip makes of a file, compress/gzip makes of it too.
func FuzzGunzip(f *testing.F) {
	data := []byte(strings.Repeat("abcdefg", 40))
	f.Add(deflated(f, data, 9))
	f.Add(inMembers(f, data, 60))
	f.Add(inMembers(f, data, 60)[:100])
	f.Fuzz(func(t *testing.T, src []byte) {
		if !isGzip(src) {
			return
		}
		one, some := make([]byte, 1000), make([]byte, 1000)
		n, err := gunzipOne(one, src, 0)
		m, sideBySide := gunzip(some, src)
		if (err == nil) != (sideBySide == nil) {
			t.Fatalf("one after another %v, side by side %v", err, sideBySide)
		}
		if err == nil && !bytes.Equal(one[:n], some[:m]) {
			t.Fatal("the data differ")
		}
	})
}
