package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/memory"
	"shadegrad/internal/table"
	"shadegrad/internal/unpack"
)

// Samples are inputs of a network, with or without labels.
type Samples struct {
	Set   Set      // its labels are 0
	Names []string // of the samples: ids, or numbers from 1
	ID    string   // name of the column of ids, or empty
	Note  string
}

// OpenSamples reads inputs for a network, which takes images of a size or rows of numbers: the rows of a CSV file, the
// images of an IDX, npy or npz file, or the test part of a directory.
func (f Form) OpenSamples(where string, size Size) (*Samples, error) {
	f.TestData = ""
	info, err := os.Stat(where)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, atomicfile.Cause(err))
	}
	var d *Data
	s := &Samples{}
	if info.IsDir() {
		if d, err = f.openTest(where, true); err != nil {
			return nil, err
		}
	} else {
		dir, file := filepath.Split(filepath.Clean(where))
		p := place{fsys: os.DirFS(filepath.Clean(dir + ".")), name: where, prefix: dir, form: f, testOnly: true, available: memory.Available()}
		if d, err = p.samples(file, size, s); err != nil {
			return nil, err
		}
		if err = d.lightInk(f.Learned); err == nil {
			err = f.prepare(d, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	s.Set, s.Note = d.Test, d.Note
	for i := len(s.Names); i < s.Set.Len(); i++ {
		s.Names = append(s.Names, strconv.Itoa(i+1))
	}
	return s, nil
}

// samples reads the samples of a file.
func (p place) samples(file string, size Size, s *Samples) (*Data, error) {
	budget := memory.NewBudget(p.available)
	head := unpack.Head(p.fsys, file)
	if unpack.IsZip(head) {
		archive, err := unpack.OpenZip(p.fsys, file, budget)
		if err == nil {
			defer archive.Close()
			file, err = imagesOf(archive)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		p.fsys = archive.Reader
		head = unpack.Head(p.fsys, file)
	}
	x, err := readArray(p.fsys, file, testImages, budget)
	switch _, named := parseName(file); {
	case err == nil:
	case named, len(head) > 0 && head[0] == 0:
		return nil, fmt.Errorf("%s: %w", p.name, err)
	default:
		return p.rows(file, size, s, budget)
	}
	d := &Data{Name: p.name, Test: Set{Labels: make([]byte, x.Shape[0])}}
	if d.Test.Width, d.Test.Height, err = x.size(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	if err := d.fill([]*array{x}, p.form, budget); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return d, p.turned(d, file)
}

// imagesOf returns the name of the file of test images, or of the only images, in an archive.
func imagesOf(archive fs.FS) (string, error) {
	entries, err := fs.ReadDir(archive, ".")
	if err != nil {
		return "", atomicfile.Cause(err)
	}
	found := ""
	for _, e := range entries {
		n, ok := parseName(e.Name())
		switch {
		case ok && n.role == testImages, len(entries) == 1:
			return e.Name(), nil
		case ok && n.role == trainImages && n.whole:
			found = e.Name()
		}
	}
	if found == "" {
		return "", errors.New("no test images found, as x_test.npy")
	}
	return found, nil
}

// rows reads the rows of a table.
func (p place) rows(file string, size Size, s *Samples, budget *memory.Budget) (*Data, error) {
	wanted := p.form.wanted()
	f, err := table.Survey(p.lines(file), wanted, func(rows, columns int) error { return nil })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	schema, err := f.Samples(wanted, size.Width*size.Height)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	n := schema.Rows(0) * schema.Width()
	if err := budget.Take(4 * int64(n)); err != nil {
		return nil, fmt.Errorf("%s: no room for %d rows: %w", p.name, schema.Rows(0), err)
	}
	var rows table.Rows
	if wanted.Numbers {
		rows.Values = allocateNumbers(n)
	} else {
		rows.Images = allocate(n)
	}
	if err := schema.Load(0, &rows); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	s.Names = rows.IDs
	s.ID, _ = schema.ID()
	set := Set{Images: rows.Images, Values: rows.Values, Labels: make([]byte, schema.Rows(0)), Width: size.Width, Height: size.Height}
	d := &Data{Name: p.name, Test: set, Note: schema.Note}
	return d, p.turned(d, file)
}
