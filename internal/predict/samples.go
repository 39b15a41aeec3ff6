package predict

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/naming"
	"shadegrad/internal/picture"
	"shadegrad/internal/report"
)

// picturesIn returns the pictures in a directory and those below it, or none if it holds other data.
func picturesIn(dir string) (list []string, err error) {
	other := false
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && picture.Named(e.Name()):
			list = append(list, path)
		case !e.IsDir() && strings.Contains(e.Name(), "idx3"):
			other = true
		}
		return nil
	})
	if other {
		return nil, err
	}
	slices.SortFunc(list, naming.Natural)
	return list, err
}

// isSamples reports whether a file holds many samples, by its name.
func isSamples(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	switch filepath.Ext(name) {
	case ".csv", ".tsv", ".data", ".txt", ".arff", ".npz", ".npy":
		return true
	}
	return strings.Contains(filepath.Base(name), "ubyte")
}

// samples classifies the samples of a file or directory. Messages call it name.
func (p *Predictor) samples(path, name string) error {
	m, size := p.Model, dataset.Size{Width: p.Model.Width, Height: p.Model.Height}
	if m.About.Unpadded != (dataset.Size{}) {
		size = m.About.Unpadded
	}
	form := m.About.Form
	form.Numbers, form.Learned = m.About.Numbers, m.Learned()
	list, err := form.OpenSamples(path, size)
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), path, name))
	}
	set := &list.Set
	if set.Width != m.Width || set.Height != m.Height || m.About.Numbers != (set.Values != nil) {
		return fmt.Errorf("%s: the network is for %s, found %s", name, wantText(m), report.Form(set))
	}
	p.Note(list.Note)
	if err := p.flush(); err != nil {
		return err
	}
	return p.answer(cmp.Or(list.ID, "ImageId"), list.Names, set)
}

// wantText describes the samples of a network.
func wantText(m *model.Model) string {
	if m.About.Numbers {
		return "rows of " + report.Count(m.Width, "number")
	}
	return fmt.Sprintf("images of %d×%d", m.Width, m.Height)
}

// directory classifies the pictures of a directory, or the samples of its data set.
func (p *Predictor) directory(dir string) error {
	list, err := picturesIn(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, atomicfile.Cause(err))
	}
	if len(list) == 0 || p.Model.About.Numbers {
		return p.samples(dir, dir)
	}
	var failed []error
	for _, path := range list {
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name) // the file is the same on each system
		failed = append(failed, p.picture(path, name))
	}
	return errors.Join(failed...)
}

// standardInput classifies a picture or the rows of a table.
func (p *Predictor) standardInput() error {
	f, err := os.CreateTemp("", "shadegrad-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, os.Stdin)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if img, err := picture.Load(f.Name()); err == nil && img != nil && !p.Model.About.Numbers {
		if err := p.picture(f.Name(), "standard input"); err != nil {
			return errors.New(strings.ReplaceAll(err.Error(), f.Name(), "standard input"))
		}
		return nil
	}
	return p.samples(f.Name(), "standard input")
}

// flush computes the outputs of the pictures that are read.
func (p *Predictor) flush() error {
	n := len(p.names) - len(p.outputs)
	if n == 0 {
		return nil
	}
	outputs, err := p.ofPixels(p.pixels, n)
	if err := checkOutputs(outputs, p.names[len(p.outputs)], err); err != nil {
		return err
	}
	p.pixels = nil
	p.add("file", nil, outputs)
	return nil
}
