// Command pack writes a gzip file of several members that can be decompressed side by side; see package testdata.
//
//	go run ./testdata/pack FILE.gz...
//
// replaces each file by one with the same data.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"shadegrad/testdata"
)

// memberData is how much data a member has: enough to lose nothing to the new start of each, and to make some ten
// members of MNIST's training images.
const memberData = 4 << 20

func main() {
	for _, path := range os.Args[1:] {
		if err := repack(path); err != nil {
			fmt.Fprintf(os.Stderr, "pack: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func repack(path string) error {
	f, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(f))
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for begin := 0; begin < len(data); begin += memberData {
		m, err := member(data[begin:min(begin+memberData, len(data))])
		if err != nil {
			return err
		}
		out.Write(m)
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// member compresses data to one member, whose length is filled in when it is known.
func member(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w.Extra = append(append([]byte(nil), testdata.MemberID...), 0, 0, 0, 0)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	m := out.Bytes()
	binary.LittleEndian.PutUint32(m[testdata.MemberHeader-4:], uint32(len(m)))
	return m, nil
}
