package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/bounded"
	"shadegrad/internal/memory"
	"shadegrad/internal/npy"
	"shadegrad/internal/ostest"
	"shadegrad/internal/unpack"
)

// npyFile returns an npy file of values, which are of a type of fixed size.
func npyFile(descr string, order binary.ByteOrder, fortran bool, shape []int, values any) []byte {
	python := "False"
	if fortran {
		python = "True"
	}
	sizes := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ")
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s,), }\n", descr, python, sizes)
	b := bytes.NewBufferString(npy.Magic + "\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(header))))
	b.WriteString(header)
	if err := binary.Write(b, order, values); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// npyLabels returns an npy file of labels.
func npyLabels(labels ...byte) []byte {
	return npyFile("|u1", binary.LittleEndian, false, []int{len(labels)}, labels)
}

// zipped returns a zip archive of files.
func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ramp returns n pixels from 0 to 255.
func ramp(n int) []byte {
	pixels := make([]byte, n)
	for i := range pixels {
		pixels[i] = byte(i * 7 % 256)
	}
	return pixels
}

// TestPixels reads the same two images of 8x9 from arrays of many forms.
func TestPixels(t *testing.T) {
	const n, h, w = 2, 9, 8
	want := ramp(n * h * w)
	little, big := binary.LittleEndian, binary.BigEndian
	of := func(convert func(byte) float64) []float64 {
		list := make([]float64, len(want))
		for i, v := range want {
			list[i] = convert(v)
		}
		return list
	}
	signed := make([]int8, len(want))
	wide := make([]int64, len(want))
	half := make([]uint16, len(want))
	for i, v := range want {
		signed[i], wide[i], half[i] = int8(int(v)-128), int64(v), uint16(v)*257
	}
	byColumn := make([]byte, len(want))
	for i, v := range want {
		image, y, x := i/(h*w), i/w%h, i%w
		byColumn[image+n*(y+h*x)] = v
	}
	shape := []int{n, h, w}
	for name, x := range map[string][]byte{
		"bytes":            npyFile("|u1", little, false, shape, want),
		"one channel last": npyFile("|u1", little, false, []int{n, h, w, 1}, want),
		"channel first":    npyFile("|u1", little, false, []int{n, 1, h, w}, want),
		"Fortran":          npyFile("|u1", little, true, shape, byColumn),
		"int64":            npyFile("<i8", little, false, shape, wide),
		"big-endian":       npyFile(">i8", big, false, shape, wide),
		"16 bits":          npyFile("<u2", little, false, shape, half),
		"0 to 1":           npyFile("<f8", little, false, shape, of(func(v byte) float64 { return float64(v) / 255 })),
		"0 to 255":         npyFile(">f8", big, false, shape, of(func(v byte) float64 { return float64(v) })),
		"-1 to 1":          npyFile("<f8", little, false, shape, of(func(v byte) float64 { return float64(v)/127.5 - 1 })),
		"signed":           npyFile("|i1", little, false, shape, signed),
		"IDX":              images(n, h, w, want...),
		"IDX of float64":   append(idx(0x0e03, []uint32{n, h, w}), float64s(of(func(v byte) float64 { return float64(v) / 255 }))...),
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"x_train.npy": {Data: x}, "y_train.npy": {Data: npyLabels(0, 1)}}
			data, err := place{fsys: fsys, name: "DIR", available: -1}.open()
			if err != nil {
				t.Fatal(err)
			}
			got := slices.Concat(data.Train.Images, data.Test.Images)
			if data.Test.Labels[0] == 0 { // one of two is held out
				got = slices.Concat(data.Test.Images, data.Train.Images)
			}
			if !bytes.Equal(got, want) || data.Train.Width != w || data.Train.Height != h {
				t.Errorf("%dx%d, pixels %v, want %v", data.Train.Width, data.Train.Height, got, want)
			}
		})
	}
}

