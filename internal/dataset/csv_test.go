package dataset

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"shadegrad/internal/unpack"
)

// table4 has three rows of a label and four pixels, and testTable4 one.
const (
	table4     = "2,1,2,3,255\n1,5,6,7,8\n0,0,0,0,0\n"
	testTable4 = "6,20,21,22,23\n"
)

// opened writes files, and opens the directory or the file that is named.
func opened(t *testing.T, files map[string]string, name string, o Form) (*Data, string, error) {
	t.Helper()
	raw := map[string][]byte{}
	for name, text := range files {
		raw[name] = []byte(text)
	}
	dir := write(t, raw)
	data, err := o.Open(filepath.Join(dir, name))
	return data, dir, err
}

// allReads returns file systems whose file f has the same bytes, and is read in different portions.
func allReads(data []byte) map[string]fs.FS {
	file := fstest.MapFS{"f": &fstest.MapFile{Data: data}}
	return map[string]fs.FS{"large": file, "one byte": portions{file, iotest.OneByteReader}, "half": portions{file, iotest.HalfReader},
		"data with EOF": portions{file, iotest.DataErrReader}}
}

// portions is a file system whose files are read through a reader.
type portions struct {
	fs.FS
	reader func(io.Reader) io.Reader
}

type portionsFile struct {
	fs.File
	io.Reader
}

func (f portionsFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func (p portions) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return portionsFile{f, p.reader(f)}, err
}

// However a table is written, it is the same data.
func TestCSVForms(t *testing.T) {
	semicolons := strings.ReplaceAll(table4, ",", ";")
	for name, text := range map[string]string{
		"plain":                     table4,
		"names":                     "label,p0,p1,p2,p3\n" + table4,
		"numbers for names":         "label,0,1,2,3\n" + table4,
		"names with 1x1":            "label,1x1,1x2,2x1,2x2\n" + table4,
		"semicolons":                semicolons,
		"names with commas":         "label;\"pixel 1,1\";\"pixel 1,2\";pixel 2,1;pixel 2,2\n" + semicolons,
		"tabs":                      strings.ReplaceAll(table4, ",", "\t"),
		"spaces":                    strings.ReplaceAll(table4, ",", " "),
		"many spaces":               "  " + strings.ReplaceAll(table4, ",", "   "),
		"spaces at the ends":        strings.ReplaceAll(strings.ReplaceAll(table4, ",", " "), "\n", "  \n"),
		"commas and spaces":         strings.ReplaceAll(table4, ",", ", "),
		"spaces and commas":         strings.ReplaceAll(table4, ",", " ,"),
		"names with spaces":         "label,pixel one,pixel two,pixel three,pixel four\n" + table4,
		"CRLF":                      strings.ReplaceAll("label,a,b,c,d\n"+table4, "\n", "\r\n"),
		"no newline at the end":     strings.TrimSuffix(table4, "\n"),
		"an empty last line":        table4 + "\n",
		"empty last lines":          table4 + "\r\n\n  \n",
		"byte order mark":           "\ufeff" + table4,
		"byte order mark and names": "\ufefflabel,a,b,c,d\n" + table4,
		"quotes":                    `"2","1","2","3","255"` + "\n" + `1,"5",6, "7" ,8` + "\n0,0,0,0,0\n",
		"quoted names":              `"label","a ""b"", c",d,e,f` + "\n" + table4,
		"a quote in a name":         "label,5\" disk,b,c,d\n" + table4,
		"quotes between spaces":     `2  "1" 2  3 255` + "\n" + `  "1" 5 6 "7"   8` + "\n0 0 0 0 0\n",
		"quotes between tabs":       "2\t\"1\"\t 2\t\"3\" \t255\n1\t5\t6\t7\t8\n0\t0\t0\t0\t0\n",
		"numbers with a point":      "2.0,1.0,2e0,3.,255.0\n1,5,6,7,8\n0,0,.0,-0,+0\n",
		"zeros in front":            "2,001,0002,3,255\n1,5,6,7,8\n00,0,0,0,0\n",
		"the label last":            "p0,p1,p2,p3,Label\n1,2,3,255,2\n5,6,7,8,1\n0,0,0,0,0\n",
		"the class within":          "p0,class,p1,p2,p3\n1,2,2,3,255\n5,1,6,7,8\n0,0,0,0,0\n",
		"gzip":                      string(deflated(t, []byte(table4), 9)),
		"gzip in members":           string(inMembers(t, []byte("label,a,b,c,d\n"+table4), 7)),
	} {
		for reads, fsys := range allReads([]byte(text)) {
			t.Run(fmt.Sprintf("%s/%s", name, reads), func(t *testing.T) {
				sets, _, err := place{fsys: fsys, available: -1}.loadTables("f")
				if err != nil {
					t.Fatal(err)
				}
				if s := sets[0]; s.Width != 4 || s.Height != 1 || s.Images != nil || !bytes.Equal(s.Labels, []byte{2, 1, 0}) ||
					!slices.Equal(s.Values, []float32{1, 2, 3, 255, 5, 6, 7, 8, 0, 0, 0, 0}) {
					t.Errorf("got %+v", s)
				}
			})
		}
	}
}

