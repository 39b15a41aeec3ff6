package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/format"
	"shadegrad/internal/mapped"
	"shadegrad/internal/memory"
	"shadegrad/internal/naming"
	"shadegrad/internal/picture"
	"shadegrad/internal/picture/tree"
	"shadegrad/internal/toy"
	"shadegrad/internal/unpack"
)

// Open reads the data set where, in this form: a built-in one ("mnist" or empty, "xor", "halfplane", "spiral" or "moons"; ./xor
// is a file or directory of that name), a directory, a zip archive, a file, or the beginning of file names. The page
// docs/data.md describes the kinds of data and the names of files. In a directory files of arrays come first, then tables, then
// pictures; one that has only another directory stands for that one.
//
// Without a test part, a fifth of the samples of each class, always the same, is held out as one. Data.Note reports how the
// data were understood. The number of classes is the highest label of both parts, plus 1, or the number of their names.
func (f Form) Open(where string) (*Data, error) { return f.OpenSplit(where, 0, 0) }

// Open is Form.Open in the zero Form.
func Open(where string) (*Data, error) { return Form{}.Open(where) }

// OpenTest is Open for the test part alone. It needs the training part only to standardise without a Scale. Train is
// empty, and the number of classes is the highest label of the test part, plus 1, or the number of directories.
func (f Form) OpenTest(where string) (*Data, error) { return f.openTest(where, false) }

// openTest is OpenTest. A data set without a test part can be the test part as a whole.
func (f Form) openTest(where string, whole bool) (*Data, error) {
	d, err := place{form: f, testOnly: !f.Standardize || f.Scale != nil, whole: whole}.prepared(where, nil)
	if err == nil {
		d.Train = Set{}
	}
	return d, err
}

// prepared reads a data set and prepares it.
func (p place) prepared(where string, cut func(*Data) error) (*Data, error) {
	d, err := p.readParts(where)
	if err == nil && !(IsBuiltIn(where) && p.form.TestData == "") { // whose ink is known, and the check takes as long as reading
		err = d.lightInk(p.form.Learned)
	}
	if err == nil {
		err = p.form.prepare(d, cut)
	}
	if err != nil {
		return nil, err
	}
	for _, s := range d.sets() {
		if s.mapped && memory.Available() > int64(len(s.Images)) {
			go mapped.Prefetch(s.Images)
		}
	}
	return d, nil
}

// prepare prepares images of light ink, or numbers. It calls cut, if not nil, to change the parts before it computes a Scale.
func (f Form) prepare(d *Data, cut func(*Data) error) error {
	if err := d.resize(f.Resize); err != nil {
		return err
	}
	d.Look.Centred = d.Train.Images != nil && d.Train.centred()
	if cut != nil {
		if err := cut(d); err != nil {
			return err
		}
	}
	var err error
	switch {
	case f.Standardize && f.Scale != nil:
		err = d.StandardizeBy(f.Scale)
	case f.Standardize:
		err = d.Standardize()
	}
	if err != nil || f.Pad == (Size{}) {
		return err
	}
	return d.Pad(f.Pad.Width, f.Pad.Height)
}

// read reads a data set, or at least its test part.
func (p place) read(where string) (*Data, error) {
	if IsBuiltIn(where) {
		t, isToy := toy.Sets[where]
		switch {
		case p.form.Targets.Count > 0:
			return nil, fmt.Errorf("%s has labels; %w", cmp.Or(t.Name, builtIn.name), ErrNoTargets)
		case isToy:
			return openToy(t), nil
		}
		return builtIn.read(slices.DeleteFunc(p.wanted(), func(r role) bool { return customary[r] == "" }), memory.Available())
	}
	where = filepath.Clean(where)
	p.name, p.available = where, memory.Available()
	info, err := os.Stat(where)
	if err == nil && info.IsDir() {
		p.fsys, p.prefix = os.DirFS(where), where+string(filepath.Separator)
		return p.open()
	}
	// A file of /proc or of a pipe cannot be opened from the root, but from its own directory.
	dir, file := filepath.Split(where)
	p.prefix = dir
	if dir == "" {
		dir = "."
	}
	p.fsys = os.DirFS(dir)
	if err == nil {
		return p.openFile(file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		if data, err := p.openSet(file); data != nil || err != nil {
			return data, err
		}
		return nil, fmt.Errorf("%s: %w; built in are %s", where, atomicfile.Cause(err), builtInNames)
	}
	return nil, fmt.Errorf("%s: %w", where, atomicfile.Cause(err))
}

// A place is the source of a data set and how to read it.
type place struct {
	fsys     fs.FS
	name     string // of the data set
	prefix   string // before the names of files in errors
	form     Form
	testOnly bool // the training part is not wanted
	whole    bool // a data set without a test part is the test part as a whole
	depth    int  // directories and archives around it

	available int64 // bytes of memory available, or −1 if not known
}

// wanted returns the roles of the files that are read.
func (p place) wanted() []role {
	if p.testOnly {
		return []role{testImages, testLabels}
	}
	return []role{trainImages, trainLabels, testImages, testLabels, validationImages, validationLabels}
}

// open reads a data set from a directory: files of arrays if there is one, else CSV files, else images. It ignores a single
// table next to images, which may describe them.
func (p place) open() (*Data, error) {
	names, found, err := p.arrayFiles(p.wanted(), nil)
	if err != nil {
		return nil, err
	}
	if found {
		return p.openArrays(names)
	}
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, atomicfile.Cause(err))
	}
	var parts bool
	var tables, archives, directories, others []string
	for _, e := range entries {
		table, isTable := parseTableName(e.Name())
		switch {
		case hidden(e.Name()) || e.Name() == "__MACOSX":
		case p.isDir(".", e):
			directories = append(directories, e.Name())
		case isTable:
			tables = append(tables, e.Name())
			parts = parts || table.part != naming.Whole
		case strings.EqualFold(path.Ext(e.Name()), ".npz"):
			archives = append(archives, e.Name())
		default:
			others = append(others, e.Name())
		}
	}
	pictures, listed, other := tree.Has(p.fsys)
	switch {
	case listed: // the table lists the pictures
	case parts, len(tables) > 0 && !(pictures && len(directories) > 0):
		return p.openTables()
	case len(archives) == 2 && naming.PartOf(stem(archives[0])) == naming.Test && naming.PartOf(stem(archives[1])) == naming.Train:
		p.form.TestData = p.prefix + archives[0]
		return p.readParts(p.prefix + archives[1])
	case len(archives) > 1:
		return nil, fmt.Errorf("%s: both %s and %s could hold the data; %s", p.name, archives[0], archives[1], p.chooseOne())
	case len(archives) == 1:
		return p.openFile(archives[0])
	case !pictures:
		directories = p.withData(directories)
	}
	switch {
	case len(directories) > 1 && !pictures:
		return nil, fmt.Errorf("%s: both %s and %s could hold the data; %s", p.name, directories[0], directories[1], p.chooseOne())
	case len(directories) == 1 && p.depth < maxDepth && !p.holdsPictures(directories[0]) && !(pictures && naming.PartOf(directories[0]) != naming.Whole):
		data, err := p.openWithin(directories[0])
		if errors.Is(err, errNothing) {
			break
		}
		return data, err
	}
	switch {
	case pictures && p.form.Targets.Count > 0:
		return nil, fmt.Errorf("%s: pictures have labels; %w", p.name, ErrNoTargets)
	case pictures:
		return p.openImages()
	}
	if other != "" {
		others = append(others, other)
	}
	for _, name := range others {
		if text := format.Describe(unpack.Head(p.fsys, name)); text != "" {
			return nil, fmt.Errorf("%s%s: expected a data set, found %s", p.prefix, name, text)
		}
	}
	return nil, fmt.Errorf("%s: %w", p.name, errNothing)
}

