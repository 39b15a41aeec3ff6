package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strings"

	"shadegrad/internal/memory"
)

// tableName matches the names of CSV files, with or without the name of a part.
var (
	tableName = regexp.MustCompile(`(?i)^(.+)\.(csv|tsv|txt|data|dat|arff|libsvm|svm|tra|tes)(?:\.gz)?$`)
	partName  = regexp.MustCompile(`(?i)^(|.*[-_. ])(train|training|test|testing|t10k)(|[-_. ].*)$`)
)

// A part is the part of a data set in a CSV file or a directory of images.
type part int

const (
	wholePart part = iota // not named
	trainPart
	testPart
)

func (p part) String() string { return [...]string{"data", "training data", "test data"}[p] }

// partOf returns the part that a word names.
func partOf(word string) part {
	switch strings.ToLower(word) {
	case "train", "training":
		return trainPart
	case "test", "testing", "t10k":
		return testPart
	}
	return wholePart
}

// A tableFileName is the parsed name of a CSV file.
type tableFileName struct {
	part part
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
		return tableFileName{trainPart, m[1]}, true
	case "tes":
		return tableFileName{testPart, m[1]}, true
	}
	if p := partName.FindStringSubmatch(m[1]); p != nil {
		return tableFileName{partOf(p[2]), p[1] + "*" + p[3]}, true
	}
	return tableFileName{wholePart, m[1]}, !strings.EqualFold(m[2], "txt")
}

// goesWith reports whether two names begin with the same words, as mnist_train_100 and mnist_test_10 do.
func (n tableFileName) goesWith(other tableFileName) bool {
	a, _, _ := strings.Cut(n.set, "*")
	b, _, _ := strings.Cut(other.set, "*")
	return a == b
}

// openTables reads a data set from a directory with CSV files: the training and the test file, or else the only file.
func (p place) openTables() (*Data, error) {
	files, err := p.findTables(func(n tableFileName) bool { return n.part != wholePart })
	train, test := files[trainPart], files[testPart]
	if err == nil && (train == "" || test == "") {
		files, err = p.findTables(func(tableFileName) bool { return true })
	}
	a, _ := parseTableName(train)
	b, _ := parseTableName(test)
	switch whole := files[wholePart]; {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.name, err)
	case whole != "" && train+test != "":
		return nil, fmt.Errorf("%s: both %s and %s could hold the data; %s", p.name, whole, train+test, nameOne)
	case test != "" && train == "" && !p.testOnly:
		return nil, fmt.Errorf("%s: %s is the test data; the training data are missing", p.name, test)
	case train != "" && test != "" && !a.goesWith(b):
		return nil, fmt.Errorf("%s: %s and %s belong to different data sets; %s", p.name, train, test, nameOne)
	}
	return p.openPair(files)
}