// The files of a directory, or one by its name.
func TestCSVNames(t *testing.T) {
	z := func(text string) string { return string(deflated(t, []byte(text), 9)) }
	for _, c := range []struct {
		name  string
		files map[string]string
		open  string
	}{
		{"train and test", map[string]string{"train.csv": table4, "test.csv": testTable4}, ""},
		{"as MNIST's", map[string]string{"mnist_train.csv": table4, "mnist_test.csv": testTable4}, ""},
		{"by the training part", map[string]string{"mnist_train.csv": table4, "mnist_test.csv": testTable4, "other.csv": "1"}, "mnist_train.csv"},
		{"by the test part", map[string]string{"mnist_train.csv": table4, "mnist_test.csv": testTable4, "a_train.csv": "1"}, "mnist_test.csv"},
		{"compressed", map[string]string{"Train.CSV.gz": z(table4), "Test.CSV.gz": z(testTable4)}, ""},
		{"with and without gz", map[string]string{"train.csv": table4, "train.csv.gz": "no", "test.csv": testTable4}, ""},
		{"words around", map[string]string{"a-train-100.txt": table4, "a-test-100.txt": testTable4, "readme.md": ""}, ""},
		{"tabs", map[string]string{"x.training.tsv": table4, "x.testing.tsv": testTable4, "._x.train.tsv": "no"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, dir, err := opened(t, c.files, c.open, Form{})
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, c.open)
			if data.Name != name || data.Note != "label: column 1, 4 classes; the columns have numbers up to 255; -standardise scales them; the training set has no sample of class 6" || data.Train.Len() != 3 || data.Test.Len() != 1 || data.Train.Classes != 7 ||
				data.Test.Classes != 7 || !slices.Equal(data.Train.Values[4:8], []float32{5, 6, 7, 8}) || !slices.Equal(data.Test.Values, []float32{20, 21, 22, 23}) {
				t.Errorf("got %+v", data)
			}
			test, err := Form{}.OpenTest(name)
			if err != nil || test.Train.Len() != 0 || test.Test.Len() != 1 || !slices.Equal(test.Test.Values, []float32{20, 21, 22, 23}) {
				t.Errorf("the test part alone: %+v, error %v", test, err)
			}
		})
	}
	// The training part is not read.
	_, dir, _ := opened(t, map[string]string{"train.csv": "damaged", "test.csv": testTable4}, "", Form{})
	if data, err := (Form{}).OpenTest(dir); err != nil || data.Test.Len() != 1 {
		t.Errorf("the test part alone: error %v", err)
	}
	// A file whose name states no part is the training part.
	for _, name := range []string{"digits.csv", "x", "0"} {
		data, dir, err := opened(t, map[string]string{name: table4}, name, Form{})
		if err != nil || data.Train.Len() != 2 || data.Test.Len() != 1 || data.Train.Classes != 3 || data.Test.Classes != 3 ||
			data.Note != "label: column 1, 3 classes; the columns have numbers up to 255; -standardise scales them; "+dir+string(filepath.Separator)+name+" has no test part: 1 of its 3 samples, always the same, are held out as one; the training set has no sample of class 0" {
			t.Errorf("%s: got %+v, error %v", name, data, err)
		}
	}
}

