package tree

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/bounded"
)

// directory returns a file system with empty pictures, and tables with a content.
func directory(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// numbered returns the names of n pictures for each class, in which %s is the class and %d the number.
func numbered(form string, n int, classes ...string) map[string]string {
	files := map[string]string{}
	for _, class := range classes {
		for i := range n {
			files[strings.NewReplacer("%s", class, "%d", fmt.Sprint(i)).Replace(form)] = ""
		}
	}
	return files
}

// with adds files to others.
func with(files map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// listed returns a table of the pictures 0.png to 19.png of two classes.
func listed(row string) string {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, row+"\n", i, []string{"cat", "dog"}[i%2])
	}
	return b.String()
}

// TestFind checks the parts, classes and notes of directories of many forms.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		label string
		want  string // numbers of pictures in the parts, and the classes
		note  string
	}{
		{"classes", numbered("%s/%d.png", 3, "2", "10"), "", "6 0 0 2,10", ""},
		{"wrapped", numbered("digits/%s/%d.PNG", 3, "a", "b"), "", "6 0 0 a,b", "the pictures are in DIR/digits"},
		{"twice", numbered("x/y/%s/%d.png", 3, "a", "b"), "", "6 0 0 a,b", "the pictures are in DIR/x; the pictures are in DIR/x/y"},
		{"folders in the classes", numbered("%s/w%d/1.jpg", 3, "a", "b"), "", "6 0 0 a,b", ""},
		{"train and test", with(numbered("Train/%s/%d.png", 3, "a", "b"), "TEST/a/1.bmp", ""), "", "6 0 1 a,b", ""},
		{"train and val", with(numbered("train/%s/%d.png", 3, "a", "b"), "val/a/1.png", ""), "", "6 0 1 a,b", "DIR/val is used as the test part"},
		{"three parts", with(numbered("train/%s/%d.png", 3, "a", "b"), "valid/a/1.png", "", "test/b/1.png", "", "test/b/2.png", ""), "", "6 1 2 a,b", "DIR/valid is the validation part"},
		{"parts with a common word", with(numbered("seg_train/seg_train/%s/%d.png", 3, "a", "b"), "seg_test/seg_test/a/1.png", ""), "", "6 0 1 a,b", ""},
		{"a class with a part's name", numbered("%s/%d.png", 3, "bus_train", "bus_car"), "", "6 0 0 bus_car,bus_train", ""},
		{"MNIST as JPEG", with(numbered("trainingSet/trainingSet/%s/%d.jpg", 3, "a", "b"), "trainingSample/trainingSample/a/1.jpg", "", "testSet/testSet/img_1.jpg", ""),
			"", "6 0 0 a,b", "DIR/trainingSample was not read; the 1 pictures in DIR/testSet have no labels and were not read"},
		{"Mac and Windows", with(numbered("%s/%d.png", 3, "a", "b"), "__MACOSX/a/._1.png", "", "a/Thumbs.db", "", ".git/1.png", ""), "", "6 0 0 a,b", ""},
		{"loose pictures", with(numbered("%s/%d.png", 3, "a", "b"), "c.png", ""), "", "6 0 0 a,b", "pictures outside the directories of the classes: 1 skipped, such as DIR/c.png"},
		{"a class called train", numbered("%s/%d.png", 3, "train", "bus", "car"), "", "9 0 0 bus,car,train", ""},
		{"test without classes", numbered("%s/%d.png", 3, "test", "bus", "car"), "", "6 0 0 bus,car", "DIR/test was not read, because a directory of this name is not a class"},
		{"names, asked for", numbered("img/%s_%d.png", 3, "7", "8"), FileName, "6 0 0 7,8", "labels: from the names of the files, such as 7 in 7_0.png"},
		{"names in parts", with(numbered("train/%s_%d.png", 3, "7", "8"), "test/7_9.png", "", "test/8_9.png", "", "test/7_8.png", "", "test/8_8.png", "", "test/7_5.png", "", "test/8_5.png", ""), FileName, "6 0 6 7,8", "labels: from the names of the files, such as 7 in 7_0.png; labels: from the names of the files, such as 7 in 7_5.png"},
		{"table", with(numbered("images/%d.png", 20, ""), "labels.csv", "file,what\n"+listed("%d.png,%s")), "", "20 0 0 cat,dog", "labels: column what of DIR/labels.csv, for 20 of 20 pictures"},
		{"table without header and endings", with(numbered("%d.png", 20, ""), "annotations.csv", listed("%d;%s")), "", "20 0 0 cat,dog", "labels: column 2 of DIR/annotations.csv, for 20 of 20 pictures"},
		{"label first, with a path", with(numbered("img/%d.png", 30, ""), "img/list.csv", "label,width,path\n"+listed("%[2]s,28,data/img/%[1]d.png")), "",
			"20 0 0 cat,dog", "labels: column label of DIR/img/list.csv, for 20 of 30 pictures"},
		{"text", with(numbered("%d.png", 20, ""), "list.txt", listed("%d.png %s")), "", "20 0 0 cat,dog", "labels: column 2 of DIR/list.txt, for 20 of 20 pictures"},
		{"tables of parts", with(numbered("images/%d.png", 26, ""), "train.csv", "id,label\n"+listed("%d,%s"), "test.csv", "id,label\n20,cat\n21,cat\n22,dog\n23,dog\n"),
			"", "20 0 4 cat,dog", "labels: column label of DIR/train.csv, for 20 of 26 pictures; labels: column label of DIR/test.csv, for 4 of 26 pictures"},
		{"two columns, chosen", with(numbered("%d.png", 20, ""), "l.csv", "id,kind,sex\n"+listed("%d,x%[1]d,%[2]s")), "sex", "20 0 0 cat,dog", "labels: column sex of DIR/l.csv, for 20 of 20 pictures"},
		{"a table that agrees", with(numbered("%s/%d.png", 3, "a", "b"), "l.csv", "file,label\na/0.png,a\na/1.png,a\nb/1.png,b\nb/2.png,b\n"), "", "6 0 0 a,b", ""},
	} {
		set, err := Find(directory(c.files), Options{Prefix: "DIR/", Label: c.label})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := fmt.Sprint(len(set.Train), len(set.Validation), len(set.Test), " ", strings.Join(Classes(set.Train), ","))
		if note := filepath.ToSlash(strings.Join(set.Notes, "; ")); got != c.want || note != c.note {
			t.Errorf("%s: got  %s, note %q\nwant %s, note %q", c.name, got, note, c.want, c.note)
		}
	}
}

