package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// table returns a CSV file of two classes with so many rows.
func table(rows int) string {
	return "label,a,b\n" + strings.Repeat("0,1,2.5\n1,3,0.5\n", rows/2)
}

// pictureFile returns a PNG file of an image of this size.
func pictureFile(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// putAll writes files and their directories.
func putAll(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, path, data)
	}
}

// refused checks that train refuses the data in a directory: exit status 1, one line on stderr,
// nothing on stdout, nothing trained, and the files unchanged.
func refused(t *testing.T, p place, files map[string][]byte, data string, want ...string) {
	t.Helper()
	putAll(t, p.dir, files)
	r := p.run("train", "-backend=cpu", "-data="+data, "-hidden=4", "-epochs=1", "-save="+p.path("m")).is(1, append(want, "shadegrad: ")...)
	if r.stdout != "" || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("want one line on stderr and none on stdout, got\n%s\n%s", r.stderr, r.stdout)
	}
	mustNotExist(t, p.path("m"))
	for name, before := range files {
		if !bytes.Equal(contents(t, p.path(name)), before) {
			t.Errorf("%s was changed", name)
		}
	}
}

// TestCSV checks the row of FAULTS.md on CSV files: file, line and column, expected and found.
func TestCSV(t *testing.T) {
	good := table(20)
	for _, c := range []struct{ fault, text, want string }{
		{"row too short", good + "1,2\n", "line 22, column 2: expected 3 columns as in line 1, found 2"},
		{"row too long", good + "1,2,3,4\n", "line 22, column 4: expected 3 columns as in line 1, found 4"},
		{"no label in line 1", "5x,7,8\n1,2,3\n", `line 1, column 1: expected a label, a whole number from 0 to 255 as in most rows, found "5x"`},
		{"not a number", good + "1,2,x\n", `line 22, column 3: expected a number, found "x"`},
		{"nothing for a number", good + "1,,2\n", "line 22, column 2: a missing value (1 such value in `a`)"},
		{"NaN", good + "1,nan,2\n", "line 22, column 2: a missing value (1 such value in `a`)"},
		{"infinite", good + "1,2,-Inf\n", `line 22, column 3: expected a finite number, found "-Inf"`},
		{"out of range", good + "1,2,1e40\n", `line 22, column 3: expected a number up to 3.4e38 in magnitude, found "1e40"`},
		{"label out of range", good + "256,2,3\n", `line 22, column 1: expected a label, a whole number from 0 to 255 as in most rows, found "256"`},
		{"label not whole", good + "0.5,2,3\n", `line 22, column 1: expected a label, a whole number from 0 to 255 as in most rows, found "0.5"`},
		{"empty", "", "expected lines of text, found an empty file"},
		{"header only", "label,a,b\n", "expected rows of numbers after the names in line 1, found the end of the file"},
		{"truncated gzip", string(gzipped([]byte(good))[:30]), "truncated gzip data: the file ends at byte 30, before the compressed data does"},
		{"a long line", string(gzipped([]byte(good + strings.Repeat("0,", 5<<20)))), "line 22: expected a line of at most 8388608 bytes (8.0 MiB), found a longer one"},
		{"binary", "\x01\x02\x00\x00\x00\x03\x04\x05", "line 1: expected text with names or numbers, found something else"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			p := at(t)
			refused(t, p, map[string][]byte{"data/mnist_train.csv": []byte(c.text), "data/mnist_test.csv": []byte(good)}, "data",
				filepath.Join("data", "mnist_train.csv")+": "+c.want)
			// In the test part it is the same.
			p = at(t)
			refused(t, p, map[string][]byte{"data/mnist_train.csv": []byte(good), "data/mnist_test.csv": []byte(c.text)}, "data/mnist_train.csv",
				filepath.Join("data", "mnist_test.csv")+": "+c.want)
		})
	}
	refused(t, at(t), map[string][]byte{"train.csv": []byte(good), "test.csv": []byte("label,a,c\n1,2,3\n")}, "train.csv",
		"test.csv: line 1: no column is called `b` as in train.csv")
	refused(t, at(t), map[string][]byte{"test.csv": []byte(good)}, "test.csv",
		"test.csv: the name says that these are the test data; the training data are not next to it")
}