// float64s returns the bytes of big-endian numbers.
func float64s(list []float64) (b []byte) {
	for _, v := range list {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// TestLabels reads the same labels from arrays of many forms.
func TestLabels(t *testing.T) {
	little := binary.LittleEndian
	want := []byte{2, 0, 1}
	for name, y := range map[string][]byte{
		"bytes":            npyLabels(want...),
		"int64":            npyFile("<i8", little, false, []int{3}, []int64{2, 0, 1}),
		"float":            npyFile("<f4", little, false, []int{3}, []float32{2, 0, 1}),
		"a column":         npyFile("<i8", little, false, []int{3, 1}, []int64{2, 0, 1}),
		"a row":            npyFile("<i8", little, false, []int{1, 3}, []int64{2, 0, 1}),
		"one-hot":          npyFile("<f4", little, false, []int{3, 3}, []float32{0, 0, 1, 1, 0, 0, 0, 1, 0}),
		"one-hot, Fortran": npyFile("|u1", little, true, []int{3, 3}, []byte{0, 1, 0, 0, 0, 1, 1, 0, 0}),
		"IDX of int32":     idx(0x0c01, []uint32{3}, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1),
		"QMNIST":           idx(0x0c02, []uint32{3, 8}, slices.Concat(make([]byte, 3), []byte{2}, bytes.Repeat([]byte{9}, 28), make([]byte, 4), bytes.Repeat([]byte{9}, 28), make([]byte, 3), []byte{1}, bytes.Repeat([]byte{9}, 28))...),
	} {
		a, err := readArray(fstest.MapFS{"y": {Data: y}}, "y", trainLabels, plenty())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := a.labels(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %v, error %v", name, got, err)
		}
	}
	for want, y := range map[string][]byte{
		"label 2: expected a whole number from 0 to 255, found -1":  npyFile("<i8", little, false, []int{2}, []int64{0, -1}),
		"label 1: expected a whole number from 0 to 255, found 0.5": npyFile("<f4", little, false, []int{2}, []float32{0.5, 1}),
		"label 1: expected a whole number from 0 to 255, found 256": npyFile("<i8", little, false, []int{1}, []int64{256}),
		"row 2: expected a label, or numbers of which one is 1":     npyFile("|u1", little, false, []int{2, 2}, []byte{0, 1, 1, 1}),
	} {
		a, err := readArray(fstest.MapFS{"y": {Data: y}}, "y", trainLabels, plenty())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.labels(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

// TestArrayNames opens sets of arrays under the names that they are published with, by directory and by each file.
func TestArrayNames(t *testing.T) {
	x, y := npyFile("|u1", binary.LittleEndian, false, []int{2, 8, 8}, ramp(128)), npyLabels(0, 1)
	npz := func(data []byte) []byte { return zipped(t, map[string][]byte{"arr_0.npy": data}) }
	i, l := images(2, 8, 8, ramp(128)...), labels(0, 1)
	for name, files := range map[string]map[string][]byte{
		"Keras":     {"mnist.npz": zipped(t, map[string][]byte{"x_train.npy": x, "y_train.npy": y, "x_test.npy": x, "y_test.npy": y})},
		"npy":       {"x_train.npy": x, "y_train.npy": y, "x_test.npy": x, "y_test.npy": y},
		"joined":    {"trainX.npy": x, "trainY.npy": y, "testX.npy": x, "testY.npy": y},
		"Kannada":   {"X_kannada_MNIST_train.npz": npz(x), "y_kannada_MNIST_train.npz": npz(y), "X_kannada_MNIST_test.npz": npz(x), "y_kannada_MNIST_test.npz": npz(y)},
		"Kuzushiji": {"k49-train-imgs.npz": npz(x), "k49-train-labels.npz": npz(y), "k49-test-imgs.npz": npz(x), "k49-test-labels.npz": npz(y)},
		"QMNIST":    {"qmnist-train-images-idx3-ubyte": i, "qmnist-train-labels-idx2-int": l, "qmnist-test-images-idx3-ubyte": i, "qmnist-test-labels-idx2-int": l},
		"capitals":  {"Train-Images.IDX3-UBYTE": i, "Train-Labels.IDX1-UBYTE": l, "T10k-Images.IDX3-UBYTE": i, "T10k-Labels.IDX1-UBYTE": l},
		"zip":       {"mnist.zip": zipped(t, map[string][]byte{"a/train-images.idx3": i, "a/train-labels.idx1": l, "a/test-images.idx3": i, "a/test-labels.idx1": l})},
		"a pair": {"train.npz": zipped(t, map[string][]byte{"x.npy": x, "y.npy": y}),
			"test.npz": zipped(t, map[string][]byte{"x.npy": x, "y.npy": y})},
		"MedMNIST": {"a.npz": zipped(t, map[string][]byte{"train_images.npy": x, "train_labels.npy": y, "val_images.npy": x, "val_labels.npy": y,
			"test_images.npy": x, "test_labels.npy": y})},
	} {
		dir := write(t, files)
		paths := []string{dir + string(filepath.Separator)}
		if name == "zip" {
			paths = nil // a directory with an archive may hold anything
		}
		for file := range files {
			if name != "a pair" {
				paths = append(paths, filepath.Join(dir, file))
			}
		}
		for _, path := range paths {
			data, err := Open(path)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if data.Train.Len() != 2 || data.Test.Len() != 2 || data.Train.Width != 8 || (data.Validation.Len() == 2) != (name == "MedMNIST") {
				t.Errorf("%s: %d, %d and %d samples", path, data.Train.Len(), data.Validation.Len(), data.Test.Len())
			}
		}
	}
}

// TestArrayFaults opens arrays that are refused. want is the end of the message.
func TestArrayFaults(t *testing.T) {
	little := binary.LittleEndian
	x, y := npyFile("|u1", little, false, []int{2, 8, 8}, ramp(128)), npyLabels(0, 1)
	huge := npyFile("|u1", little, false, []int{4_000_000_000, 28, 28}, []byte{1})
	for want, files := range map[string]map[string][]byte{
		"x.npy: truncated: the header announces 4000000000 images of 28x28, 3136000000000 bytes from byte 85 on; the file ends at byte 86": {"x.npy": huge, "y.npy": y},
		"y.npy: expected 2 labels, one for each image of x.npy, found 3":                                                                   {"x.npy": x, "y.npy": npyLabels(0, 1, 2)},
		"expected numbers, found an npy array of type U2; number the texts, as numpy.unique(array, return_inverse=True)[1]": {"x.npy": x,
			"y.npy": npyFile("<U2", little, false, []int{1}, make([]byte, 8))},
		"found an array of 1x8x8x3; make colours grey":                                      {"x.npy": npyFile("|u1", little, false, []int{1, 8, 8, 3}, ramp(192)), "y.npy": npyLabels(0)},
		"a file of training labels is missing (with or without .gz), which goes with x.npy": {"x.npy": x},
		"found numbers from -7 to 300":                                                      {"x.npy": npyFile("<i4", little, false, []int{1, 8, 8}, append(make([]int32, 62), -7, 300)), "y.npy": npyLabels(0)},
	} {
		if _, err := Open(write(t, map[string][]byte{"a.npz": zipped(t, files)})); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	var bomb bytes.Buffer
	w := zip.NewWriter(&bomb)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "x.npy", Method: zip.Deflate, CompressedSize64: 4, UncompressedSize64: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("abcd")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const want = "damaged zip archive: x.npy announces 1099511627776 bytes, more than the archive can hold"
	if _, err := Open(write(t, map[string][]byte{"a.npz": bomb.Bytes()})); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestEMNIST reads IDX and CSV files of EMNIST: the images are turned, and named by the mapping file.
func TestEMNIST(t *testing.T) {
	const mapping = "1 65 97\n2 66 98\n"
	stored, upright := ramp(64), make([]byte, 64)
	row := ""
	for i, v := range stored {
		upright[i%8*8+i/8] = v
		row += fmt.Sprintf(",%d", v)
	}
	two := slices.Concat(stored, stored)
	for name, files := range map[string]map[string][]byte{
		"IDX": {"emnist-letters-train-images-idx3-ubyte": images(2, 8, 8, two...), "emnist-letters-train-labels-idx1-ubyte": labels(1, 2),
			"emnist-letters-test-images-idx3-ubyte": images(2, 8, 8, two...), "emnist-letters-test-labels-idx1-ubyte": labels(1, 2)},
		"CSV": {"emnist-letters-train.csv": []byte("1" + row + "\n2" + row + "\n"), "emnist-letters-test.csv": []byte("1" + row + "\n2" + row + "\n")},
	} {
		files["emnist-letters-mapping.txt"] = []byte(mapping)
		dir := write(t, files)
		data, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data.Train.Image(0), upright) || !data.Look.Transposed || !strings.Contains(data.Note, "EMNIST stores its images transposed") ||
			data.ClassNames[data.Train.Labels[0]] != "Aa" || data.ClassNames[data.Train.Labels[1]] != "Bb" {
			t.Errorf("%s: look %+v, classes %q, labels %v, note %q", name, data.Look, data.ClassNames, data.Train.Labels, data.Note)
		}
		learned := &Learned{Classes: data.ClassNames, Features: data.Features, Label: data.Label, Look: data.Look}
		test, err := Form{Learned: learned}.OpenTest(dir)
		if err != nil || !slices.Equal(test.ClassNames, data.ClassNames) || !bytes.Equal(test.Test.Labels, data.Test.Labels) {
			t.Errorf("%s: test part: error %v, got %+v", name, err, test)
		}
	}
}

// TestTestData takes the test part from another place.
func TestTestData(t *testing.T) {
	x, y := npyFile("|u1", binary.LittleEndian, false, []int{2, 8, 8}, ramp(128)), npyLabels(0, 1)
	row := strings.TrimSuffix(strings.Repeat("9,", 64), ",")
	dir := write(t, map[string][]byte{"a.npz": zipped(t, map[string][]byte{"x.npy": x, "y.npy": y}), "b.npz": zipped(t, map[string][]byte{"x.npy": x, "y.npy": y}),
		"c.csv": []byte("label," + strings.Repeat("p,", 63) + "p\n0," + row + "\n1," + row + "\n"), "d.csv": []byte("0,1,2\n1,2,3\n")})
	small := write(t, map[string][]byte{"e.csv": []byte("red,1,2.5\nblue,2,3.5\nred,3,4.5\n"), "f.csv": []byte("blue,2,2.5\n"), "g.csv": []byte("green,2,2.5\n")})
	for _, c := range []struct {
		data, test string
		want       string
	}{
		{filepath.Join(dir, "a.npz"), filepath.Join(dir, "b.npz"), "2 2"},
		{filepath.Join(small, "e.csv"), filepath.Join(small, "f.csv"), "3 1"},
		{"mnist", filepath.Join(dir, "b.npz"), "b.npz: the samples are not like those of MNIST"},
		{filepath.Join(dir, "a.npz"), filepath.Join(dir, "none"), "none: " + ostest.NoFile},
	} {
		data, err := Form{TestData: c.test}.Open(c.data)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(data.Train.Len(), data.Test.Len())
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s, %s: got %s, want %s", c.data, c.test, got, c.want)
		}
	}
}

// TestPlaces opens data in a directory within another, by a prefix of their names, and formats that are not read.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	within := filepath.Join(dir, "MNIST", "raw")
	if err := os.MkdirAll(within, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range tiny() {
		for _, prefix := range []string{"a-", "b-"} {
			if err := os.WriteFile(filepath.Join(within, prefix+name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "both a-train-images-idx3-ubyte and b-train-images-idx3-ubyte could hold the training images") {
		t.Errorf("got error %v", err)
	}
	for _, name := range []string{"a", "a-t10k-labels-idx1-ubyte"} {
		if data, err := Open(filepath.Join(within, name)); err != nil {
			t.Error(err)
		} else {
			checkTiny(t, data)
		}
	}
	for name := range tiny() {
		if err := os.Remove(filepath.Join(within, "b-"+name)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	checkTiny(t, data)
	if !strings.Contains(data.Note, "the data are in "+within) {
		t.Errorf("note %q", data.Note)
	}
	pair := write(t, map[string][]byte{"mnist_train_3.csv": []byte(table4), "mnist_test_1.csv": []byte(testTable4)})
	if data, err := Open(filepath.Join(pair, "mnist")); err != nil || data.Train.Len() != 3 || data.Test.Len() != 1 {
		t.Errorf("a prefix of tables: error %v", err)
	}
	archive := zipped(t, map[string][]byte{"x.npy": npyFile("|u1", binary.LittleEndian, false, []int{2, 8, 8}, ramp(128)), "y.npy": npyLabels(0, 1)})
	archive[bytes.Index(archive, npyLabels(0, 1)[10:])] ^= 1
	if _, err := Open(write(t, map[string][]byte{"a.npz": archive})); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a damaged archive: error %v", err)
	}
	other := write(t, map[string][]byte{"mnist.h5": []byte("\x89HDF\r\n\x1a\n")})
	for _, path := range []string{other, filepath.Join(other, "mnist.h5")} {
		if _, err := Open(path); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(other, "mnist.h5")+": expected a data set, found HDF5; convert it:") {
			t.Errorf("got error %v", err)
		}
	}
}

// FuzzArrays opens arbitrary bytes as an npy file and as a zip archive.
func FuzzArrays(f *testing.F) {
	x := npyFile("<f4", binary.LittleEndian, true, []int{2, 8, 8}, make([]float32, 128))
	f.Add(x)
	f.Add(deflated(f, x, 9))
	f.Add(npyLabels(1, 2))
	f.Add(zipped(f, map[string][]byte{"x.npy": x, "y.npy": npyLabels(0, 1)}))
	f.Add(zipped(f, map[string][]byte{"a/train.csv": []byte("1,2\n0,1\n")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"x_train.npy": {Data: data}, "y_train.npy": {Data: npyLabels(0, 1)}, "a.zip": {Data: data}}
		p := place{fsys: fsys, name: "f", available: 1 << 28}
		bounded.Check(t, func() {
			if unpack.IsZip(data) {
				if d, err := p.openFile("a.zip"); err == nil && d.Train.Len() < 1 {
					t.Error("no samples")
				}
				return
			}
			if d, err := p.open(); err == nil && (d.Train.Len() != 1 || d.Test.Len() != 1) {
				t.Errorf("%d and %d samples", d.Train.Len(), d.Test.Len())
			}
			if a, err := readArray(fsys, "x_train.npy", trainLabels, memory.NewBudget(p.available)); err == nil {
				if labels, err := a.labels(); err == nil && len(labels) < 1 {
					t.Error("no labels")
				}
			}
		})
	})
}
