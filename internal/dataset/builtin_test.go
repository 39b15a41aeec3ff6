package dataset

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"shadegrad/internal/dataset/packed"
	"shadegrad/internal/memory"
)

// TestBuiltInIsAsPublished checks that the built-in data are byte for byte the published ones, and that command pack
// writes the same files.
func TestBuiltInIsAsPublished(t *testing.T) {
	for r := trainImages; r <= testLabels; r++ {
		compressed, err := os.ReadFile(filepath.Join("..", "..", "testdata", "mnist", customary[r]+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		src := builtInFile(r)
		size, err := packed.Size(src)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, size)
		if err := packed.Decode(got, src); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: error %v, equal %t", customary[r], err, bytes.Equal(got, want))
		}
		if !bytes.Equal(packed.Encode(want), src) {
			t.Errorf("%s: the packed file is not what internal/dataset/packed/pack makes of the data; run it", customary[r])
		}
	}
}

// TestPublishedFiles reads the published files from their directory.
func TestPublishedFiles(t *testing.T) {
	published, err := Form{}.OpenTest(filepath.Join("..", "..", "testdata", "mnist"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := Form{}.OpenTest("")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(published.Test.Images, own.Test.Images) || !bytes.Equal(published.Test.Labels, own.Test.Labels) {
		t.Error("the test sets differ")
	}
}

func TestBuiltInNeedsMemory(t *testing.T) {
	const size = 8 + 10_000
	if _, err := readBuiltIn(testLabels, memory.NewBudget(size)); err != nil {
		t.Error(err)
	}
	_, err := readBuiltIn(testLabels, memory.NewBudget(size-1))
	const want = "no room to unpack it: 10008 bytes (9.8 KiB) asked for, 10007 bytes (9.8 KiB) of memory available"
	if fmt.Sprint(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestAllocate checks that asking for large pages changes no bytes, at any alignment.
func TestAllocate(t *testing.T) {
	for _, n := range []int{0, 1, 1 << 20, 2<<20 + 1, 9<<20 + 4097} {
		b := allocate(n)
		if len(b) != n || len(bytes.Trim(b, "\x00")) != 0 {
			t.Errorf("%d bytes: got %d, all zero %t", n, len(b), len(bytes.Trim(b, "\x00")) == 0)
		}
		for i := range b {
			b[i] = byte(i % 251)
		}
		for skip := range min(3, n) {
			wantLargePages(b[skip:])
		}
		for i := range b {
			if b[i] != byte(i%251) {
				t.Fatalf("%d bytes: byte %d changed", n, i)
			}
		}
	}
}

// BenchmarkUnpack unpacks the training images repeatedly into the same memory.
func BenchmarkUnpack(b *testing.B) {
	src := builtInFile(trainImages)
	size, err := packed.Size(src)
	if err != nil {
		b.Fatal(err)
	}
	dst := allocate(size)
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := packed.Decode(dst, src); err != nil {
			b.Fatal(err)
		}
	}
}
