package unpack

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"shadegrad/internal/bounded"
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

// inMembers compresses data to a gzip file of a member for every size bytes.
func inMembers(t testing.TB, data []byte, size int) []byte {
	t.Helper()
	var out []byte
	for begin := 0; begin < len(data); begin += size {
		out = append(out, deflated(t, data[begin:min(begin+size, len(data))], gzip.DefaultCompression)...)
	}
	return out
}

func TestMembers(t *testing.T) {
	data := []byte(strings.Repeat("of several members ", 50))
	good := inMembers(t, data, 100)
	second := len(deflated(t, data[:100], gzip.DefaultCompression)) // where it begins
	third := second + len(deflated(t, data[100:200], gzip.DefaultCompression))
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
		{"no data", change(second+10, good[second+10]^0x55), "damaged gzip data"},
		{"size of data too large", change(third-4, 101), "damaged gzip data"},
		{"size of data too small", change(third-4, 99), "damaged gzip data"},
		{"checksum", change(third-8, good[third-8]^1), "damaged gzip data"},
		{"cut", good[:len(good)-3], "truncated gzip data"},
		{"followed by something else", append(bytes.Clone(good), "else"...), "trailing bytes"},
	} {
		clear(dst)
		n, err := Gunzip(dst, c.src)
		switch {
		case c.want == "" && (err != nil || n != len(data) || !bytes.Equal(dst, data)):
			t.Errorf("%s: %d bytes, error %v", c.name, n, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Gunzip(dst[:99], good); err != ErrFull {
		t.Errorf("into too little room: error %v", err)
	}
}

// FuzzGunzip compares Gunzip with compress/gzip.
func FuzzGunzip(f *testing.F) {
	data := []byte(strings.Repeat("abcdefg", 40))
	f.Add(deflated(f, data, 9))
	f.Add(inMembers(f, data, 60))
	f.Add(inMembers(f, data, 60)[:100])
	f.Fuzz(func(t *testing.T, src []byte) {
		if !IsGzip(src) {
			return
		}
		dst := make([]byte, 1000)
		n, err := 0, error(nil)
		bounded.Check(t, func() { n, err = Gunzip(dst, src) })
		if err == ErrFull {
			return
		}
		want, wantErr := unzip(src)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, compress/gzip %v", err, wantErr)
		}
		if err == nil && !bytes.Equal(dst[:n], want) {
			t.Fatal("the data differ")
		}
	})
}

// unzip decompresses with compress/gzip alone.
func unzip(src []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