// holdsPictures reports whether there are pictures directly in a directory.
func (p place) holdsPictures(dir string) bool {
	entries, err := fs.ReadDir(p.fsys, dir)
	return err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return picture.Named(e.Name()) })
}

// withData returns the directories with a file that may hold data other than pictures.
func (p place) withData(directories []string) []string {
	return slices.DeleteFunc(directories, func(dir string) bool {
		found := false
		err := fs.WalkDir(p.fsys, dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || strings.Count(name, "/") > maxDepth {
				return fs.SkipDir
			}
			_, isArray := parseName(e.Name())
			_, isTable := parseTableName(e.Name())
			if found = found || !e.IsDir() && (isArray || isTable || strings.EqualFold(path.Ext(name), ".npz")); found {
				return fs.SkipAll
			}
			return nil
		})
		return err != nil || !found
	})
}

// maxDepth is the maximum number of directories and archives around a data set.
const maxDepth = 4

// openWithin reads a data set from the only directory of a directory.
func (p place) openWithin(dir string) (*Data, error) {
	fsys, err := fs.Sub(p.fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", p.prefix, dir, atomicfile.Cause(err))
	}
	p.fsys, p.prefix, p.depth = fsys, p.prefix+dir+string(filepath.Separator), p.depth+1
	data, err := p.open()
	if err == nil && data.within == "" { // else they are further within
		data.within = p.prefix
		data.addNote("the data are in " + p.prefix)
	}
	return data, err
}

// openFile reads the data set to which a file belongs.
func (p place) openFile(file string) (*Data, error) {
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		entries = nil // the file itself may be readable
	}
	if n, ok := parseName(file); ok && (path.Ext(file) != ".npz" || hasLabels(entries, n)) {
		names, _, err := p.arrayFiles(p.wanted(), &n.set)
		if err != nil {
			return nil, err
		}
		return p.openArrays(names)
	}
	if picture.Named(file) {
		return nil, fmt.Errorf("%s: a single picture is not a data set; name a directory with a directory of pictures for each class", p.name)
	}
	head := unpack.Head(p.fsys, file)
	text := format.Describe(head)
	switch {
	case unpack.IsZip(head) && format.Zipped(head) == "":
		archive, err := unpack.OpenZip(p.fsys, file, memory.NewBudget(p.available))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		defer archive.Close()
		p.fsys, p.prefix, p.depth = archive.Reader, p.prefix+file+string(filepath.Separator), p.depth+1
		return p.open()
	case text != "":
		return nil, fmt.Errorf("%s: expected a data set, found %s", p.name, text)
	}
	return p.openTableFile(file)
}

// openSet reads the data set of the files whose names begin with a prefix. It returns nil if there are none.
func (p place) openSet(prefix string) (*Data, error) {
	set := strings.ToLower(strings.Trim(prefix, "-_. "))
	if names, found, err := p.arrayFiles(p.wanted(), &set); err == nil && found {
		return p.openArrays(names)
	}
	files, err := p.findTables(func(n tableFileName) bool {
		before, _, _ := strings.Cut(n.set, "*")
		return n.part != naming.Whole && strings.ToLower(strings.Trim(before, "-_. ")) == set
	})
	if err != nil || files[naming.Train] == "" {
		return nil, nil
	}
	return p.openPair(files)
}

// errNothing reports a directory without a data set.
var errNothing = errors.New("no data found; looked for IDX files (" + customary[0] + " and so on), " +
	"CSV files (such as train.csv and test.csv) and a directory of pictures for each class")

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