// TestCSVPixels checks images with a number that is not a pixel: the message names its place for any
// flag that needs images.
func TestCSVPixels(t *testing.T) {
	line := func(pixel string) string { return "7," + pixel + strings.Repeat(",9", 783) + "\n" }
	good := strings.Repeat(line("200")+"0"+line("200")[1:], 10)
	p := at(t)
	putAll(t, p.dir, map[string][]byte{"train.csv": []byte(good + line("256") + good), "test.csv": []byte(good)})
	const want = "train.csv: line 21, column 2: expected a pixel, a whole number from 0 to 255, found 256; if these are not images, -standardise reads them as rows of numbers\n"
	for _, flags := range [][]string{{"-hidden=4"}, {"-preset=mnist-online"}, {"-augment=affine"}, {"-pixels=-1..1"}} {
		r := p.run(append([]string{"train", "-backend=cpu", "-data=train.csv", "-epochs=1", "-save=m"}, flags...)...).is(1)
		if r.stdout != "" || !strings.HasSuffix(r.lastLine()+"\n", want) {
			t.Errorf("%s: got\n%s\n%s", flags, r.stderr, r.stdout)
		}
		mustNotExist(t, p.path("m"))
	}
	p.run("train", "-backend=cpu", "-data=train.csv", "-standardise", "-hidden=4", "-epochs=1", "-save=m").is(0, "41 training rows of 784 numbers")
}

// TestCSVNumbers evaluates a network for rows of numbers on CSV files whose training part contains
// numbers from its first row on. The test part alone could be images, but is read as the network
// requires.
func TestCSVNumbers(t *testing.T) {
	for _, columns := range []int{2, 64} {
		line := func(feature string) string {
			return "1" + strings.Repeat(","+feature, columns) + "\n0" + strings.Repeat(",1", columns) + "\n"
		}
		for name, test := range map[string]string{"whole": line("2"), "not whole in the end": line("2") + line("0.5")} {
			p := at(t)
			putAll(t, p.dir, map[string][]byte{"train.csv": []byte(strings.Repeat(line("0.25"), 10)), "test.csv": []byte(test)})
			p.run("train", "-backend=cpu", "-data=train.csv", "-hidden=4", "-epochs=1", "-save=m").is(0)
			if r := p.run("eval", "-backend=cpu", "-model=m", "-data=train.csv"); r.status != 0 {
				t.Errorf("%d columns, %s: exit status %d\n%s", columns, name, r.status, r.stderr)
			}
		}
	}
}

// TestCSVLabel checks that a label outside the network's classes is reported with its line.
func TestCSVLabel(t *testing.T) {
	p := at(t)
	putAll(t, p.dir, map[string][]byte{"train.csv": []byte(table(20)), "test.csv": []byte(table(4)), "more_test.csv": []byte(table(4) + "7,1,2.5\n")})
	p.run("train", "-backend=cpu", "-data=train.csv", "-hidden=4", "-epochs=1", "-save=m").is(0)
	p.run("eval", "-backend=cpu", "-model=m", "-data=train.csv").is(0)
	p.run("eval", "-backend=cpu", "-model=m", "-data=test.csv").is(0)
	p.run("eval", "-backend=cpu", "-model=m", "-data=more_test.csv").is(1, "more_test.csv: line 6, column 1: label out of range: expected 0 to 1, found 7")
}

