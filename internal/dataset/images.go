package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"shadegrad/internal/memory"
)

// A folder is a directory with a directory of images for each class.
type folder struct {
	dir     string   // in the file system
	classes []string // directories in natural order
	skipped []string // files in them that are neither PNG nor JPEG
}

// A picture is an image file and its class.
type picture struct {
	name  string // in the file system
	label byte
}

// maxClasses is the maximum number of classes: a label is a byte.
const maxClasses = 256

// openImages reads a data set from a directory of images.
func (p place) openImages() (*Data, error) {
	whole, err := p.folder(".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	// A directory called train or test is a part if it has directories itself; otherwise it is a class.
	var parts [3]*folder
	for _, class := range whole.classes {
		which := partOf(class)
		if which == wholePart {
			continue
		}
		f, err := p.folder(class)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if len(f.classes) == 0 {
			continue
		}
		if parts[which] != nil {
			return nil, fmt.Errorf("%s: both %s and %s could hold the %s; keep one of them", p.name, parts[which].dir, class, which)
		}
		parts[which] = f
	}
	for _, f := range append(parts[:], whole) {
		if err := p.dropEmpty(f); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	train, test := parts[trainPart], parts[testPart]
	budget := memory.NewBudget(p.available)
	switch {
	case train == nil && test == nil:
		return p.splitFolder(whole, budget)
	case test == nil:
		return p.splitFolder(train, budget)
	case train == nil && !p.testOnly:
		return nil, fmt.Errorf("%s: %s holds the test data; the training data are missing, for which it looked in train", p.name, test.dir)
	case train == nil:
		train = test
	}
	// The labels are those of the training classes, even if the test part lacks some.
	for _, class := range test.classes {
		if !slices.Contains(train.classes, class) {
			return nil, fmt.Errorf("%s: %s holds a class that %s does not have", p.name, path.Join(test.dir, class), train.dir)
		}
	}
	data := &Data{Name: p.name, ClassNames: train.classes, Note: p.skippedNote(train, test)}
	if p.testOnly {
		data.Note = p.skippedNote(test)
	}
	var first string
	if !p.testOnly {
		if data.Train, first, err = p.loadFolder(train, train.classes, nil, "", budget); err != nil {
			return nil, err
		}
	}
	if data.Test, _, err = p.loadFolder(test, train.classes, &data.Train, first, budget); err != nil {
		return nil, err
	}
	data.countClasses()
	return data, nil
}

// hasPictures reports whether there are images in the directories or in their directories.
func (p place) hasPictures() bool {
	for _, pattern := range []string{"*/*", "*/*/*"} {
		names, err := fs.Glob(p.fsys, pattern)
		if err == nil && slices.ContainsFunc(names, func(name string) bool { return isPicture(path.Base(name)) }) {
			return true
		}
	}
	return false
}

// holdsPictures reports whether there are images in a directory itself.
func (p place) holdsPictures(dir string) bool {
	entries, err := fs.ReadDir(p.fsys, dir)
	return err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isPicture(e.Name()) })
}

// splitFolder reads images and takes the test part from them.
func (p place) splitFolder(f *folder, budget *memory.Budget) (*Data, error) {
	all, _, err := p.loadFolder(f, f.classes, nil, "", budget)
	if err != nil {
		return nil, err
	}
	data := &Data{Name: p.name, Train: all, ClassNames: f.classes}
	from := p.name
	if f.dir != "." {
		from = p.prefix + f.dir
	}
	err = p.takeTest(data, from)
	if skipped := p.skippedNote(f); skipped != "" && err == nil {
		data.addNote(skipped)
	}
	return data, err
}

// folder lists the directories in a directory.
func (p place) folder(dir string) (*folder, error) {
	entries, err := fs.ReadDir(p.fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, reason(err))
	}
	f := &folder{dir: dir}
	for _, e := range entries {
		if !hidden(e.Name()) && p.isDir(dir, e) {
			f.classes = append(f.classes, e.Name())
		}
	}
	slices.SortFunc(f.classes, natural)
	return f, nil
}

// dropEmpty removes classes without images, such as extra directories in archives.
func (p place) dropEmpty(f *folder) error {
	if f == nil {
		return nil
	}
	var kept []string
	for _, class := range f.classes {
		dir := path.Join(f.dir, class)
		entries, err := fs.ReadDir(p.fsys, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, reason(err))
		}
		for _, e := range entries {
			if !isPicture(e.Name()) && !hidden(e.Name()) && !p.isDir(dir, e) {
				f.skipped = append(f.skipped, path.Join(dir, e.Name()))
			}
		}
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isPicture(e.Name()) && !p.isDir(dir, e) }) {
			kept = append(kept, class)
		}
	}
	f.classes = kept
	return nil
}

