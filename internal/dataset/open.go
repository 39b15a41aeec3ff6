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

// Options state how to read a data set. The zero Options are those of Open.
type Options struct {
	// Targets is the number of columns of a CSV file that are regression targets: the last ones, or the first ones if
	// TargetsFirst. 0 means a label.
	Targets      int
	TargetsFirst bool
	// Standardize calls Data.Standardize.
	Standardize bool
	// Scale replaces the figures of the training set if Standardize is set.
	Scale *Scale
	// Numbers reads the features of a CSV file as Values even if all of them are bytes. Targets and Standardize imply
	// it.
	Numbers bool
}

// numbers reports whether the features of a CSV file are numbers in any case.
func (o Options) numbers() bool { return o.Numbers || o.Standardize || o.Targets > 0 }

// Open reads the data set where, for classification.
//
// An empty where or "mnist" is the built-in MNIST. "xor", "halfplane", "spiral" and "moons" are built in too; ./xor is
// a file or directory of that name. Otherwise where is a CSV file, or a directory with one of:
//
//   - four IDX files, named as MNIST's: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
//     t10k-labels-idx1-ubyte. Each may end in .gz, and have a dot before idx, a prefix such as emnist-letters-, and test
//     for t10k.
//   - CSV files (.csv or .tsv, with or without .gz): a pair such as mnist_train.csv and mnist_test.csv, or a single one.
//     A line is a label and numbers, as many in each line. The first line may be a header. The separator is a comma,
//     semicolon, tab or spaces. The label is in the column called label or class; without that header it is in the first. If all other
//     numbers are whole and from 0 to 255, the samples are images: square if the count allows, otherwise of one row. If
//     the first line has another number, they are rows of numbers. If only a later line or the test part has one, it is
//     an error if the count is that of a square image of at least 8x8, since the image is then damaged; otherwise the
//     samples are rows of numbers, and Data.Note says so.
//   - a directory of PNG or JPEG images for each class, directly or within train and test. All images have one size.
//     Colours become grey by their luminance, and transparent pixels black. Classes are numbered in the natural order
//     of their names (2 before 10).
//
// Without a test part, a fifth of the samples of each class, always the same, is held out as one, and Data.Note says
// so. If a file exists with and without .gz, the uncompressed one is read. The number of classes is the highest label
// of both parts, plus 1, or the number of directories.
func Open(where string) (*Data, error) { return OpenWith(where, Options{}) }

// OpenTest is Open for the test part alone. It does not need a separate training part. Train is empty, and the number
// of classes is the highest label of the test part, plus 1, or the number of directories.
func OpenTest(where string) (*Data, error) { return OpenTestWith(where, Options{}) }

// OpenWith is Open with options.
func OpenWith(where string, o Options) (*Data, error) { return open(where, o, false, nil) }

// OpenTestWith is OpenTest with options. Standardising without a Scale needs the training part.
func OpenTestWith(where string, o Options) (*Data, error) { return open(where, o, true, nil) }

// open reads a data set and standardises it by its training set. Before that it calls cut, if not nil, to change the parts.
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
		// A file of /proc or of a pipe cannot be opened from the root, but from its own directory.
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

// A place is the source of a data set and how to read it.
type place struct {
	fsys     fs.FS
	name     string // of the data set
	prefix   string // before the names of files in errors
	options  Options
	testOnly bool

	available int64 // bytes of memory available, or −1 if not known
}

// open reads a data set from a directory: IDX files if there is one, else CSV files, else images. It ignores a single
// table next to images, which may describe them.
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

// errNothing reports a directory without a data set.
var errNothing = errors.New("no data found; looked for IDX files (" + customary[0] + " and so on), " +
	"CSV files (such as train.csv and test.csv) and a directory of PNG or JPEG images for each class")

// isDir reports whether a directory entry is a directory or a symbolic link to one.
func (p place) isDir(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(p.fsys, path.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// hidden reports whether listings omit a name.
func hidden(name string) bool { return name[0] == '.' }
