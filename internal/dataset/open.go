package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"shadegrad/internal/memory"
)

// Options are how a data set is read. The zero Options are what Open takes.
type Options struct {
	// Targets is how many columns of a CSV file are numbers to learn, for regression: the last ones, or the first ones
	// if TargetsFirst. 0 is a label for classes.
	Targets      int
	TargetsFirst bool
	// Standardize has Data.Standardize called.
	Standardize bool
	// Scale has them standardised by its figures, where Standardize is set, and not by those of the training set.
	Scale *Scale
	// Numbers has the features of a CSV file be Values even where all of them are bytes, as Targets and Standardize have.
	Numbers bool
}

// numbers tells whether the features of a CSV file are numbers, whatever they are.
func (o Options) numbers() bool { return o.Numbers || o.Standardize || o.Targets > 0 }

// Open reads the data set that where names, for classes.
//
// It is empty or "mnist" for the built-in MNIST, or "xor", "halfplane", "spiral" or "moons", which are built in too (a file
// or directory of such a name is reached as ./xor). It is the name of a CSV file, or of a directory with one of:
//
//   - four IDX files, named as MNIST's are: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
//     t10k-labels-idx1-ubyte. Each may have .gz at its end, a dot before idx, a prefix such as emnist-letters-, and test
//     for t10k.
//   - CSV files (.csv or .tsv, with or without .gz): a pair such as mnist_train.csv and mnist_test.csv, or a
//     single one. A line is a label and as many numbers as in all lines; a line of names may come first, and the separator
//     is a comma, semicolon, tab or spaces. The label is in the column that is called label or class, or else in the
//     first. Where all other numbers are whole and from 0 to 255 the samples are images, square ones if the count allows,
//     otherwise of one row. Where the first line has another number they are rows of numbers. Where only a later one
//     has, or the test part, it is an error if the count is that of a square image of at least 8x8, since it is a damaged
//     image then; else they are rows of numbers, and Data.Note says so.
//   - a directory of PNG or JPEG images for each class, side by side or within train and test. All images have one size.
//     Colours become grey by their luminance, and what is transparent is black. Classes are numbered in the natural order
//     of their names (2 before 10).
//
// Where there is no test part, a fifth of the samples of each class is put aside as such, always the same; Data.Note says
// so. Where a file is there with and without .gz, the uncompressed one is read. The number of classes is the highest
// label of both parts, plus 1, or the number of directories.
func Open(where string) (*Data, error) { return OpenWith(where, Options{}) }

// OpenTest is as Open, but neither reads nor needs the training part where that is separate; the Data's Train is empty,
// and the number of classes is the highest label of the test part, plus 1, or the number of directories.
func OpenTest(where string) (*Data, error) { return OpenTestWith(where, Options{}) }

// OpenWith is Open with options.
func OpenWith(where string, o Options) (*Data, error) { return open(where, o, false, nil) }

// OpenTestWith is OpenTest with options. To standardise without a Scale, it needs the training part.
func OpenTestWith(where string, o Options) (*Data, error) { return open(where, o, true, nil) }

// open reads a data set, has cut, if there is one, change its parts, and standardises it by what training set is left.
func open(where string, o Options, testOnly bool, cut func(*Data) error) (*Data, error) {
	if o.Targets < 0 {
		return nil, fmt.Errorf("%d columns of targets: expected 0 or more", o.Targets)
	}
	data, err := read(where, o, testOnly && (!o.Standardize || o.Scale != nil))
	if err != nil {
		return nil, err
	}
	if cut != nil {
		if err := cut(data); err != nil {
			return nil, err
		}
	}
	switch {
	case o.Standardize && o.Scale != nil:
		err = data.StandardizeBy(o.Scale)
	case o.Standardize:
		err = data.Standardize()
	}
	if err != nil {
		return nil, err
	}
	if testOnly {
		data.Train = Set{}
	}
	return data, nil
}

// read reads a data set, or at least its test part.
func read(where string, o Options, testOnly bool) (*Data, error) {
	wanted := []role{trainImages, trainLabels, testImages, testLabels}
	if testOnly {
		wanted = wanted[testImages:]
	}
	if IsBuiltIn(where) {
		if o.Targets > 0 {
			return nil, fmt.Errorf("%s has labels; %w", builtInName(where), ErrNoTargets)
		}
		if toy, ok := toys[where]; ok {
			return toy.data(where), nil
		}
		return builtIn.read(wanted)
	}
	info, err := os.Stat(where)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w; built in are %s", where, reason(err), builtInNames)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, reason(err))
	}
	prefix := filepath.Clean(where) + string(filepath.Separator)
	p := place{name: where, prefix: prefix, options: o, testOnly: testOnly, available: memory.Available()}
	if !info.IsDir() {
		// The root would not do: a file of /proc or of a pipe is opened by its own directory just as well.
		dir, file := filepath.Split(filepath.Clean(where))
		p.prefix = dir
		if dir == "" {
			dir = "."
		}
		p.fsys = os.DirFS(dir)
		return p.openTableFile(file)
	}
	p.fsys = os.DirFS(where)
	return p.open(wanted)
}

// A place is where a data set is to be found, and how it is to be read.
type place struct {
	fsys     fs.FS
	name     string // of the data set
	prefix   string // before the names of files in errors
	options  Options
	testOnly bool

	available int64 // how much memory may be taken, or −1 where nobody knows
}

// open reads the data set of a directory: of IDX files if there is one, else of CSV files, else of images. A single table
// beside images, which may tell something about them, does not count.
func (p place) open(wanted []role) (*Data, error) {
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, reason(err))
	}
	var tables, parts, directories bool
	for _, e := range entries {
		if _, _, ok := parseName(e.Name()); ok {
			if p.options.Targets > 0 {
				return nil, fmt.Errorf("%s: IDX files have labels; %w", p.name, ErrNoTargets)
			}
			return openIDX(p.fsys, p.name, p.prefix, wanted)
		}
		if p.isDir(".", e) {
			directories = directories || !hidden(e.Name())
		} else if name, ok := parseTableName(e.Name()); ok {
			tables = true
			parts = parts || name.part != wholePart
		}
	}
	switch {
	case parts, tables && !(directories && p.hasPictures()):
		return p.openTables()
	case directories && p.options.Targets > 0:
		return nil, fmt.Errorf("%s: directories of images have labels; %w", p.name, ErrNoTargets)
	case directories:
		return p.openImages()
	}
	return nil, fmt.Errorf("%s: %w", p.name, errNothing)
}

// errNothing says that a directory holds no data set.
var errNothing = errors.New("no data found; looked for IDX files (" + customary[0] + " and so on), " +
	"CSV files (such as train.csv and test.csv) and a directory of PNG or JPEG images for each class")

// isDir tells whether an entry of a directory is a directory, or a symbolic link to one.
func (p place) isDir(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(p.fsys, path.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// hidden tells whether a name is one that listings leave out.
func hidden(name string) bool { return name[0] == '.' }
