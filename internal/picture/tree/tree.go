// Package tree finds the pictures of a data set in a directory, with their parts and classes. The class of a picture is
// the directory that it is in, or stands in a table next to the pictures, or at the beginning of the file's name.
package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/internal/naming"
	"shadegrad/internal/picture"
)

// A Picture is a picture file and its class.
type Picture struct{ File, Class string }

// A Set is the pictures of a data set.
type Set struct {
	Train, Validation, Test []Picture // ordered by class
	// From is the directory of the training part, or the only part.
	From string
	// Notes tell the user how the directory was interpreted.
	Notes []string
}

// Options state what to look for.
type Options struct {
	Prefix   string // before the names of files in messages
	Label    string // column of the table of labels, or FileName, or empty
	TestOnly bool   // the training part may be missing, and all pictures may be of one class
	// Known reports whether a network has learned a class; without a network it is nil. Label is then that of the network's data.
	Known func(class string) bool
}

// FileName is the value of Label that takes the labels from the names of the files.
const FileName = "filename"

// ErrNone reports a directory without pictures.
var ErrNone = errors.New("no " + picture.Formats + " pictures found")

// A folder is a directory with pictures in it or below it.
type folder struct {
	dir     string
	files   []string // pictures directly in it
	tables  []string // files directly in it that can be tables of labels
	folders []*folder
	info    fs.FileInfo
}

func (f *folder) name() string { return path.Base(f.dir) }

// all returns the pictures in a folder and below it.
func (f *folder) all() []string {
	list := slices.Clone(f.files)
	for _, sub := range f.folders {
		list = append(list, sub.all()...)
	}
	return list
}

// A finder collects the interpretation of a directory.
type finder struct {
	fsys fs.FS
	Options
	known   map[string]bool // classes of the training part
	skipped []string        // files among the pictures that are not pictures
	notes   []string
}

func (s *finder) note(format string, values ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, values...))
}

// path returns the name of a file or directory for messages.
func (s *finder) path(name string) string {
	if name == "." && s.Prefix != "" {
		return filepath.Clean(s.Prefix)
	}
	return s.Prefix + filepath.FromSlash(name)
}

// Has reports whether there are pictures in a directory or below it, and whether a table lists them. Other is a file below
// the directory that is neither a picture nor a table, or empty.
func Has(fsys fs.FS) (pictures, listed bool, other string) {
	s := finder{fsys: fsys}
	root, err := s.walk(".", nil)
	if err != nil {
		return false, false, ""
	}
	if len(s.skipped) > 0 {
		other = s.skipped[0]
	}
	all := root.all()
	return len(all) > 0, len(all) > 0 && len(s.tables(root, nil, all)) > 0, other
}

// Find finds the pictures of a data set. Its errors do not begin with the name of the directory.
func Find(fsys fs.FS, o Options) (*Set, error) {
	s := finder{fsys: fsys, Options: o, known: map[string]bool{}}
	root, err := s.walk(".", nil)
	if err != nil {
		return nil, err
	}
	if len(root.all()) == 0 {
		return nil, ErrNone
	}
	parts, err := s.parts(root)
	for err == nil && parts == nil && len(root.files) == 0 && len(root.folders) == 1 && len(root.folders[0].folders) > 0 && !s.isClass(root.folders[0].name()) {
		root.folders[0].tables = append(root.folders[0].tables, root.tables...)
		root = root.folders[0]
		s.note("the pictures are in %s", s.path(root.dir))
		parts, err = s.parts(root)
	}
	if err != nil {
		return nil, err
	}
	set := &Set{From: root.dir}
	if parts == nil {
		err = s.whole(root, set)
	} else {
		err = s.divided(root, parts, set)
	}
	if err != nil {
		return nil, err
	}
	if n := len(s.skipped); n > 0 {
		s.note("files that are not pictures: %d skipped, such as %s", n, s.path(s.skipped[0]))
	}
	set.Notes = s.notes
	return set, nil
}

// walk lists a directory and those below it that have pictures. It does not follow links to a directory above.
func (s *finder) walk(dir string, above []fs.FileInfo) (*folder, error) {
	info, err := fs.Stat(s.fsys, dir)
	if err != nil {
		return nil, err
	}
	const deepest = 8
	f := &folder{dir: dir, info: info}
	if len(above) > deepest {
		return f, nil
	}
	entries, err := fs.ReadDir(s.fsys, dir)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		info := fs.FileInfo(nil)
		if e.Type()&fs.ModeSymlink != 0 {
			info, _ = fs.Stat(s.fsys, name)
		}
		switch {
		case junk(e.Name()):
		case e.IsDir(), info != nil && info.IsDir():
			if info != nil && slices.ContainsFunc(append(above, f.info), func(a fs.FileInfo) bool { return os.SameFile(a, info) }) {
				continue
			}
			sub, err := s.walk(name, append(slices.Clone(above), f.info))
			if err != nil {
				return nil, err
			}
			if len(sub.files)+len(sub.folders) > 0 {
				f.folders = append(f.folders, sub)
			}
		case picture.Named(e.Name()):
			f.files = append(f.files, name)
		case isTable(e.Name()):
			f.tables = append(f.tables, name)
			fallthrough
		default:
			others = append(others, name)
		}
	}
	if len(above) > 0 { // the top directory may have any other files
		s.skipped = append(s.skipped, others...)
	}
	slices.SortFunc(f.folders, func(a, b *folder) int { return naming.Natural(a.name(), b.name()) })
	return f, nil
}

// junk reports whether a name is that of a file or directory that operating systems add, such as .DS_Store.
func junk(name string) bool {
	switch strings.ToLower(name) {
	case "__macosx", "thumbs.db", "desktop.ini":
		return true
	}
	return name[0] == '.'
}
