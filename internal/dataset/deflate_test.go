package dataset

import (
	"bytes"
	"compress/gzip"
	"testing"
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