// TestImages checks the faults of directories of images: the message names the file, or the two that
// contradict each other.
func TestImages(t *testing.T) {
	good := pictureFile(t, 4, 4)
	for _, c := range []struct {
		fault, file string
		data        []byte
		want        string
	}{
		{"another size", "train/b/2.png", pictureFile(t, 5, 4), ": expected a picture of 4x4 as train/a/1.png, found 5x4; -resize=4x4 scales all to one size"},
		{"truncated", "train/b/2.png", good[:len(good)-12], ": truncated picture: the file ends before the picture does"},
		{"empty", "test/a/1.png", nil, ": expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found an empty file"},
		{"no image", "test/a/1.png", []byte("<!DOCTYPE html>"), ": expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found a web page; the download went wrong"},
		{"hostile header", "train/a/1.png", bytes.Replace(good, []byte("\x00\x00\x00\x04\x00\x00\x00\x04"), []byte("\x7f\xff\xff\xff\x7f\xff\xff\xff"), 1), ": damaged picture: "},
	} {
		t.Run(c.fault, func(t *testing.T) {
			files := map[string][]byte{}
			for _, name := range []string{"train/a/1.png", "train/b/1.png", "test/a/1.png"} {
				files[filepath.Join("data", name)] = good
			}
			name := filepath.Join("data", filepath.FromSlash(c.file))
			files[name] = c.data
			refused(t, at(t), files, "data", name+c.want)
		})
	}
	refused(t, at(t), map[string][]byte{"data/a/1.txt": good}, "data", "data: no data found; ")
	refused(t, at(t), map[string][]byte{"data/train/a/1.png": good, "data/train/b/1.png": good, "data/test/c/1.png": good, "data/test/a/1.png": good}, "data", "data: test/c/1.png has the class c, which no training picture has")
}

// TestReadersOfData trains on data that are not IDX, and evaluates on their test part.
func TestReadersOfData(t *testing.T) {
	p := at(t)
	files := map[string][]byte{"one.csv": []byte(table(50)), "zipped/all.csv.gz": gzipped([]byte(table(50)))}
	for _, name := range []string{"train/a/1.png", "train/b/1.png", "train/b/2.png", "test/a/1.png"} {
		files["images/"+name] = pictureFile(t, 4, 4)
	}
	putAll(t, p.dir, files)
	for data, text := range map[string]string{
		"one.csv": "one.csv has no test part: 10 of its 50 samples, always the same, are held out as one",
		"zipped":  "all.csv.gz has no test part: 10 of its 50 samples",
		"images":  "3 training images of 4×4 in 2 classes",
		"xor":     "XOR (built in)",
		"spiral":  "spiral (built in)",
	} {
		p.run("train", "-backend=cpu", "-data="+data, "-hidden=4", "-epochs=1", "-save=m").is(0, text)
		p.run("eval", "-backend=cpu", "-model=m", "-data="+data).is(0)
	}
}

// TestTableQuestions checks tables that can be understood in two ways: the error names the flag that decides, which then
// does.
func TestTableQuestions(t *testing.T) {
	both, price, text := "", "area,rooms,price\n", "label,a,room\n"
	for i := range 60 {
		both += fmt.Sprintf("%d,%d.5,%d\n", i%2, i, i%3)
		price += fmt.Sprintf("%d,%d,%d\n", 20+7*i, i%5, 1000+37*i)
		text += fmt.Sprintf("%d,%d.5,%s\n", i%2, i, []string{"hall", "attic"}[i/2%2])
	}
	for _, c := range []struct{ fault, text, want, flag string }{
		{"two labels", both, "the first and the last column, column 1 and column 3, could both be the label; -label=COLUMN names it", "-label=last"},
		{"numbers to predict", price, "more like measurements than classes", "-target-columns=1"},
		{"words beside the label", text, "`room` has text, such as \"hall\", and is not the label; -ignore=room omits the column", "-ignore=room"},
		{"one class", strings.ReplaceAll(text, "1,", "0,"), "`room` has text", "-label=room"},
		{"by its number", both, "", "-label=3"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			p := at(t)
			putAll(t, p.dir, map[string][]byte{"a.csv": []byte(c.text)})
			args := []string{"train", "-backend=cpu", "-data=a.csv", "-standardise", "-hidden=4", "-epochs=1"}
			if c.want != "" {
				p.run(args...).is(1, c.want)
			}
			p.run(append(args, c.flag)...).is(0)
		})
	}
	p := at(t)
	putAll(t, p.dir, map[string][]byte{"a.csv": []byte(both)})
	p.run("train", "-backend=cpu", "-data=a.csv", "-label=z").is(1, `no column is called "z"; there are 3 columns without names; -label=COLUMN names it`)
	p.run("train", "-backend=cpu", "-data=a.csv", "-label=1", "-onehot=x").is(2, "-onehot")
}
