package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// encoded returns an image as a PNG file.
func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// greyPNG is a PNG file of these pixels.
func greyPNG(t testing.TB, w, h int, pixels ...byte) []byte {
	return encoded(t, &image.Gray{Pix: pixels, Stride: w, Rect: image.Rect(0, 0, w, h)})
}

// writeTree writes files with the directories that their names have.
func writeTree(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestImageFolders(t *testing.T) {
	img := func(v byte) []byte { return greyPNG(t, 3, 2, v, v+1, v+2, v+3, v+4, v+5) }
	for name, rename := range map[string]func(string) string{
		"train and test": func(s string) string { return s },
		"training and testing": func(s string) string {
			return strings.NewReplacer("train/", "Training/", "test/", "testing/").Replace(s)
		},
	} {
		files := map[string][]byte{}
		for name, data := range map[string][]byte{
			"train/2/b.png": img(20), "train/2/a.PNG": img(30), "train/10/x.jpeg.png": img(40), "train/1/1.png": img(50),
			"train/1/2.png/": nil, "train/5/": nil, "train/__MACOSX/._x.png": nil, "test/3/none.txt": nil, "train/10/notes.txt": []byte("?"), "train/10/.hidden.png": []byte("?"), "train/.git/a.png": []byte("?"), "labels.csv": []byte("name,what"),
			"test/10/y.png": img(60), "test/1/z.png": img(70), "readme.txt": nil,
		} {
			files[rename(name)] = data
		}
		t.Run(name, func(t *testing.T) {
			dir := writeTree(t, files)
			data, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(data.ClassNames, []string{"1", "2", "10"}) || !strings.HasPrefix(data.Note, "files that are not pictures: 2 skipped, such as ") || data.Name != dir {
				t.Errorf("got %+v", data)
			}
			check := func(s *Set, first, labels []byte) {
				t.Helper()
				if s.Width != 3 || s.Height != 2 || s.Classes != 3 || !bytes.Equal(s.Labels, labels) {
					t.Fatalf("got %+v", s)
				}
				for i, v := range first {
					if !bytes.Equal(s.Image(i), []byte{v, v + 1, v + 2, v + 3, v + 4, v + 5}) {
						t.Errorf("image %d is %v", i, s.Image(i))
					}
				}
			}
			check(&data.Train, []byte{50, 30, 20, 40}, []byte{0, 1, 1, 2})
			check(&data.Test, []byte{70, 60}, []byte{0, 2})
			test, err := Form{}.OpenTest(dir)
			if err != nil || test.Train.Len() != 0 || !slices.Equal(test.ClassNames, data.ClassNames) {
				t.Fatalf("error %v", err)
			}
			check(&test.Test, []byte{70, 60}, []byte{0, 2})
			want := filepath.Join(dir, filepath.FromSlash(rename("test/10/y.png"))) + ": label out of range: expected 0 to 1, found 2"
			if err := data.Test.CheckLabels(2); err == nil || err.Error() != want {
				t.Errorf("got error %v, want %s", err, want)
			}
		})
	}
}

// TestImageFoldersWithoutTest checks that a fifth of each class becomes the test set if there
// are no directories train and test.
func TestImageFoldersWithoutTest(t *testing.T) {
	for _, top := range []string{"", "train/"} {
		files := map[string][]byte{}
		for class, n := range map[string]int{"cat": 10, "test": 15} { // a class called test
			for i := range n {
				files[fmt.Sprintf("%s%s/%03d.png", top, class, i)] = greyPNG(t, 1, 1, byte(100*len(class)%200+i))
			}
		}
		dir := writeTree(t, files)
		data, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		where := dir
		if top != "" {
			where = filepath.Join(dir, "train")
		}
		if data.Train.Len() != 20 || data.Test.Len() != 5 || bytes.Count(data.Test.Labels, []byte{1}) != 3 || !slices.Equal(data.ClassNames, []string{"cat", "test"}) ||
			data.Note != where+" has no test part: 5 of its 25 samples, always the same, are held out as one" {
			t.Errorf("%q: got %+v", top, data)
		}
		test, err := Form{}.OpenTest(dir)
		if err != nil || !bytes.Equal(test.Test.Images, data.Test.Images) {
			t.Errorf("the test part alone differs; error %v", err)
		}
	}
}

// hugePNG is the beginning of a PNG file whose header announces so many pixels.
func hugePNG(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	header = binary.BigEndian.AppendUint32(header, h)
	header = append(header, 16, 6, 0, 0, 0) // four channels of 16 bits
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
}

func TestImageFaults(t *testing.T) {
	good := greyPNG(t, 3, 2, 1, 2, 3, 4, 5, 6)
	damaged := bytes.Clone(good)
	damaged[len(damaged)-20] ^= 0x55
	var many = map[string][]byte{}
	for i := range 257 {
		many[fmt.Sprintf("%d/1.png", i)] = good
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"other size", map[string][]byte{"a/1.png": good, "b/1.png": good, "b/2.png": greyPNG(t, 2, 3, 1, 2, 3, 4, 5, 6)},
			"DIR/b/2.png: expected a picture of 3x2 as a/1.png, found 2x3"},
		{"other size in the test", map[string][]byte{"train/a/1.png": good, "train/b/1.png": good, "test/a/1.png": greyPNG(t, 1, 1, 1)},
			"DIR/test/a/1.png: expected a picture of 3x2 as train/a/1.png, found 1x1"},
		{"empty", map[string][]byte{"a/1.png": good, "b/1.png": nil}, "DIR/b/1.png: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found an empty file"},
		{"first empty", map[string][]byte{"a/1.png": nil, "b/1.png": good}, "DIR/a/1.png: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found an empty file"},
		{"text", map[string][]byte{"a/1.png": good, "b/1.png": []byte("<html>")},
			"DIR/b/1.png: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found a web page; the download went wrong"},
		{"cut", map[string][]byte{"a/1.png": good, "b/1.png": good[:len(good)-12]}, "DIR/b/1.png: truncated picture: the file ends before the picture does"},
		{"header cut", map[string][]byte{"a/1.png": good, "b/1.png": good[:20]}, "DIR/b/1.png: truncated picture: the file ends before the picture does"},
		{"damaged", map[string][]byte{"a/1.png": good, "b/1.png": damaged}, "DIR/b/1.png: damaged picture: png: invalid format: zlib: invalid checksum"},
		{"first of two", map[string][]byte{"a/1.png": good, "b/1.png": damaged, "b/2.png": nil}, "DIR/b/1.png: damaged picture: png: invalid format: zlib: invalid checksum (one of 2 unreadable pictures of 3)"},
		{"hostile header", map[string][]byte{"a/1.png": hugePNG(20_000, 20_000), "b/1.png": good},
			"DIR/a/1.png: expected a picture of at most 64 million pixels, none of its sides over 30000, found 20000x20000; scale it down first"},
		{"no images", map[string][]byte{"a/1.txt": good, "b/": nil}, "DIR: " + errNothing.Error()},
		{"no training part", map[string][]byte{"test/a/1.png": good}, "DIR: test holds the test data; the training data are missing, expected in train"},
		{"a class that is not trained", map[string][]byte{"train/a/1.png": good, "train/b/1.png": good, "test/a/1.png": good, "test/c/1.png": good},
			"DIR: test/c/1.png has the class c, which no training picture has"},
		{"two training parts", map[string][]byte{"train/a/1.png": good, "training/a/1.png": good, "test/a/1.png": good},
			"DIR: both train and training could hold the training data; keep one of them"},
		{"too many classes", many, "DIR: found 257 classes: expected at most 256"},
		{"one image", map[string][]byte{"a/1.png": good}, "DIR: fewer than two classes: expected a directory of pictures for each class, found all 1 in DIR/a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := writeTree(t, c.files)
			_, err := Open(dir)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(filepath.ToSlash(err.Error()), filepath.ToSlash(dir), "DIR"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestHostileImages checks that the reader does not allocate memory just because an image
// claims a large size.
func TestHostileImages(t *testing.T) {
	good := greyPNG(t, 1, 1, 1)
	for name, files := range map[string]map[string][]byte{
		"first":  {"a/1.png": hugePNG(1<<30, 1<<30), "b/1.png": good},
		"beyond": {"a/1.png": hugePNG(1<<31-1, 1<<31-1), "b/1.png": good},
		"second": {"a/1.png": good, "b/1.png": hugePNG(60_000, 60_000)},
	} {
		dir := writeTree(t, files)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(dir)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "1.png: ") {
			t.Errorf("%s: error %v", name, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
			t.Errorf("%s: %d bytes allocated", name, taken)
		}
	}
}

// TestSkippedFiles checks the note on files in a class's directory that are not read, which may be all of its files.
func TestSkippedFiles(t *testing.T) {
	img := greyPNG(t, 2, 1, 1, 2)
	files := map[string][]byte{"train/a/1.png": img, "train/b/1.png": img, "test/a/1.png": img}
	for _, c := range []struct{ more, want string }{
		{"train/a/.DS_Store", ""},
		{"train/c/1.doc", "files that are not pictures: 1 skipped, such as train/c/1.doc"},
		{"test/a/notes.txt", "files that are not pictures: 2 skipped, such as test/a/notes.txt"},
	} {
		files[c.more] = []byte("?")
		dir := writeTree(t, files)
		data, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(filepath.ToSlash(data.Note), filepath.ToSlash(dir)+"/", ""); got != c.want || len(data.ClassNames) != 2 {
			t.Errorf("with %s: note %q, classes %q", c.more, got, data.ClassNames)
		}
	}
	dir := writeTree(t, map[string][]byte{"a/1.png": img, "a/2.png": img, "c/1.png": img, "b/1.doc": img})
	data, err := Open(dir)
	if err != nil || !strings.HasSuffix(data.Note, "are held out as one; files that are not pictures: 1 skipped, such as "+filepath.Join(dir, "b", "1.doc")) {
		t.Errorf("note %q, %v", data.Note, err)
	}
}

// TestUnreadablePictures checks that one picture in 1,000, or one of 20, may be unreadable, with a note that names it.
func TestUnreadablePictures(t *testing.T) {
	for _, c := range []struct{ good, bad, read int }{{19, 1, 19}, {18, 1, 0}, {60, 2, 0}} {
		files := map[string][]byte{}
		for i := range c.good + c.bad {
			files[fmt.Sprintf("%d/%03d.png", i%3, i)] = greyPNG(t, 2, 1, byte(100+i), 9)
			if i < c.bad {
				files[fmt.Sprintf("%d/%03d.png", i%3, i)] = []byte("II*\x00")
			}
		}
		dir := writeTree(t, files)
		data, err := Open(dir)
		first := filepath.Join(dir, "0", "000.png") + ": truncated picture: the file ends before the picture does"
		switch {
		case c.read == 0 && (err == nil || !strings.HasPrefix(err.Error(), first)):
			t.Errorf("%+v: error %v", c, err)
		case c.read > 0 && (err != nil || data.Train.Len()+data.Test.Len() != c.read || !strings.HasSuffix(data.Note, "omitted 1 of 20 pictures: "+first)):
			t.Errorf("%+v: error %v, data %+v", c, err, data)
		}
	}
}

// TestResize scales pictures of different sizes to one.
func TestResize(t *testing.T) {
	dir := writeTree(t, map[string][]byte{"a/1.png": greyPNG(t, 2, 2, 9, 9, 9, 9), "b/1.png": greyPNG(t, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1), "b/2.png": greyPNG(t, 1, 1, 5)})
	var size *SizeError
	if _, err := Open(dir); !errors.As(err, &size) || size.Want != (Size{2, 2}) || size.Size != (Size{4, 2}) {
		t.Errorf("error %v", err)
	}
	data, err := Form{Resize: Size{3, 5}}.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Set{&data.Train, &data.Test} {
		for i := range s.Len() {
			if want := bytes.Repeat(s.Image(i)[:1], 15); !bytes.Equal(s.Image(i), want) || s.Width != 3 || s.Height != 5 {
				t.Errorf("got %v of %dx%d", s.Image(i), s.Width, s.Height)
			}
		}
	}
	rows, err := Open("xor")
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.resize(Size{2, 2}); !errors.Is(err, ErrNoImages) {
		t.Errorf("rows of numbers: %v", err)
	}
	mnist := inked(t, 3, func(int, []byte) {})
	if err := mnist.resize(Size{14, 14}); err != nil || mnist.Train.Width != 14 || len(mnist.Train.Images) != 3*14*14 {
		t.Errorf("MNIST: %v, %dx%d", err, mnist.Train.Width, mnist.Train.Height)
	}
}

// TestDeepPictures checks that all pictures with 16 bits per sample have the same white.
func TestDeepPictures(t *testing.T) {
	deep := func(v uint16) []byte {
		img := image.NewGray16(image.Rect(0, 0, 1, 1))
		img.Pix[0], img.Pix[1] = byte(v>>8), byte(v)
		return encoded(t, img)
	}
	data, err := Open(writeTree(t, map[string][]byte{"train/a/1.png": deep(4095), "train/b/1.png": deep(200), "test/a/1.png": deep(1000)}))
	if err != nil || !bytes.Equal(data.Train.Images, []byte{255, 12}) || !bytes.Equal(data.Test.Images, []byte{62}) {
		t.Errorf("train %v, test %v, error %v", data.Train.Images, data.Test.Images, err)
	}
}

// TestValidationPart checks that a validation part stays one.
func TestValidationPart(t *testing.T) {
	files := map[string][]byte{}
	for i, name := range []string{"train/a/1.png", "train/b/1.png", "train/b/2.png", "val/a/1.png", "val/b/1.png", "test/b/1.png"} {
		files[name] = greyPNG(t, 1, 1, byte(i+1))
	}
	dir := writeTree(t, files)
	for _, n := range []float64{0, 2} {
		data, err := Form{}.OpenSplit(dir, n, 1)
		if err != nil || !bytes.Equal(data.Validation.Images, []byte{4, 5}) || data.Train.Len() != 3 || data.Test.Len() != 1 {
			t.Errorf("%g held out: error %v, %+v", n, err, data)
		}
	}
	if _, err := (Form{}).OpenSplit(dir, 1, 1); !errors.Is(err, ErrHeldOut) {
		t.Errorf("error %v", err)
	}
}

// TestTableOfLabels reads pictures with a table next to them.
func TestTableOfLabels(t *testing.T) {
	files := map[string][]byte{"labels.csv": []byte("what,file\ncat,1.png\ndog,2.png\ncat,3.png\ndog,4.png\ndog,5.png\ncat,6.png\n")}
	for i := range 6 {
		files[fmt.Sprintf("images/%d.png", i+1)] = greyPNG(t, 1, 1, byte(10*i+10))
	}
	dir := writeTree(t, files)
	data, err := Open(dir)
	if err != nil || !slices.Equal(data.ClassNames, []string{"cat", "dog"}) || !strings.HasSuffix(data.Note, "labels: column what of "+filepath.Join(dir, "labels.csv")+", for 6 of 6 pictures") {
		t.Fatalf("error %v, %+v", err, data)
	}
	for _, s := range []*Set{&data.Train, &data.Test} {
		for i, label := range s.Labels {
			if v := s.Images[i]; (v == 10 || v == 30 || v == 60) != (label == 0) {
				t.Errorf("picture %d has label %d", v/10, label)
			}
		}
	}
}
