package dataset

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/bounded"
	"shadegrad/internal/memory"
	"shadegrad/internal/ostest"
	"shadegrad/internal/unpack"
	"shadegrad/testdata"
)

// idx encodes values under magic and the dimensions.
func idx(magic uint32, dims []uint32, values ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, magic)
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, values...)
}

func images(n, h, w uint32, values ...byte) []byte {
	return idx(imagesMagic, []uint32{n, h, w}, values...)
}
func labels(values ...byte) []byte {
	return idx(labelsMagic, []uint32{uint32(len(values))}, values...)
}

// tiny is a data set of two training images and one test image of 3x2.
func tiny() map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte": images(2, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		"train-labels-idx1-ubyte": labels(4, 1),
		"t10k-images-idx3-ubyte":  images(1, 2, 3, 20, 21, 22, 23, 24, 25),
		"t10k-labels-idx1-ubyte":  labels(6),
	}
}

func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuiltInMNIST(t *testing.T) {
	data, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if data.Name != "MNIST (built in)" {
		t.Errorf("name is %q", data.Name)
	}
	histograms := map[*Set][10]int{
		&data.Train: {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
		&data.Test:  {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009},
	}
	for set, want := range histograms {
		var got [10]int
		for _, label := range set.Labels {
			got[label]++
		}
		if got != want {
			t.Errorf("labels counted %v, want %v", got, want)
		}
		if set.Width != 28 || set.Height != 28 || set.Features() != 784 || set.Classes != 10 ||
			len(set.Images) != 784*set.Len() {
			t.Errorf("%dx%d, %d features, %d classes, %d bytes", set.Width, set.Height, set.Features(), set.Classes, len(set.Images))
		}
		if err := set.CheckLabels(10); err != nil {
			t.Error(err)
		}
	}
	if !bytes.Equal(data.Train.Labels[:5], []byte{5, 0, 4, 1, 9}) || !bytes.Equal(data.Test.Labels[:5], []byte{7, 2, 1, 0, 4}) {
		t.Errorf("first labels are %v and %v", data.Train.Labels[:5], data.Test.Labels[:5])
	}
	if n := len(data.Train.Image(59_999)); n != 784 {
		t.Errorf("last image has %d pixels", n)
	}
}

// TestBuiltInMNISTChecksums compares the published checksums of the uncompressed files,
// including their headers.
func TestBuiltInMNISTChecksums(t *testing.T) {
	data, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	raw := map[string][]byte{
		"train-images-idx3-ubyte": images(60_000, 28, 28, data.Train.Images...),
		"train-labels-idx1-ubyte": labels(data.Train.Labels...),
		"t10k-images-idx3-ubyte":  images(10_000, 28, 28, data.Test.Images...),
		"t10k-labels-idx1-ubyte":  labels(data.Test.Labels...),
	}
	sums, err := fs.ReadFile(testdata.MNIST, "mnist/SHA256SUMS.raw.txt")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(sums)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if sum := sha256.Sum256(raw[name]); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has SHA-256 %x, want %s", name, sum, want)
		}
		checked++
	}
	if checked != 4 {
		t.Errorf("%d checksums compared, want 4", checked)
	}

	// Uncompressed files have the same content.
	dir := write(t, raw)
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Name != dir || !bytes.Equal(again.Train.Images, data.Train.Images) || !bytes.Equal(again.Test.Labels, data.Test.Labels) {
		t.Error("uncompressed files give other data")
	}
}

func checkTiny(t *testing.T, data *Data) {
	t.Helper()
	if data.Train.Len() != 2 || data.Test.Len() != 1 || data.Train.Width != 3 || data.Test.Height != 2 ||
		data.Train.Classes != 7 || data.Test.Classes != 7 {
		t.Errorf("got %+v", data)
	}
	if !bytes.Equal(data.Train.Image(1), []byte{7, 8, 9, 10, 11, 12}) || !bytes.Equal(data.Test.Image(0), []byte{20, 21, 22, 23, 24, 25}) {
		t.Errorf("images are %v and %v", data.Train.Image(1), data.Test.Image(0))
	}
}

