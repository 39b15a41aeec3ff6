package dataset

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"shadegrad/internal/memory"
)

// openArrays reads the files of arrays that have these names.
func (p place) openArrays(names [roles]string) (*Data, error) {
	if p.form.Targets.Count > 0 {
		return nil, fmt.Errorf("%s: IDX and npz files have labels; %w", p.name, ErrNoTargets)
	}
	wanted := slices.DeleteFunc(p.wanted(), func(r role) bool { return names[r] == "" })
	if len(wanted) == 0 { // the test part is taken from the training part
		wanted = []role{trainImages, trainLabels}
	}
	s := source{name: p.name, prefix: p.prefix, names: names, form: p.form, file: func(r role, budget *memory.Budget) (*array, error) {
		name := names[r]
		if within := path.Join(name, name); exists(p.fsys, within) { // as some archives are unpacked
			name = within
		}
		return readArray(p.fsys, name, r, budget)
	}}
	data, err := s.read(wanted, p.available)
	if err != nil {
		return nil, err
	}
	if err := p.turned(data, names[wanted[0]]); err != nil {
		return nil, err
	}
	if names[testImages] == "" {
		err = p.takeTest(data, p.name)
	}
	return data, err
}

// exists reports whether the file exists.
func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}

// A source is a set of files of arrays.
type source struct {
	name   string        // of the data set
	prefix string        // before the names of files in errors
	names  [roles]string // of the files
	form   Form
	file   func(role, *memory.Budget) (*array, error)
}

// read reads the wanted files and assembles them.
func (s source) read(wanted []role, available int64) (*Data, error) {
	// Decompression takes longest, so each file has a goroutine.
	var files [roles]*array
	var errs [roles]error
	var wg sync.WaitGroup
	budget := memory.NewBudget(available)
	for _, r := range wanted {
		wg.Add(1)
		go func() {
			defer wg.Done()
			files[r], errs[r] = s.file(r, budget)
		}()
	}
	wg.Wait()
	for _, r := range wanted {
		if errs[r] != nil {
			return nil, Damage{fmt.Errorf("%s%s: %w", s.prefix, s.names[r], errs[r])}
		}
	}
	return s.assemble(wanted, files, budget)
}

// assemble makes a data set of its files, which must match.
func (s source) assemble(wanted []role, files [roles]*array, budget *memory.Budget) (*Data, error) {
	names, prefix := s.names, s.prefix
	data := &Data{Name: s.name}
	sets := map[role]*Set{trainImages: &data.Train, testImages: &data.Test, validationImages: &data.Validation}
	var images [roles]*array
	for _, r := range wanted {
		set := sets[r]
		if set == nil {
			continue
		}
		x, y := files[r], files[r+1]
		labels, err := y.labels()
		if err != nil {
			return nil, fmt.Errorf("%s%s: %w", prefix, names[r+1], err)
		}
		if n := x.Shape; len(n) == 2 && n[0] != len(labels) && n[1] == len(labels) {
			x.Transpose() // a sample is a column, as in MATLAB
		}
		if len(labels) != x.Shape[0] {
			return nil, fmt.Errorf("%s%s: %sexpected %d labels, one for each image of %s, found %d",
				prefix, names[r+1], y.header(), x.Shape[0], names[r], len(labels))
		}
		*set = Set{Labels: labels, origin: inLabels(prefix+names[r+1], y.start, len(y.values)/len(labels))}
		if set.Width, set.Height, err = x.size(); err != nil {
			return nil, fmt.Errorf("%s%s: %w", prefix, names[r], err)
		}
		images[r] = x
	}
	for _, r := range wanted {
		if s, train := sets[r], &data.Train; s != nil && train.Len() > 0 && (s.Width != train.Width || s.Height != train.Height) {
			at := ""
			if files[r].idx {
				at = "at byte 8: "
			}
			return nil, fmt.Errorf("%s%s: %sexpected images of %dx%d as in %s, found %dx%d",
				prefix, names[r], at, train.Width, train.Height, names[trainImages], s.Width, s.Height)
		}
	}
	inOrder := slices.DeleteFunc([]*array{images[trainImages], images[validationImages], images[testImages]}, func(a *array) bool { return a == nil })
	if err := data.fill(inOrder, s.form, budget); err != nil {
		return nil, fmt.Errorf("%s%s: %w", prefix, names[wanted[0]], err)
	}
	data.countClasses()
	return data, nil
}

// emnist reports whether a file belongs to EMNIST, by its name or that of the archive around it, and returns the names of
// the classes from the mapping file next to it, or nil.
func (p place) emnist(file string) (is bool, classes []string) {
	if _, ok := p.fsys.(*zip.Reader); ok {
		file = path.Base(filepath.ToSlash(p.prefix)) + file
	}
	file = strings.ToLower(file)
	if !strings.Contains(file, "emnist") {
		return false, nil
	}
	names, _ := fs.Glob(p.fsys, "*-mapping.txt") // the pattern is valid
	for _, name := range names {
		if strings.Contains(file, strings.TrimSuffix(strings.ToLower(name), "-mapping.txt")) {
			classes = p.mapping(name)
		}
	}
	return true, classes
}

// turned calls turnEMNIST if the data set is from EMNIST.
func (p place) turned(d *Data, file string) error {
	if is, classes := p.emnist(file); is {
		return d.turnEMNIST(classes)
	}
	return nil
}

// turnEMNIST transposes the images of a data set of EMNIST, which are stored transposed, and names the classes.
func (d *Data) turnEMNIST(classes []string) error {
	for _, s := range d.sets() {
		if s.Images == nil {
			return nil
		}
		if err := s.writable(); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		s.transpose()
	}
	d.Look.Transposed = true
	d.addNote("EMNIST stores its images transposed; they were turned upright")
	if d.ClassNames == nil {
		d.ClassNames = classes
	}
	for i, name := range d.ClassNames {
		if n, err := strconv.Atoi(name); err == nil && n < len(classes) {
			d.ClassNames[i] = classes[n] // the labels of a table that do not count from 0
		}
	}
	d.countClasses()
	return nil
}

// mapping returns the names of the classes in a mapping file of EMNIST: a line has a label and the codes of its characters.
// It returns nil if the file is not such a file.
func (p place) mapping(name string) []string {
	text, err := fs.ReadFile(p.fsys, name)
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		for i, word := range strings.Fields(line) {
			n, err := strconv.Atoi(word)
			switch {
			case err != nil || n < 0 || n >= maxClasses || i == 0 && n < len(list):
				return nil
			case i > 0:
				list[len(list)-1] += string(rune(n))
				continue
			}
			for len(list) < n { // labels that do not occur
				list = append(list, strconv.Itoa(len(list)))
			}
			list = append(list, "")
		}
	}
	return list
}

// transpose exchanges rows and columns of the images in place.
func (s *Set) transpose() {
	image := make([]byte, s.Features())
	w, h := s.Width, s.Height
	for i := range s.Len() {
		copy(image, s.Image(i))
		for at := range image {
			s.Images[i*w*h+at%w*h+at/w] = image[at]
		}
	}
	s.Width, s.Height = h, w
}
