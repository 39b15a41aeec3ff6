package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"shadegrad/internal/ostest"
)

// TestData checks the rows of FAULTS.md on data files: name, expected and found, and the byte; nothing
// is trained.
func TestData(t *testing.T) {
	// The file and a change to it.
	for _, c := range []struct {
		fault, file string
		change      func([]byte) []byte // nil takes the file away
		want        string
	}{
		{"missing", trainLabels, nil, "train-labels-idx1-ubyte is missing"},
		{"truncated", trainImages, func(b []byte) []byte { return b[:1000] },
			"truncated: the header announces 300 images of 28x28, 235200 bytes from byte 16 on; the file ends at byte 1000"},
		{"truncated header", testLabels, func(b []byte) []byte { return b[:6] }, "truncated: expected a header of 8 bytes, the file ends at byte 6"},
		{"empty", testLabels, func([]byte) []byte { return nil }, "truncated: expected a header of 8 bytes, the file ends at byte 0"},
		{"truncated gzip", trainImages, func(b []byte) []byte { z := gzipped(b); return z[:len(z)/2] }, "truncated"},
		{"not gzip", testImages, func([]byte) []byte { return []byte("<!DOCTYPE html><html>not found</html>") },
			"neither IDX nor gzip (it is a web page; the download went wrong)"},
		{"wrong magic", trainLabels, func(b []byte) []byte { return number4(b, 0, 0x803) },
			"wrong magic number at byte 0: expected 0x00000801 (IDX labels), found 0x00000803 (IDX images)"},
		{"counts differ", trainLabels, func(b []byte) []byte { return number4(b[:len(b)-1], 4, 299) },
			"at byte 4: expected 300 labels, one for each image of train-images-idx3-ubyte, found 299"},
		{"trailing bytes", testImages, func(b []byte) []byte { return append(b, 0, 0) },
			"trailing bytes: expected 100 images of 28x28 and the end of the file at byte 78416, found 2 more"},
		{"hostile header", trainImages, func(b []byte) []byte { return number4(b, 4, 1e9) },
			"truncated: the header announces 1000000000 images of 28x28, 784000000000 bytes"},
		{"hostile compressed header", trainImages, func(b []byte) []byte { return gzipped(number4(b, 4, 1e9)) },
			"the header announces 1000000000 images of 28x28, 784000000000 bytes; the compressed file cannot hold more"},
		{"images of another size", testImages, func(b []byte) []byte { return number4(number4(b, 8, 14), 12, 56) },
			"expected images of 28x28 as in train-images-idx3-ubyte, found 56x14"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			p := at(t)
			dir := p.path("data")
			writeMNIST(t, dir, 300, 100)
			path := filepath.Join(dir, c.file)
			if c.change == nil {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				put(t, path, c.change(contents(t, path)))
			}
			r := p.run("train", "-backend=cpu", "-data="+dir, "-epochs=1", "-save="+p.path("m")).is(1, dir, c.file, c.want)
			if r.stdout != "" {
				t.Errorf("stdout: %s", r.stdout)
			}
			mustNotExist(t, p.path("m"))
		})
	}
	t.Run("no directory", func(t *testing.T) {
		p := at(t)
		p.run("train", "-data="+p.path("nowhere")).is(1, p.path("nowhere")+": "+ostest.NoFile)
		put(t, p.path("file"), nil)
		p.run("train", "-data="+p.path("file")).is(1, p.path("file")+": expected lines of text, found an empty file")
		p.run("train", "-data="+p.dir, "-json").is(1, p.dir+": no data found; looked for IDX files (train-images-idx3-ubyte and so on), CSV files")
	})
}

// TestDiverged checks the row of FAULTS.md on losses that are not finite: step, learning rate and the
// first layer affected; the last good weights stay.
func TestDiverged(t *testing.T) {
	p := at(t)
	model := smallModel(t, p)
	before := contents(t, model)
	const where = " (learning rate 1e+30)"
	r := p.run("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-lr=1e30", "-schedule=constant", "-act=identity", "-epochs=3", "-save="+model).is(1,
		"shadegrad: training diverged", "epoch 1, step ", where, "the outputs of layer 2 are the first that are not finite; no weights were saved; try a lower -lr than 1e+30\n")
	if r.stdout != "" || !bytes.Equal(contents(t, model), before) {
		t.Errorf("something was done: %s", r.stdout)
	}
}

// TestLabelOutOfRange checks the row of FAULTS.md on labels whose range a network sets.
func TestLabelOutOfRange(t *testing.T) {
	p := at(t)
	d, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	train, test := firstOf(&d.Train, 300), firstOf(&d.Test, 100)
	few := firstOf(&d.Train, 300)
	few.Labels = bytes.Clone(few.Labels)
	fewTest := firstOf(&d.Test, 100)
	fewTest.Labels = bytes.Clone(fewTest.Labels)
	for _, labels := range [][]byte{few.Labels, fewTest.Labels} {
		for i := range labels {
			labels[i] %= 5
		}
	}
	writeData(t, p.path("ten"), train, test)
	writeData(t, p.path("five"), few, fewTest)
	p.run("train", "-backend=cpu", "-data=five", "-epochs=1", "-hidden=4", "-save=m").is(0, "5 classes", "784-4-5")
	// MNIST's first test image is a 7.
	p.run("eval", "-backend=cpu", "-model=m", "-data=ten").is(1,
		filepath.Join("ten", testLabels)+": label out of range at byte 8: expected 0 to 4, found 7")
}

// gzipped compresses b.
func gzipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return z.Bytes()
}

// number4 returns b with a number at a place.
func number4(b []byte, at int, n uint32) []byte {
	b = bytes.Clone(b)
	binary.BigEndian.PutUint32(b[at:], n)
	return b
}

// TestOneClass checks that data with a single label are refused.
func TestOneClass(t *testing.T) {
	p := at(t)
	d, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	train := firstOf(&d.Train, 2)
	train.Labels = []byte{3, 3}
	writeData(t, p.path("one"), train, train)
	p.run("train", "-backend=cpu", "-data=one", "-hidden=4", "-epochs=2", "-save=m").is(1, "one: all samples have the same label; at least two classes are needed")
}