func TestNames(t *testing.T) {
	rename := func(change func(string) string) map[string][]byte {
		files := map[string][]byte{}
		for name, data := range tiny() {
			files[change(name)] = data
		}
		return files
	}
	compressed := func(files map[string][]byte) map[string][]byte {
		for name, data := range files {
			files[name] = deflated(t, data, 9)
		}
		return files
	}
	both := tiny()
	for name, data := range tiny() {
		both[name+".gz"] = deflated(t, append(data, 1), 9) // would be refused
	}
	for name, files := range map[string]map[string][]byte{
		"plain":            tiny(),
		"gzip":             compressed(rename(func(s string) string { return s + ".gz" })),
		"gzip without .gz": compressed(tiny()),
		"plain with .gz":   rename(func(s string) string { return s + ".gz" }),
		"both":             both,
		"dot":              rename(func(s string) string { return strings.Replace(s, "-idx", ".idx", 1) }),
		"test for t10k":    rename(func(s string) string { return strings.Replace(s, "t10k", "test", 1) }),
		"prefix":           rename(func(s string) string { return "kuzushiji-" + s }),
		"with a dot":       compressed(rename(func(s string) string { return "kmnist.letters-" + strings.Replace(s, "t10k", "test", 1) + ".gz" })),
		"with other files": func() map[string][]byte { f := tiny(); f["train-images.png"] = nil; f["notes"] = nil; return f }(),
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, files)
			data, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			checkTiny(t, data)
		})
	}

	t.Run("directories of the files' names", func(t *testing.T) {
		dir := write(t, rename(func(s string) string { return strings.Replace(s, "-idx", ".idx", 1) }))
		for name := range tiny() {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		data, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		checkTiny(t, data)
	})
	t.Run("symbolic links", func(t *testing.T) {
		target, dir := write(t, tiny()), t.TempDir()
		for name := range tiny() {
			ostest.Symlink(t, filepath.Join(target, name), filepath.Join(dir, name))
		}
		data, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		checkTiny(t, data)
	})
}

func TestOpenTestNeedsNoTrainingSet(t *testing.T) {
	files := tiny()
	delete(files, "train-labels-idx1-ubyte")
	files["train-images-idx3-ubyte"] = []byte("damaged")
	data, err := Form{}.OpenTest(write(t, files))
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 0 || data.Test.Len() != 1 || data.Test.Classes != 7 {
		t.Errorf("got %+v", data)
	}
	if data, err = (Form{}).OpenTest(""); err != nil || data.Test.Len() != 10_000 {
		t.Errorf("built-in test set: error %v", err)
	}
}

func TestCheckLabels(t *testing.T) {
	dir := write(t, tiny())
	data, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := data.Test.CheckLabels(7); err != nil {
		t.Error(err)
	}
	want := filepath.Join(dir, "t10k-labels-idx1-ubyte") + ": label out of range at byte 8: expected 0 to 5, found 6"
	if err := data.Test.CheckLabels(6); err == nil || err.Error() != want {
		t.Errorf("got error %v\nwant %s", err, want)
	}
	if err := data.Train.CheckLabels(2); err == nil || !strings.Contains(err.Error(), "train-labels-idx1-ubyte: label out of range at byte 8: expected 0 to 1, found 4") {
		t.Errorf("got error %v", err)
	}
}