// skippedNote describes the files in the classes' directories that are not read. It is empty if all files are read.
func (p place) skippedNote(folders ...*folder) string {
	n, example := 0, ""
	for _, f := range folders {
		if f != nil && len(f.skipped) > 0 {
			n += len(f.skipped)
			if example == "" {
				example = p.prefix + filepath.FromSlash(f.skipped[0])
			}
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "1 file was skipped that is neither PNG nor JPEG: " + example
	}
	return fmt.Sprintf("%d files were skipped that are neither PNG nor JPEG, such as %s", n, example)
}

// natural compares names in natural order: runs of digits by their value.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		i, j := digits(x), digits(y)
		if i > 0 && j > 0 {
			m, n := strings.TrimLeft(x[:i], "0"), strings.TrimLeft(y[:j], "0")
			if len(m) != len(n) {
				return len(m) - len(n)
			}
			if c := strings.Compare(m, n); c != 0 {
				return c
			}
			x, y = x[i:], y[j:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if c := len(x) - len(y); c != 0 {
		return c
	}
	return strings.Compare(a, b) // 01 and 1
}

// digits returns the number of digits at the start of a text.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// list returns the images in a directory, ordered by class.
func (p place) list(f *folder, classes []string) ([]picture, error) {
	if len(classes) > maxClasses {
		return nil, fmt.Errorf("%d directories: expected at most %d classes", len(classes), maxClasses)
	}
	var list []picture
	for label, class := range classes {
		if !slices.Contains(f.classes, class) {
			continue
		}
		dir := path.Join(f.dir, class)
		entries, err := fs.ReadDir(p.fsys, dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, reason(err))
		}
		for _, e := range entries {
			if isPicture(e.Name()) && !p.isDir(dir, e) {
				list = append(list, picture{path.Join(dir, e.Name()), byte(label)})
			}
		}
	}
	if len(list) == 0 {
		return nil, errNoPictures
	}
	return list, nil
}

var errNoPictures = errors.New("no PNG or JPEG images found in its directories; expected one directory for each class")

// isPicture reports whether a file is an image, by its name.
func isPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg":
		return !hidden(name)
	}
	return false
}

// loadFolder reads the images of a directory and returns the name of the image whose size all must have. This is the
// first image, unless the set like already has images: then it is first, an image of that set.
func (p place) loadFolder(f *folder, classes []string, like *Set, first string, budget *memory.Budget) (Set, string, error) {
	list, err := p.list(f, classes)
	if err != nil {
		return Set{}, "", fmt.Errorf("%s: %w", p.name, err)
	}
	reader := pictureReader{fsys: p.fsys}
	file := func(name string) string { return p.prefix + filepath.FromSlash(name) }
	if like == nil || like.Len() == 0 {
		first = list[0].name
		if reader.width, reader.height, err = sizeOf(p.fsys, first); err != nil {
			return Set{}, "", fmt.Errorf("%s: %w", file(first), err)
		}
	} else {
		reader.width, reader.height = like.Width, like.Height
	}
	reader.first = first
	n := reader.width * reader.height
	if int64(n) > maxInt/int64(len(list)) {
		return Set{}, "", fmt.Errorf("%s: %d images of %dx%d: %w", file(first), len(list), reader.width, reader.height, errTooMuch)
	}
	if err := take(budget, int64(n+1)*int64(len(list))); err != nil {
		return Set{}, "", fmt.Errorf("%s: %d images of %dx%d: %w", file(first), len(list), reader.width, reader.height, err)
	}
	s := Set{Images: allocate(n * len(list)), Labels: make([]byte, len(list)), Width: reader.width, Height: reader.height,
		origin: func(i int) string { return file(list[i].name) + ": label out of range" }}
	workers := min(runtime.GOMAXPROCS(0), len(list))
	if err := take(budget, int64(workers)*int64(n)*decodedPixel); err != nil {
		return Set{}, "", fmt.Errorf("%s: no room to decode an image of %dx%d: %w", file(first), reader.width, reader.height, err)
	}
	var wg sync.WaitGroup
	bad := make([]int, workers) // the first image of each worker that cannot be read
	errs := make([]error, workers)
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < len(list); i += workers {
				s.Labels[i] = list[i].label
				if errs[w] = reader.read(list[i].name, s.Image(i)); errs[w] != nil {
					bad[w] = i
					return
				}
			}
		}()
	}
	wg.Wait()
	worst := -1
	for w, err := range errs {
		if err != nil && (worst < 0 || bad[w] < bad[worst]) {
			worst = w
		}
	}
	if worst >= 0 {
		return Set{}, "", fmt.Errorf("%s: %w", file(list[bad[worst]].name), errs[worst])
	}
	return s, first, nil
}
