package dataset

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/naming"
)

// tableName matches the names of CSV files, with or without the name of a part.
var (
	tableName = regexp.MustCompile(`(?i)^(.+)\.(csv|tsv|txt|data|dat|arff|libsvm|svm|tra|tes)(?:\.gz)?$`)
	partName  = regexp.MustCompile(`(?i)^(|.*[-_. ])(train|training|val|valid|validation|dev|test|testing|t10k)(|[-_. ].*)$`)
)

// tableFiles are the names of the CSV files of the parts.
type tableFiles [naming.Test + 1]string

// A tableFileName is the parsed name of a CSV file.
type tableFileName struct {
	part naming.Part
	set  string // the name without the part and the ending
}

// parseTableName parses the name of a CSV file. A .txt file is likely to be notes, unless its name states the part.
func parseTableName(name string) (tableFileName, bool) {
	m := tableName.FindStringSubmatch(name)
	if m == nil || hidden(name) {
		return tableFileName{}, false
	}
	switch ext := strings.ToLower(m[2]); ext {
	case "tra": // of UCI's optdigits
		return tableFileName{naming.Train, m[1]}, true
	case "tes":
		return tableFileName{naming.Test, m[1]}, true
	}
	if p := partName.FindStringSubmatch(m[1]); p != nil {
		return tableFileName{naming.PartOf(p[2]), p[1] + "*" + p[3]}, true
	}
	return tableFileName{naming.Whole, m[1]}, !strings.EqualFold(m[2], "txt")
}

// goesWith reports whether two names begin with the same words, as mnist_train_100 and mnist_test_10 do.
func (n tableFileName) goesWith(other tableFileName) bool {
	a, _, _ := strings.Cut(n.set, "*")
	b, _, _ := strings.Cut(other.set, "*")
	return a == b
}

// openTables reads a data set from a directory with CSV files: the training and the test file, or the only file.
func (p place) openTables() (*Data, error) {
	files, err := p.findTables(func(n tableFileName) bool { return n.part != naming.Whole })
	train, test := files[naming.Train], files[naming.Test]
	if err == nil && (train == "" || test == "") {
		files, err = p.findTables(func(tableFileName) bool { return true })
	}
	a, _ := parseTableName(train)
	b, _ := parseTableName(test)
	switch whole := files[naming.Whole]; {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.name, err)
	case whole != "" && train+test != "":
		return nil, fmt.Errorf("%s: both %s and %s could hold the data; %s", p.name, whole, train+test, p.chooseOne())
	case test != "" && train == "" && !p.testOnly:
		return nil, fmt.Errorf("%s: %s is the test data; the training data are missing", p.name, test)
	case train != "" && test != "" && !a.goesWith(b):
		return nil, fmt.Errorf("%s: %s and %s belong to different data sets; %s", p.name, train, test, p.chooseOne())
	}
	data, err := p.openPair(files)
	if err == nil && train != "" {
		err = p.noteValidation(data)
	}
	return data, err
}

// noteValidation notes tables of a validation part, which are not read.
func (p place) noteValidation(data *Data) error {
	entries, err := fs.ReadDir(p.fsys, ".")
	for _, e := range entries {
		if name, ok := parseTableName(e.Name()); ok && name.part == naming.Validation {
			data.addNote(e.Name() + " is not read")
		}
	}
	return err
}

// openTableFile reads the data set to which a CSV file of the place belongs.
func (p place) openTableFile(file string) (*Data, error) {
	name, _ := parseTableName(file)
	var files tableFiles
	if name.part != naming.Whole {
		// The other part has the same name otherwise, or is the only one.
		other := func(n tableFileName) bool { return n.part != naming.Whole && n.part != name.part && name.goesWith(n) }
		var err error
		files, err = p.findTables(func(n tableFileName) bool { return other(n) && n.set == name.set })
		if err == nil && files == (tableFiles{}) {
			if files, err = p.findTables(other); err != nil {
				files, err = tableFiles{}, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	files[name.part] = file
	if name.part == naming.Test && files[naming.Train] == "" && !p.testOnly {
		return nil, fmt.Errorf("%s: the name says that these are the test data; the training data are not next to it", p.name)
	}
	return p.openPair(files)
}

// openPair reads a data set from CSV files, and notes which test file it chose if the names differ.
func (p place) openPair(files tableFiles) (*Data, error) {
	train, test := files[naming.Train], files[naming.Test]
	emnist, classes := p.emnist(cmp.Or(files[naming.Whole], train, test))
	if l := p.form.Learned; emnist && l != nil && l.Classes != nil {
		numbered := *l // the table has the labels instead of the names
		numbered.Classes = slices.Clone(l.Classes)
		for i, class := range l.Classes {
			if label := slices.Index(classes, class); label >= 0 {
				numbered.Classes[i] = strconv.Itoa(label)
			}
		}
		p.form.Learned = &numbered
	}
	data, err := p.readTables(files)
	if err != nil {
		return nil, err
	}
	a, _ := parseTableName(train)
	if b, _ := parseTableName(test); train != "" && test != "" && a.set != b.set {
		data.addNote(fmt.Sprintf("%s is the test part of %s", test, train))
	}
	if emnist {
		if err := data.turnEMNIST(classes); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// separate reports whether a table has only labels, by its name, such as y_train.csv.
func separate(name string) bool {
	m := tableName.FindStringSubmatch(name)
	n, ok := parseName(m[1] + ".npy")
	return ok && !n.role.images()
}

// findTables returns the CSV file of each wanted part in the directory.
func (p place) findTables(wanted func(tableFileName) bool) (files tableFiles, err error) {
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		return files, atomicfile.Cause(err)
	}
	for _, e := range entries {
		name, ok := parseTableName(e.Name())
		if !ok || !wanted(name) || p.isDir(".", e) {
			continue
		}
		// The directory is sorted: a name precedes the same name with .gz.
		switch file := &files[name.part]; {
		case *file == "":
			*file = e.Name()
		case e.Name() != *file+".gz" && separate(*file) != separate(e.Name()):
			return files, fmt.Errorf("%s and %s seem to be features and labels; put the labels into the table as a column called label", *file, e.Name())
		case e.Name() != *file+".gz":
			return files, fmt.Errorf("both %s and %s could hold the %s; %s", *file, e.Name(), name.part, p.chooseOne())
		}
	}
	return files, nil
}