// TestFaults applies faults to the tiny data set. want is the whole message, in which DIR stands for
// the directory.
func TestFaults(t *testing.T) {
	const ti, tl, vi, vl = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
	gz := func(data []byte) []byte { return deflated(t, data, 9) }
	stored := func(data []byte) []byte { return deflated(t, data, flate.NoCompression) }
	set := func(name string, data []byte) func(map[string][]byte) {
		return func(f map[string][]byte) { f[name] = data }
	}
	billion := images(1_000_000_000, 28, 28, 0)
	badSum := gz(tiny()[ti])
	badSum[len(badSum)-8] ^= 1
	badSize := gz(tiny()[ti])
	badSize[len(badSize)-4] ^= 1

	for _, c := range []struct {
		name   string
		change func(map[string][]byte)
		want   string
	}{
		{"nothing there", func(f map[string][]byte) { clear(f) },
			"DIR: no data found; looked for IDX files (train-images-idx3-ubyte and so on), CSV files (such as train.csv and " +
				"test.csv) and a directory of pictures for each class"},
		{"missing", func(f map[string][]byte) { delete(f, tl) },
			"DIR: train-labels-idx1-ubyte is missing (with or without .gz), which goes with train-images-idx3-ubyte"},
		{"missing with prefix", func(f map[string][]byte) { clear(f); f["emnist-digits-test-images-idx3-ubyte.gz"] = nil },
			"DIR: emnist-digits-train-images-idx3-ubyte is missing (with or without .gz), which goes with emnist-digits-test-images-idx3-ubyte.gz"},
		{"ambiguous", set("emnist-letters-"+ti, nil),
			"DIR: both emnist-letters-train-images-idx3-ubyte and train-images-idx3-ubyte could hold the training images; choose one with -data=DIRECTORY/FILE"},
		{"mixed", func(f map[string][]byte) { f["emnist-"+vi] = f[vi]; delete(f, vi) },
			"DIR: train-images-idx3-ubyte and emnist-t10k-images-idx3-ubyte belong to different data sets; choose one with -data=DIRECTORY/FILE"},
		{"empty", set(ti, nil), "DIR/train-images-idx3-ubyte: truncated: expected a header of 16 bytes, the file ends at byte 0"},
		{"header cut", set(ti, images(2, 2, 3)[:10]), "DIR/train-images-idx3-ubyte: truncated: expected a header of 16 bytes, the file ends at byte 10"},
		{"truncated", set(ti, images(2, 2, 3, 1, 2, 3)),
			"DIR/train-images-idx3-ubyte: truncated: the header announces 2 images of 3x2, 12 bytes from byte 16 on; the file ends at byte 19"},
		{"truncated labels", set(vl, labels(1, 2)[:9]),
			"DIR/t10k-labels-idx1-ubyte: truncated: the header announces 2 labels, 2 bytes from byte 8 on; the file ends at byte 9"},
		{"truncated before gzip", set(ti, gz(images(2, 2, 3, 1, 2, 3))),
			"DIR/train-images-idx3-ubyte: truncated: expected 2 images of 3x2 up to byte 28, the data ends at byte 19"},
		{"gzip of nothing", set(ti, gz(nil)), "DIR/train-images-idx3-ubyte: truncated: expected a header of 16 bytes, the file ends at byte 0"},
		{"trailing", set(ti, append(tiny()[ti], 0, 0)),
			"DIR/train-images-idx3-ubyte: trailing bytes: expected 2 images of 3x2 and the end of the file at byte 28, found 2 more"},
		{"trailing before gzip", set(ti, gz(append(tiny()[ti], 0))),
			"DIR/train-images-idx3-ubyte: trailing bytes: expected 2 images of 3x2 and the end of the data at byte 28, found more"},
		{"trailing after gzip", set(vl, append(stored(tiny()[vl]), 0)),
			"DIR/t10k-labels-idx1-ubyte: trailing bytes: expected the end of the file at byte 37, found 1 more after the gzip data"},
		{"not gzip", func(f map[string][]byte) { delete(f, ti); f[ti+".gz"] = []byte("\x89PNG\r\n\x1a\n") },
			"DIR/train-images-idx3-ubyte.gz: wrong magic number at byte 0: expected 0x00000803 (IDX images), found 0x89504e47, neither IDX nor gzip"},
		{"web page", func(f map[string][]byte) { delete(f, ti); f[ti+".gz"] = []byte("<!DOCTYPE html><html>") },
			"DIR/train-images-idx3-ubyte.gz: wrong magic number at byte 0: expected 0x00000803 (IDX images), found 0x3c21444f, " +
				"neither IDX nor gzip (it is a web page; the download went wrong)"},
		{"labels for images", set(ti, append(labels(1, 2), make([]byte, 20)...)),
			"DIR/train-images-idx3-ubyte: wrong magic number at byte 0: expected 0x00000803 (IDX images), found 0x00000801 (IDX labels)"},
		{"images for labels", set(tl, gz(tiny()[ti])),
			"DIR/train-labels-idx1-ubyte: wrong magic number at byte 0: expected 0x00000801 (IDX labels), found 0x00000803 (IDX images)"},
		{"of an unknown type", set(ti, idx(0x0a03, []uint32{1, 1, 1}, 0, 0, 0, 0)),
			"DIR/train-images-idx3-ubyte: wrong magic number at byte 0: expected 0x00000803 (IDX images), " +
				"found 0x00000a03 (IDX with values of type 0x0a in 3 dimensions)"},
		{"counts differ", set(tl, labels(4, 1, 1)),
			"DIR/train-labels-idx1-ubyte: at byte 4: expected 2 labels, one for each image of train-images-idx3-ubyte, found 3"},
		{"sizes differ", set(vi, images(1, 3, 2, 0, 0, 0, 0, 0, 0)),
			"DIR/t10k-images-idx3-ubyte: at byte 8: expected images of 3x2 as in train-images-idx3-ubyte, found 2x3"},
		{"no images", set(ti, images(0, 2, 3)), "DIR/train-images-idx3-ubyte: at byte 4: expected at least one image, found 0"},
		{"no labels", set(tl, labels()), "DIR/train-labels-idx1-ubyte: at byte 4: expected at least one label, found 0"},
		{"no rows", set(ti, images(2, 0, 3)), "DIR/train-images-idx3-ubyte: at byte 8: expected at least one row, found 0"},
		{"no columns", set(ti, images(2, 2, 0)), "DIR/train-images-idx3-ubyte: at byte 12: expected at least one column, found 0"},
		{"a billion images", set(ti, billion),
			"DIR/train-images-idx3-ubyte: truncated: the header announces 1000000000 images of 28x28, 784000000000 bytes from byte 16 on; the file ends at byte 17"},
		{"a billion images in gzip", set(ti, stored(billion)),
			"DIR/train-images-idx3-ubyte: at byte 4: the header announces 1000000000 images of 28x28, 784000000000 bytes; " +
				"the compressed file cannot hold more than 46424"},
		{"overflow", set(ti, images(1<<32-1, 1<<32-1, 1<<32-1, 0)),
			"DIR/train-images-idx3-ubyte: truncated: the header announces 4294967295 images of 4294967295x4294967295, over 2^64 bytes from byte 16 on; the file ends at byte 17"},
		{"overflow to a small number", set(ti, images(1<<31, 1<<31, 4, 0)),
			"DIR/train-images-idx3-ubyte: truncated: the header announces 2147483648 images of 4x2147483648, over 2^64 bytes from byte 16 on; the file ends at byte 17"},
		{"gzip cut", set(vl, stored(tiny()[vl])[:30]),
			"DIR/t10k-labels-idx1-ubyte: truncated gzip data: the file ends at byte 30, before the compressed data does"},
		{"gzip checksum", set(ti, badSum), fmt.Sprintf(
			"DIR/train-images-idx3-ubyte: damaged gzip data at byte %d: the checksum or the length does not fit the data", len(badSum))},
		{"gzip size", set(ti, badSize), fmt.Sprintf(
			"DIR/train-images-idx3-ubyte: damaged gzip data at byte %d: the checksum or the length does not fit the data", len(badSize))},
		{"gzip method", set(ti, append([]byte{0x1f, 0x8b, 7}, make([]byte, 20)...)),
			"DIR/train-images-idx3-ubyte: damaged gzip data at byte 10: no valid gzip header"},
		{"gzip damaged", set(ti, append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}, 0xff, 0xff)),
			"DIR/train-images-idx3-ubyte: damaged gzip data at byte 11: no valid deflate data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := tiny()
			c.change(files)
			dir := write(t, files)
			_, err := Open(dir)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(filepath.ToSlash(err.Error()), filepath.ToSlash(dir), "DIR")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFaultsOfTheDirectory(t *testing.T) {
	dir := write(t, map[string][]byte{"file": nil, "t10k-labels-idx1-ubyte": nil, "a.PNG": nil})
	idx, picture := filepath.Join(dir, "t10k-labels-idx1-ubyte"), filepath.Join(dir, "a.PNG")
	for path, want := range map[string]string{
		idx:                        idx + ": train-images-idx3-ubyte is missing (with or without .gz), which goes with t10k-labels-idx1-ubyte",
		picture:                    picture + ": a single picture is not a data set; name a directory with a directory of pictures for each class",
		filepath.Join(dir, "none"): filepath.Join(dir, "none") + ": " + ostest.NoFile + "; built in are " + builtInNames,
		filepath.Join(dir, "file"): filepath.Join(dir, "file") + ": expected lines of text, found an empty file",
	} {
		_, err := Open(path)
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v does not wrap fs.ErrNotExist", err)
	}

	files := tiny()
	delete(files, "t10k-labels-idx1-ubyte")
	dir = write(t, files)
	name := filepath.Join(dir, "t10k-labels-idx1-ubyte")
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || err.Error() != name+": expected a file, found a directory" {
		t.Errorf("got error %v", err)
	}
}

// A lockedFS refuses to open one file, as the system does to a user without permission (but not to root, whom the tests
// may run as).
type lockedFS struct {
	fstest.MapFS
	name string
	err  error
}

func (l lockedFS) Open(name string) (fs.File, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: l.err}
	}
	return l.MapFS.Open(name)
}

