package dataset

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"shadegrad/internal/memory"
)

// openArrays reads the files of arrays that have these names.
func (p place) openArrays(names [roles]string) (*Data, error) {
	if p.options.Targets > 0 {
		return nil, fmt.Errorf("%s: IDX and npz files have labels; %w", p.name, ErrNoTargets)
	}
	wanted := []role{trainImages, trainLabels, testImages, testLabels}
	switch {
	case names[testImages] == "":
		wanted = wanted[:testImages]
	case p.testOnly:
		wanted = wanted[testImages:]
	}
	s := source{name: p.name, prefix: p.prefix, names: names, options: p.options, file: func(r role, budget *memory.Budget) (*array, error) {
		name := names[r]
		if within := path.Join(name, name); exists(p.fsys, within) { // as some archives are unpacked
			name = within
		}
		return readArray(p.fsys, name, r, budget)
	}}
	data, err := s.read(wanted)
	if err != nil {
		return nil, err
	}
	of, _ := parseName(names[wanted[0]])
	if err := p.turnEMNIST(data, of.set); err != nil {
		return nil, err
	}
	if names[testImages] == "" {
		return data, p.takeTest(data, p.name)
	}
	return data, nil
}

// exists reports whether there is a file of this name.
func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}

// A source is a set of files of arrays.
type source struct {
	name    string        // of the data set
	prefix  string        // before the names of files in errors
	names   [roles]string // of the files
	options Options
	file    func(role, *memory.Budget) (*array, error)
}

// read reads the wanted files and assembles them.
func (s source) read(wanted []role) (*Data, error) {
	// Decompression takes longest, so each file has a goroutine.
	var files [roles]*array
	var errs [roles]error
	var wg sync.WaitGroup
	budget := memory.NewBudget(memory.Available())
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
			return nil, fmt.Errorf("%s%s: %w", s.prefix, s.names[r], errs[r])
		}
	}
	return s.assemble(wanted, files, budget)
}

// assemble makes a data set of its files, which must match.
func (s source) assemble(wanted []role, files [roles]*array, budget *memory.Budget) (*Data, error) {
	names, prefix := s.names, s.prefix
	data := &Data{Name: s.name}
	sets := map[role]*Set{trainImages: &data.Train, testImages: &data.Test}
	var images []*array
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
		images = append(images, x)
	}
	train, test := &data.Train, &data.Test
	if train.Len() > 0 && test.Len() > 0 && (test.Width != train.Width || test.Height != train.Height) {
		at := ""
		if files[testImages].idx {
			at = "at byte 8: "
		}
		return nil, fmt.Errorf("%s%s: %sexpected images of %dx%d as in %s, found %dx%d",
			prefix, names[testImages], at, train.Width, train.Height, names[trainImages], test.Width, test.Height)
	}
	if err := data.fill(images, s.options, budget); err != nil {
		return nil, fmt.Errorf("%s%s: %w", prefix, names[wanted[0]], err)
	}
	data.countClasses()
	return data, nil
}

// turnEMNIST transposes the images of a data set of EMNIST, which is recognised by the name of a file and stores them
// transposed, and reads the names of its classes.
func (p place) turnEMNIST(d *Data, file string) error {
	file = strings.ToLower(file)
	if !strings.Contains(file, "emnist") {
		return nil
	}
	for _, s := range d.sets() {
		if s.Images == nil {
			return nil
		}
		s.transpose()
	}
	d.Look.Transposed = true
	d.addNote("EMNIST stores its images transposed; they were turned upright")
	names, err := fs.Glob(p.fsys, "*mapping.txt")
	if err != nil {
		return err
	}
	for _, name := range names {
		if set, _, _ := strings.Cut(strings.ToLower(name), "-mapping"); strings.HasPrefix(file, set) {
			d.ClassNames = p.mapping(name)
			d.countClasses()
		}
	}
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