// TestFindFaults checks the errors of directories that can be understood in several ways or in none.
func TestFindFaults(t *testing.T) {
	const names = "fewer than two classes: expected a directory of pictures for each class, found all %d in DIR%s"
	for _, c := range []struct {
		name  string
		files map[string]string
		label string
		want  string
	}{
		{"nothing", map[string]string{"a.txt": ""}, "", "no PNG, JPEG, GIF, BMP, TIFF or WebP pictures found"},
		{"one class", numbered("%s/%d.png", 3, "a"), "", fmt.Sprintf(names, 3, "/a")},
		{"labels in the names", numbered("Img/digit-%s-%d.png", 4, "3", "12"), "",
			fmt.Sprintf(names, 8, "/Img") + "; their names begin with one of 2 labels, such as 3 in digit-3-0.png: -label=filename takes the classes from the names"},
		{"words in the names", numbered("Img/%s_%d.png", 4, "seven", "upper-right"), "",
			fmt.Sprintf(names, 8, "/Img") + "; their names begin with one of 2 labels, such as seven in seven_0.png: -label=filename takes the classes from the names"},
		{"number first", numbered("Img/%d_%s.png", 9, "1", "2", "3"), FileName, "the names of the pictures in DIR do not begin with labels, as in 7_0001.png"},
		{"two numbers", numbered("%s_%d.png", 9, "1_2", "1_3", "2_3"), "", fmt.Sprintf(names, 27, "")},
		{"no training part", numbered("test/%s/%d.png", 2, "a", "b"), "", "test holds the test data; the training data are missing, expected in train"},
		{"two training parts", with(numbered("%s/a/%d.png", 2, "train", "training"), "test/a/1.png", ""), "", "both train and training could hold the training data; keep one of them"},
		{"two columns", with(numbered("%d.png", 20, ""), "l.csv", "id,kind,sex\n"+strings.Replace(listed("%d,x,%s"), "x,cat", "y,cat", 4)), "",
			"DIR/l.csv: the columns kind and sex could both be the label; choose one with -label=COLUMN"},
		{"two tables of a part", with(numbered("%d.png", 26, ""), "train.csv", "id,label\n"+listed("%d,%s"), "train_labels.csv", "id,label\n"+listed("%d,%s"),
			"test.csv", "id,label\n20,cat\n21,cat\n22,dog\n23,dog\n"), "", "both DIR/train.csv and DIR/train_labels.csv list pictures of the training data; keep one of them"},
		{"two labels", with(numbered("%d.png", 20, ""), "l.csv", "id,label\n"+listed("%d,%s")+"3,cat\n"), "", "DIR/l.csv: 3.png has two labels, dog and cat"},
		{"no such column", with(numbered("%d.png", 20, ""), "l.csv", "id,label\n"+listed("%d,%s")), "y", "DIR/l.csv: no column y besides the names of the pictures"},
		{"a table that differs", with(numbered("%s/%d.png", 10, "p1", "p2"), "l.csv", "file,label\np1/0.png,a\np1/1.png,b\np1/2.png,b\np1/3.png,a\np2/1.png,b\np2/2.png,a\n"), "",
			"the directories and DIR/l.csv give the pictures different classes; -label=COLUMN names the column of the table to take, or remove the table"},
	} {
		if _, err := Find(directory(c.files), Options{Prefix: "DIR/", Label: c.label}); err == nil || err.Error() != c.want {
			t.Errorf("%s:\ngot  %v\nwant %s", c.name, err, c.want)
		}
	}
}