// A single file is divided the same way each time, and nothing is lost.
func TestCSVWithoutTest(t *testing.T) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "%d,%d,%d.5\n", i%4/3, i, i) // 75 of class 0, 25 of class 1
	}
	data, dir, err := opened(t, map[string]string{"all.csv": text.String()}, "", Form{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[float32]byte{}
	for _, s := range []*Set{&data.Train, &data.Test} {
		last := float32(-1)
		for i, label := range s.Labels {
			v := s.Values[2*i : 2*i+2]
			if v[1] != v[0]+0.5 || int(label) != int(v[0])%4/3 || v[0] <= last {
				t.Errorf("row %v has label %d, after %v", v, label, last)
			}
			last = v[0]
			seen[v[0]] = label
		}
	}
	if len(seen) != 100 || data.Test.Len() != 20 || bytes.Count(data.Test.Labels, []byte{1}) != 5 {
		t.Errorf("%d samples, %d for the test, %d of class 1", len(seen), data.Test.Len(), bytes.Count(data.Test.Labels, []byte{1}))
	}
	test, err := Form{}.OpenTest(dir)
	if err != nil || !slices.Equal(test.Test.Values, data.Test.Values) || test.Train.Len() != 0 {
		t.Errorf("the test part alone differs; error %v", err)
	}
	// The line of a sample is known after the sample is moved.
	where := int(data.Test.Values[0]) + 1
	for i := range data.Test.Labels {
		data.Test.Labels[i] = 9
	}
	want := fmt.Sprintf("%s: line %d, column 1: label out of range: expected 0 to 1, found 9", filepath.Join(dir, "all.csv"), where)
	if err := data.Test.CheckLabels(2); err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestCSVTargets(t *testing.T) {
	text := "x,y,u,v\n1,2,0.5,-3\n300,4,1e3,0\n7,8,9,10\n"
	for _, c := range []struct {
		o               Form
		targets, values []float32
	}{
		{Form{Targets: Columns{Count: 1}}, []float32{-3, 0, 10}, []float32{1, 2, 0.5, 300, 4, 1000, 7, 8, 9}},
		{Form{Targets: Columns{Count: 2}}, []float32{0.5, -3, 1000, 0, 9, 10}, []float32{1, 2, 300, 4, 7, 8}},
		{Form{Targets: Columns{1, true}}, []float32{1, 300, 7}, []float32{2, 0.5, -3, 4, 1000, 0, 8, 9, 10}},
		{Form{Targets: Columns{3, true}}, []float32{1, 2, 0.5, 300, 4, 1000, 7, 8, 9}, []float32{-3, 0, 10}},
	} {
		data, _, err := opened(t, map[string]string{"train.csv": text, "test.csv": "x,y,u,v\n1,2,3,4\n"}, "", c.o)
		if err != nil {
			t.Fatal(err)
		}
		s := &data.Train
		if s.Len() != 3 || s.Outputs != c.o.Targets.Count || s.Classes != 0 || s.Labels != nil || !slices.Equal(s.Targets, c.targets) ||
			!slices.Equal(s.Values, c.values) || s.Features() != 4-c.o.Targets.Count || data.Test.Len() != 1 {
			t.Errorf("%+v: got %+v", c.o, s)
		}
		if err := s.CheckLabels(0); err != nil {
			t.Error(err)
		}
	}
	_, _, err := opened(t, map[string]string{"a.csv": text}, "", Form{Targets: Columns{Count: 4}})
	if err == nil || !strings.Contains(err.Error(), "expected 4 targets and at least one number, separated by comma, semicolon, tab or space; found 4 columns") {
		t.Errorf("got error %v", err)
	}
	for _, where := range []string{"", "mnist", "xor"} {
		if _, err := (Form{Targets: Columns{Count: 1}}).Open(where); err == nil || !strings.HasSuffix(err.Error(), "has labels; targets are for CSV files") {
			t.Errorf("%q: got error %v", where, err)
		}
	}
	if _, err := (Form{Targets: Columns{Count: 1}}).Open(write(t, tiny())); err == nil || !strings.HasSuffix(err.Error(), "IDX and npz files have labels; targets are for CSV files") {
		t.Errorf("got error %v", err)
	}
	if _, err := (Form{Targets: Columns{Count: -1}}).Open(""); err == nil {
		t.Error("-1 targets: no error")
	}
}

func TestCSVFaults(t *testing.T) {
	cut := deflated(t, []byte(table4), 9)
	sum := bytes.Clone(cut)
	sum[len(sum)-8] ^= 1
	good := strings.Repeat("0,1.5,2\n1,2.5,3\n", 20)
	for _, c := range []struct {
		name, text, want string
	}{
		{"empty", "", ": expected lines of text, found an empty file"},
		{"only empty lines", "\n\r\n\n", ": line 1: expected names or numbers, found only empty lines"},
		{"gzip of nothing", string(deflated(t, nil, 9)), ": expected lines of text, found an empty file"},
		{"only names", "label,a,b\n", ": expected rows of numbers after the names in line 1, found the end of the file"},
		{"one column", "1\n2\n", ": line 1: expected a label and at least one number, separated by comma, semicolon, tab or space; found 1 column"},
		{"too few", good + "1,2\n", ", line 41, column 2: expected 3 columns as in line 1, found 2"},
		{"too many", "label,a,b\n1,2,3\n1,2,3,4,5\n", ", line 3, column 4: expected 3 columns as in line 1, found 5"},
		{"too few, and a word", good + "1,x\n", ", line 41, column 2: expected 3 columns as in line 1, found 2"},
		{"word", good + "1,2,x\n", ", line 41, column 3: expected a number, found \"x\""},
		{"words", "label,a,b\n0,1,x\n1,2,y\n0,3,x\n1,4,y\n", ": `b` has text, such as \"x\", and is not the label"},
		{"nothing", good + "1,,3\n", ", line 41, column 2: a missing value (1 such value in column 2); fill in all missing values, or delete their rows"},
		{"thousands", "0;1,250;3\n1;2,500;3\n", ": column 2 has numbers written as \"1,250\"; write them without signs of thousands and units"},
		{"hexadecimal", good + "1,0x10,3\n", ", line 41, column 2: expected a number, found \"0x10\""},
		{"long word", good + "1,2," + strings.Repeat("ab", 40) + "\n", ", line 41, column 3: expected a number, found \"" + strings.Repeat("ab", 15) + "\" and more"},
		{"NaN", good + "1,NaN,3\n", ", line 41, column 2: a missing value (1 such value in column 2); fill in all missing values, or delete their rows"},
		{"infinite", good + "1,2,-inf\n", ", line 41, column 3: expected a finite number, found \"-inf\""},
		{"too large", good + "1,1e39,3\n", ", line 41, column 2: expected a number up to 3.4e38 in magnitude, found \"1e39\""},
		{"label too large", "label,x,y\n" + good + "256,2,3\n", ", line 42, column 1: expected a label, a whole number from 0 to 255 as in most rows, found \"256\""},
		{"half a label", "label,x,y\n" + good + "0.5,2,3\n", ", line 42, column 1: expected a label, a whole number from 0 to 255 as in most rows, found \"0.5\""},
		{"label of letters", "label,x,y\n" + good + "cat,2,3\n", ", line 42, column 1: expected a label, a whole number from 0 to 255 as in most rows, found \"cat\""},
		{"no label", good + ",2,3\n", ", line 41, column 1: the label is missing"},
		{"open quote", "1,2,3\n1,\"2,3\n1,2,3\n", ", line 2, column 2: a quote is not closed, or there is text outside the quotes of a cell"},
		{"after a quote", "1,2,3\n1,\"2\"4,3\n", ", line 2, column 2: a quote is not closed, or there is text outside the quotes of a cell"},
		{"within a cell", "1,2,3\n1,4\"5,3\n", ", line 2, column 2: a quote is not closed, or there is text outside the quotes of a cell"},
		{"spaces in quotes", good + "1,\" 2\",3\n", ", line 41, column 2: expected a number, found \" 2\""},
		{"a name is missing", "label,a,,b\n0,1,2,3\n1,3,2,3\n", ": column 3 has no name"},
		{"one class", "label,a\n1,1\n1,2\n", ": all samples have the same label; at least two classes are needed"},
		{"binary", "1,2\x00\x00,3\n", ": line 1: expected text with names or numbers, found something else"},
		{"UTF-16", "\xff\xfe1\x00,\x002\x00\n\x00", ": line 1: expected text with names or numbers in UTF-8 (this is UTF-16: save it again), found something else"},
		{"picture", "\x89PNG\r\n\x1a\n", ": line 1: expected text with names or numbers, found something else"},
		{"web page", "<!DOCTYPE html>\n", ": expected a data set, found a web page; the download went wrong"},
		{"zip", "PK\x03\x04abc", ": damaged zip archive: zip: not a valid zip file"},
		{"gzip cut", string(cut[:len(cut)-9]), fmt.Sprintf(": truncated gzip data: the file ends at byte %d, before the compressed data does", len(cut)-9)},
		{"gzip checksum", string(sum), fmt.Sprintf(": damaged gzip data at byte %d: the checksum or the length does not fit the data", len(sum))},
		{"gzip header", "\x1f\x8b\x07" + strings.Repeat("\x00", 20), ": damaged gzip data at byte 10: no valid gzip header"},
		{"after gzip", string(cut) + "0123456789abc", fmt.Sprintf(": trailing bytes: expected the end of the file near byte %d, found more after the gzip data", len(cut)+10)},
		{"one row", "label,2,3\n1,2,3\n", ": expected at least 2 samples, of which one is for the test, found 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, dir, err := opened(t, map[string]string{"a.csv": c.text}, "a.csv", Form{})
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
			if want := "a.csv:" + strings.TrimLeft(c.want, ":,"); !strings.HasPrefix(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// What is wrong with files that belong together.
func TestCSVFaultsOfPairs(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		open  string
		want  string
	}{
		{"other width", map[string]string{"train.csv": table4, "test.csv": "1,2,3\n"}, "",
			"DIR/test.csv: line 1, column 3: expected 5 columns as in train.csv, found 3"},
		{"more columns", map[string]string{"train.csv": table4, "test.csv": "1,2,3,4,5,6,9\n"}, "",
			"DIR/test.csv: line 1, column 6: expected 5 columns as in train.csv, found 7"},
		{"other names", map[string]string{"train.csv": "label,a,b\n0,1,2\n1,2,3\n", "test.csv": "label,a,c\n0,1,2\n"}, "",
			"DIR/test.csv: line 1: no column is called `b` as in train.csv"},
		{"no training part", map[string]string{"test.csv": testTable4}, "", "DIR: test.csv is the test data; the training data are missing"},
		{"no training part beside it", map[string]string{"a_test.csv": testTable4, "b_train.csv": table4}, "a_test.csv",
			"DIR/a_test.csv: the name says that these are the test data; the training data are not next to it"},
		{"two", map[string]string{"a_train.csv": table4, "b_train.csv": table4, "a_test.csv": testTable4}, "",
			"DIR: both a_train.csv and b_train.csv could hold the training data; choose one with -data=DIRECTORY/FILE"},
		{"two without parts", map[string]string{"a.csv": table4, "b.csv": table4}, "",
			"DIR: both a.csv and b.csv could hold the data; choose one with -data=DIRECTORY/FILE"},
		{"different", map[string]string{"a_train.csv": table4, "b_test.csv": testTable4}, "",
			"DIR: a_train.csv and b_test.csv belong to different data sets; choose one with -data=DIRECTORY/FILE"},
		{"a part and another", map[string]string{"a.csv": table4, "train.csv": table4}, "",
			"DIR: both a.csv and train.csv could hold the data; choose one with -data=DIRECTORY/FILE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, dir, err := opened(t, c.files, c.open, Form{})
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(filepath.ToSlash(err.Error()), filepath.ToSlash(dir), "DIR"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// rows is a table of so many rows of a label and pixels.
func rows(n, features int) []byte {
	var b []byte
	for i := range n {
		b = strconv.AppendInt(b, int64(i%10), 10)
		for j := range features {
			b = append(b, ',')
			b = strconv.AppendInt(b, int64((i*j)%256), 10)
		}
		b = append(b, '\n')
	}
	return b
}

// Reading takes the memory of the result and at most 3 MiB.
func TestCSVMemory(t *testing.T) {
	const n, features = 10_000, 784
	text := rows(n, features)
	for name, data := range map[string][]byte{"plain": text, "gzip": deflated(t, text, 1)} {
		dir := write(t, map[string][]byte{"train.csv": data, "test.csv": text[:bytes.IndexByte(text, '\n')]})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := Open(dir)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if d.Train.Len() != n || d.Train.Image(n - 1)[783] != byte((n-1)*783%256) {
			t.Errorf("%s: %d rows, the last pixel is %d", name, d.Train.Len(), d.Train.Image(n - 1)[783])
		}
		if taken := int64(after.TotalAlloc - before.TotalAlloc); taken > n*(features+1)+3<<20 {
			t.Errorf("%s: %d bytes allocated for %d of data", name, taken, n*(features+1))
		}
	}
}

// A repeated is a file of a text so many times, in gzip.
func repeated(t *testing.T, text string, times int) []byte {
	// Compress the repeated member only once.
	part := strings.Repeat(text, 1<<20/len(text)+1)
	member := deflated(t, []byte(part), 9)
	return bytes.Repeat(member, times*len(text)/len(part)+1)
}

// What a small file can make of memory is bounded before it is taken.
func TestCSVHostile(t *testing.T) {
	for _, c := range []struct {
		name      string
		data      []byte
		available int64
		want      string
	}{
		{"a line of a gigabyte", repeated(t, "0,", 1<<29), -1, "f: line 1: expected a line of at most 8388608 bytes (8.0 MiB), found a longer one"},
		{"a second line of a gigabyte", append(deflated(t, []byte("1,2\n"), 9), repeated(t, "0,", 1<<29)...), -1,
			"f: line 2: expected a line of at most 8388608 bytes (8.0 MiB), found a longer one"},
		{"a gigabyte of rows", repeated(t, "1,2,3\n", 1<<30/6), 10 << 20, "too many rows of 3 columns: "},
		{"nothing but empty lines", repeated(t, "\n", 1<<30), 10 << 20, "f: line 1048577: expected names or numbers, found empty lines"},
		{"an open quote", append(deflated(t, []byte("1,\"2"), 9), repeated(t, "0\n", 1<<29)...), 10 << 20, "f: line 1, column 2: a quote is not closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{"f": &fstest.MapFile{Data: c.data}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := place{fsys: fsys, available: c.available}.loadTables("f")
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 8*unpack.MaxLine {
				t.Errorf("%d bytes allocated to refuse a file of %d", taken, len(c.data))
			}
		})
	}
}

// A table that this machine has no memory for is refused before it is read.
func TestCSVTooLarge(t *testing.T) {
	dir := write(t, map[string][]byte{"a.csv": rows(100, 100)})
	info, err := os.Stat(filepath.Join(dir, "a.csv"))
	if err != nil || info.Size() == 0 {
		t.Fatal(err)
	}
	p := place{fsys: os.DirFS(dir), name: dir, prefix: "DIR/"}
	p.available = 100 * 101
	if _, _, err := p.loadTables("a.csv"); err != nil {
		t.Error(err)
	}
	p.available--
	_, _, err = p.loadTables("a.csv")
	if want := "DIR/a.csv: line 100: too many rows of 101 columns: 10100 bytes (9.9 KiB) asked for, 10099 bytes (9.9 KiB) of memory available"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// BenchmarkOpenCSV reads as many rows as MNIST's training set has, of as many pixels, 169 MB of them.
func BenchmarkOpenCSV(b *testing.B) {
	text := rows(60_000, 784)
	one := text[:bytes.IndexByte(text, '\n')]
	for name, data := range map[string][]byte{"plain": text, "gzip": deflated(b, text, 1)} {
		dir := b.TempDir()
		for file, data := range map[string][]byte{"train.csv": data, "test.csv": one} {
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Open(dir); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