// openTableFile reads the data set to which a CSV file of the place belongs.
func (p place) openTableFile(file string) (*Data, error) {
	name, _ := parseTableName(file)
	var files [3]string
	if name.part != wholePart {
		// The other part has the same name otherwise, or is the only one.
		other := func(n tableFileName) bool { return n.part != wholePart && n.part != name.part && name.goesWith(n) }
		var err error
		files, err = p.findTables(func(n tableFileName) bool { return other(n) && n.set == name.set })
		if err == nil && files == [3]string{} {
			if files, err = p.findTables(other); err != nil {
				files, err = [3]string{}, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	files[name.part] = file
	if name.part == testPart && files[trainPart] == "" && !p.testOnly {
		return nil, fmt.Errorf("%s: the name says that these are the test data; the training data are not next to it", p.name)
	}
	return p.openPair(files)
}

// openPair reads a data set from CSV files. If the test file has no labels, as in Kaggle's competitions, it is not read.
func (p place) openPair(files [3]string) (*Data, error) {
	train, test := files[trainPart], files[testPart]
	data, err := p.readTables(files)
	if errors.Is(err, errNoLabels) {
		data, err = p.readTables([3]string{trainPart: train})
		if err == nil {
			data.addNote(test + " has no labels and is not read")
		}
	} else if a, _ := parseTableName(train); err == nil && train != "" && test != "" {
		if b, _ := parseTableName(test); a.set != b.set {
			data.addNote(fmt.Sprintf("%s is the test part of %s", test, train))
		}
	}
	if err != nil {
		return nil, err
	}
	return data, p.turnEMNIST(data, files[wholePart]+train)
}

// errNoLabels reports a test file with one column less than the training file.
var errNoLabels = errors.New("are the labels missing?")

// findTables returns the CSV file of each wanted part in the directory.
func (p place) findTables(wanted func(tableFileName) bool) (files [3]string, err error) {
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		return files, reason(err)
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
		case e.Name() != *file+".gz":
			return files, fmt.Errorf("both %s and %s could hold the %s; %s", *file, e.Name(), name.part, nameOne)
		}
	}
	return files, nil
}

// readTables reads a data set from CSV files: a training and a test part, or one file from which it takes the test
// part.
func (p place) readTables(files [3]string) (*Data, error) {
	train, test := files[trainPart], files[testPart]
	single := ""
	switch {
	case files[wholePart] != "":
		single = files[wholePart]
	case test == "":
		single = train
	}
	if single != "" {
		tables, note, err := p.loadTables(single)
		if err != nil {
			return nil, err
		}
		data := &Data{Name: p.name, Train: tables[0], Note: note}
		return data, p.takeTest(data, p.prefix+single)
	}
	names := []string{train, test}
	if p.testOnly {
		names = names[1:]
	}
	tables, note, err := p.loadTables(names...)
	if err != nil {
		return nil, err
	}
	data := &Data{Name: p.name, Test: tables[len(tables)-1], Note: note}
	if !p.testOnly {
		data.Train = tables[0]
	}
	data.countClasses()
	return data, nil
}

// takeTest holds out a fifth of the training data as test data if the directory has no test data.
func (p place) takeTest(data *Data, from string) error {
	all := data.Train.Len()
	n := max(1, (all+2)/5)
	if all < 2 {
		return fmt.Errorf("%s: expected at least 2 samples, of which one is for the test, found %d", from, all)
	}
	data.countClasses() // of all samples, so that both parts have the same number
	data.Test = data.Train.takeOut(pick(&data.Train, n, testSeed, testStream))
	data.addNote(fmt.Sprintf("%s has no test part: %d of its %d samples, always the same, are held out as one", from, n, all))
	return nil
}

// addNote appends a sentence to the note.
func (d *Data) addNote(note string) {
	if d.Note != "" {
		note = d.Note + "; " + note
	}
	d.Note = note
}

// The test part of a data set without one is always the same.
const (
	testSeed   = 1
	testStream = 1<<61 + 1<<32
)

// loadTables reads CSV files that belong together, as bytes or as numbers by the first row of the first file. A later
// number that is not a byte is an error in what seem to be images: because of one slip they would be learned as numbers
// from 0 to 255. Elsewhere it makes all rows numbers, and the note says so.
func (p place) loadTables(names ...string) (sets []Set, note string, err error) {
	var files []*tableFile
	for _, name := range names {
		f, err := examine(textFile{p.fsys, name}, p.prefix+name, p.options, p.available)
		if err != nil {
			return nil, "", err
		}
		if err := f.goesWith(files); err != nil {
			return nil, "", err
		}
		files = append(files, f)
	}
	sets, err = p.loadAll(files, files[0].bytes, memory.NewBudget(p.available))
	var row *rowError
	if !errors.As(err, &row) || row.number == "" || files[0].square() {
		return sets, "", err
	}
	note = fmt.Sprintf("%s: line %d, column %d has %s, which is not a whole number from 0 to 255, so the lines are read as rows of numbers",
		row.file, row.line, row.column, row.number)
	sets, err = p.loadAll(files, false, memory.NewBudget(p.available))
	return sets, note, err
}

func (p place) loadAll(files []*tableFile, asBytes bool, budget *memory.Budget) ([]Set, error) {
	sets := make([]Set, len(files))
	for i, f := range files {
		t, err := f.load(asBytes, p.options, budget)
		if err != nil {
			return nil, err
		}
		sets[i] = t.set(f)
	}
	return sets, nil
}

// goesWith checks that a file matches the first of the others.
func (f *tableFile) goesWith(others []*tableFile) error {
	if len(others) == 0 {
		return nil
	}
	g := others[0]
	column := min(f.columns, g.columns+1) // the last column, or the first excess one
	switch {
	case f.columns == g.columns-1 && f.targets == 0:
		return fmt.Errorf("%s: line 1, column %d: expected %d columns as in %s, found %d; %w",
			f.file, column, g.columns, path.Base(g.name), f.columns, errNoLabels)
	case f.columns != g.columns:
		return fmt.Errorf("%s: line 1, column %d: expected %d columns as in %s, found %d", f.file, column, g.columns, path.Base(g.name), f.columns)
	case f.first != g.first:
		return fmt.Errorf("%s: line 1: expected the label in column %d as in %s, found it in column %d", f.file, g.first+1, path.Base(g.name), f.first+1)
	}
	return nil
}

// set returns the set of a table.
func (t *table) set(f *tableFile) Set {
	n := t.features()
	file, line, first := f.file, f.firstLine(), f.first
	s := Set{Images: t.images, Values: t.values, Labels: t.labels, Targets: t.targets, Width: n, Height: 1}
	answers := f.answers()
	s.place = func(i, feature int) string {
		column := feature + 1
		if feature >= first {
			column += answers
		}
		return fmt.Sprintf("%s: line %d, column %d", file, line+i, column)
	}
	if t.targets != nil {
		s.Outputs = t.answers()
		return s
	}
	if side := root(n); t.images != nil && side*side == n {
		s.Width, s.Height = side, side
	}
	s.origin = func(i int) string {
		return fmt.Sprintf("%s: line %d, column %d: label out of range", file, line+i, first+1)
	}
	return s
}

// root returns the integer part of a square root.
func root(n int) int {
	return int(math.Sqrt(float64(n)))
}