func TestUnreadableFile(t *testing.T) {
	files := fstest.MapFS{}
	for name, data := range tiny() {
		files[name] = &fstest.MapFile{Data: data}
	}
	locked := lockedFS{files, "train-labels-idx1-ubyte", fs.ErrPermission}
	_, err := place{fsys: locked, name: "DIR", prefix: "DIR/", available: -1}.open()
	if err == nil || err.Error() != "DIR/train-labels-idx1-ubyte: permission denied" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got error %v", err)
	}
	files["t10k-images-idx3-ubyte"].Mode = fs.ModeNamedPipe
	_, err = place{fsys: files, name: "DIR", prefix: "DIR/", testOnly: true, available: -1}.open()
	if err == nil || err.Error() != "DIR/t10k-images-idx3-ubyte: expected a file, found a pipe" {
		t.Errorf("got error %v", err)
	}
}

// TestHostileHeaderAllocatesNothing checks that the reader does not allocate memory just
// because a header asks for it.
func TestHostileHeaderAllocatesNothing(t *testing.T) {
	for name, data := range map[string][]byte{
		"plain": images(1_000_000_000, 28, 28, 0),
		"gzip":  deflated(t, images(1_000_000_000, 28, 28, 0), 9),
	} {
		fsys := fstest.MapFS{"f": &fstest.MapFile{Data: data}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readArray(fsys, "f", trainImages, plenty())
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 1<<20 {
			t.Errorf("%s: %d bytes allocated to refuse a file of %d", name, bytes, len(data))
		}
	}
}

// plenty is a budget of what tests need.
func plenty() *memory.Budget { return memory.NewBudget(1 << 30) }

// TestTooLarge checks that a valid file is refused if it does not fit in this machine's memory.
func TestTooLarge(t *testing.T) {
	data := images(100, 10, 10, make([]byte, 10000)...)
	packed := deflated(t, data, 9)
	for _, c := range []struct {
		name   string
		data   []byte
		memory int64
		want   string // empty: it is read
	}{
		{"plain", data, 10000, ""},
		{"plain", data, 9999, "at byte 4: the header announces 100 images of 10x10: 10000 bytes (9.8 KiB) asked for, 9999 bytes (9.8 KiB) of memory available"},
		{"gzip", packed, int64(len(packed)) + 10016, ""},
		{"gzip", packed, int64(len(packed)) + 10015, "at byte 4: the header announces 100 images of 10x10: 10016 bytes (9.8 KiB) asked for, 10015 bytes (9.8 KiB) of memory available"},
		{"gzip", packed, 10, fmt.Sprintf("the file is too large: %d bytes asked for, 10 bytes of memory available", len(packed))},
	} {
		fsys := fstest.MapFS{"f": &fstest.MapFile{Data: c.data}}
		_, err := readArray(fsys, "f", trainImages, memory.NewBudget(c.memory))
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && got != c.want {
			t.Errorf("%s, %d bytes of memory: error %v, want %q", c.name, c.memory, err, c.want)
		}
	}
}

// FuzzIDX reads arbitrary bytes as either kind of file. An accepted file must match its header exactly.
func FuzzIDX(f *testing.F) {
	for _, data := range tiny() {
		f.Add(data)
		f.Add(deflated(f, data, 9))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"f": &fstest.MapFile{Data: data}}
		for _, r := range []role{trainImages, trainLabels} {
			var x *array
			var err error
			bounded.Check(t, func() { x, err = readArray(fsys, "f", r, memory.NewBudget(1<<28)) })
			if err != nil {
				continue
			}
			if n, ok := x.Bytes(); n < 1 || !ok || n != uint64(len(x.values)) {
				t.Errorf("an array of %v values of %d bytes in %d bytes", x.Shape, x.Size, len(x.values))
			}
			if unpack.IsGzip(data) || !x.idx {
				continue
			}
			if !bytes.Equal(append(data[:x.start:x.start], x.values...), data) {
				t.Error("accepted data are not those of the file")
			}
		}
	})
}

func BenchmarkOpenBuiltIn(b *testing.B) {
	for b.Loop() {
		if _, err := Open(""); err != nil {
			b.Fatal(err)
		}
	}
}