// TestKnown reads pictures to test a network: its classes say what is a label.
func TestKnown(t *testing.T) {
	digit := func(class string) bool { return len(class) == 1 && class[0] >= '0' && class[0] <= '9' }
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"one class", numbered("%s/w/%d.png", 3, "7"), "7"},
		{"names", numbered("img/%s_%d.png", 3, "7", "8"), "7,8"},
		{"names of an unknown class", numbered("img/%s_%d.png", 3, "seven", "eight"), "img"},
		{"classes although the names were asked for", numbered("%s/x_%d.png", 3, "7", "8"), "7,8"},
	} {
		set, err := Find(directory(c.files), Options{Label: FileName, TestOnly: true, Known: digit})
		if err != nil || strings.Join(Classes(set.Train), ",") != c.want {
			t.Errorf("%s: got %v, error %v", c.name, set, err)
		}
	}
}

// FuzzLabels reads arbitrary text as a table next to twenty pictures. Each picture gets at most one label.
func FuzzLabels(f *testing.F) {
	for _, row := range []string{"%d.png,%s", "%[2]s;img/%[1]d", "%d\t%s\t%[2]s", "\"%d.png\",\"%s\"", "%d.png %s"} {
		f.Add([]byte(listed(row)), "")
		f.Add([]byte("name,label,x\n"+listed(row)), "2")
	}
	f.Fuzz(func(t *testing.T, table []byte, label string) {
		fsys := directory(with(numbered("img/%d.png", 20, ""), "labels.csv", string(table)))
		var set *Set
		var err error
		bounded.Check(t, func() { set, err = Find(fsys, Options{Prefix: "DIR/", Label: label}) })
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, p := range set.Train {
			if fsys[p.File] == nil || seen[p.File] || p.Class == "" {
				t.Errorf("%+v", p)
			}
			seen[p.File] = true
		}
		if len(seen) > 20 || len(seen) == 0 {
			t.Errorf("%d pictures have labels", len(seen))
		}
	})
}
