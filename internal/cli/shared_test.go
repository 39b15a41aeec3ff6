package cli

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"shadegrad/internal/dataset"
)

// shared are files that several tests use, made by the first one that needs them.
var shared fixtures

type fixtures struct {
	dir  string
	err  error
	once sync.Once

	small, middle sync.Once
	model         sync.Once
	modelResult   result
}

// in returns a path in a directory that lasts until all tests are done.
func (f *fixtures) in(t testing.TB, name string) string {
	t.Helper()
	f.once.Do(func() { f.dir, f.err = os.MkdirTemp("", "shadegrad-test-") })
	if f.err != nil {
		t.Fatal(f.err)
	}
	return filepath.Join(f.dir, name)
}

func (f *fixtures) remove() {
	if f.dir != "" {
		os.RemoveAll(f.dir)
	}
}

// smallData returns a directory with the first 300 training and 100 test images of MNIST.
func smallData(t testing.TB) string {
	t.Helper()
	dir := shared.in(t, "small")
	shared.small.Do(func() { writeMNIST(t, dir, 300, 100) })
	return dir
}

// middleData is smallData with 3,000 and 1,000 images.
func middleData(t testing.TB) string {
	t.Helper()
	dir := shared.in(t, "middle")
	shared.middle.Do(func() { writeMNIST(t, dir, 3000, 1000) })
	return dir
}

// goodModel returns a network trained for an epoch on all of MNIST.
func goodModel(t testing.TB) string {
	t.Helper()
	path := shared.in(t, "good.safetensors")
	shared.model.Do(func() {
		shared.modelResult = at(t).run("train", "-backend=cpu", "-hidden=64", "-epochs=1", "-save="+path)
	})
	r := shared.modelResult
	r.t = t
	r.is(0)
	return path
}

// smallModel trains a small network on the small data.
func smallModel(t testing.TB, p place, extra ...string) string {
	t.Helper()
	path := p.path("m.safetensors")
	p.run(append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-save=" + path}, extra...)...).is(0)
	return path
}

// mnist is the built-in data, read once.
var mnist = sync.OnceValues(func() (*dataset.Data, error) { return dataset.Open("") })

// writeMNIST writes the first images of MNIST as uncompressed IDX files.
func writeMNIST(t testing.TB, dir string, train, test int) {
	t.Helper()
	d, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	writeData(t, dir, firstOf(&d.Train, train), firstOf(&d.Test, test))
}

func firstOf(s *dataset.Set, n int) *dataset.Set {
	return &dataset.Set{Images: s.Images[:n*s.Features()], Labels: s.Labels[:n], Width: s.Width, Height: s.Height}
}

// writeData writes a data set under MNIST's names.
func writeData(t testing.TB, dir string, train, test *dataset.Set) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, trainImages), idx(train.Images, train.Len(), train.Height, train.Width), 0o644),
		os.WriteFile(filepath.Join(dir, trainLabels), idx(train.Labels, train.Len()), 0o644),
		os.WriteFile(filepath.Join(dir, testImages), idx(test.Images, test.Len(), test.Height, test.Width), 0o644),
		os.WriteFile(filepath.Join(dir, testLabels), idx(test.Labels, test.Len()), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

// The names of MNIST's files.
const (
	trainImages = "train-images-idx3-ubyte"
	trainLabels = "train-labels-idx1-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
	testLabels  = "t10k-labels-idx1-ubyte"
)

// idx returns an IDX file of bytes.
func idx(values []byte, dims ...int) []byte {
	b := binary.BigEndian.AppendUint32(nil, 0x800|uint32(len(dims)))
	for _, n := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return append(b, values...)
}

// trainSmall are the arguments of a run of an epoch.
func trainSmall(t testing.TB, more ...string) []string {
	return append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1"}, more...)
}
