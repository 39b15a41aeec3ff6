package cli

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/naming"
	"shadegrad/internal/picture"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// predictionFile parses the name of a file of predictions.
func predictionFile(s string) (string, error) {
	if ext := strings.ToLower(filepath.Ext(s)); ext != ".csv" && ext != ".json" {
		return "", flags.Want("a name that ends in .csv or .json")
	}
	return flags.Home(s), nil
}

// predictions are the outputs of a network, in order, for a file.
type predictions struct {
	m       *model.Model
	id      string // header of the column of names
	names   []string
	outputs [][]float32
	pixels  []byte // of the last names, whose outputs are not computed yet
}

// add appends predictions.
func (p *predictions) add(id string, names []string, outputs [][]float32) {
	if p.id == "" {
		p.id = id
	}
	p.names, p.outputs = append(p.names, names...), append(p.outputs, outputs...)
}

// checkOut returns an error if the file of predictions would replace an input, or a file of something else.
func (s *settings) checkOut() error {
	for _, input := range append([]string{s.model}, s.Args...) {
		if atomicfile.Same(s.out, input) {
			return flags.Errorf("-o=%s: the file is an input; name another file", s.out)
		}
	}
	text, err := os.ReadFile(s.out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return nil
	}
	head, _, _ := strings.Cut(string(text), "\n")
	if err == nil && !strings.Contains(head, ",Label") && !strings.Contains(head, ",Output") && !strings.HasPrefix(string(text), "[\n {\n  \"name\"") {
		err = errors.New("the file exists and does not have predictions; name another file")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.out, atomicfile.Cause(err))
	}
	return nil
}

// write writes the predictions to a CSV or JSON file, with the value of each output if all is set.
func (p *predictions) write(path string, all bool) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(path), ".json") {
			return p.writeJSON(w, all)
		}
		return p.writeCSV(w, all)
	})
}

// classes returns the names of the outputs.
func (p *predictions) classes() (list []string) {
	for i := range p.m.Network.Outputs() {
		list = append(list, report.ClassName(p.m, i))
	}
	return list
}

func (p *predictions) writeCSV(w io.Writer, all bool) error {
	out := csv.NewWriter(w)
	header := []string{p.id, "Label"}
	switch n := p.m.Network.Outputs(); {
	case p.m.Network.Regression:
		header = header[:1]
		for i := range n {
			header = append(header, fmt.Sprintf("Output%d", i+1))
		}
	case all && n == 1:
		header = append(header, "Output")
	case all:
		header = append(header, p.classes()...)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for i, y := range p.outputs {
		row := []string{p.names[i]}
		if !p.m.Network.Regression {
			row = append(row, report.ClassName(p.m, train.Class(p.m.Network, y)))
		}
		if all || p.m.Network.Regression {
			for _, v := range y {
				row = append(row, strconv.FormatFloat(float64(v), 'g', 6, 32))
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// A prediction is an object of the JSON file.
type prediction struct {
	Name    string             `json:"name"`
	Label   string             `json:"label,omitempty"`
	Outputs []float32          `json:"outputs,omitempty"` // of a regression
	Classes map[string]float32 `json:"classes,omitempty"` // value of each output
}

func (p *predictions) writeJSON(w io.Writer, all bool) error {
	list := make([]prediction, len(p.outputs))
	for i, y := range p.outputs {
		list[i].Name = p.names[i]
		if !p.m.Network.Regression {
			list[i].Label = report.ClassName(p.m, train.Class(p.m.Network, y))
		}
		switch {
		case p.m.Network.Regression, all && len(y) == 1:
			list[i].Outputs = y
		case all:
			list[i].Classes = map[string]float32{}
			for c, name := range p.classes() {
				list[i].Classes[name] = y[c]
			}
		}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	return out.Encode(list)
}

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
func (p *predictor) samples(path, name string) error {
	m, size := p.m, dataset.Size{Width: p.m.Width, Height: p.m.Height}
	if m.About.Unpadded != (dataset.Size{}) {
		size = m.About.Unpadded
	}
	form := m.About.Form
	form.Numbers, form.Learned = m.About.Numbers, learned(m)
	list, err := form.OpenSamples(path, size)
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), path, name))
	}
	set := &list.Set
	if set.Width != m.Width || set.Height != m.Height || m.About.Numbers != (set.Values != nil) {
		return fmt.Errorf("%s: the network is for %s, found %s", name, wantText(m), formText(set))
	}
	p.note(list.Note)
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
func (p *predictor) directory(dir string) error {
	list, err := picturesIn(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, atomicfile.Cause(err))
	}
	if len(list) == 0 || p.m.About.Numbers {
		return p.samples(dir, dir)
	}
	var failed []error
	for _, path := range list {
		name, _ := filepath.Rel(dir, path)
		failed = append(failed, p.picture(path, name))
	}
	return errors.Join(failed...)
}

// standardInput classifies a picture or the rows of a table.
func (p *predictor) standardInput() error {
	f, err := os.CreateTemp("", "shadegrad-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, os.Stdin)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if img, err := picture.Load(f.Name()); err == nil && img != nil && !p.m.About.Numbers {
		return p.picture(f.Name(), "standard input")
	}
	return p.samples(f.Name(), "standard input")
}

// flush computes the outputs of the pictures that are read.
func (p *predictor) flush() error {
	n := len(p.names) - len(p.outputs)
	if n == 0 {
		return nil
	}
	outputs, err := train.Predict(p.b, p.m.Network, p.m.Values, p.pixels, n)
	if err := checkOutputs(outputs, p.names[len(p.outputs)], err); err != nil {
		return err
	}
	p.pixels = nil
	p.add("file", nil, outputs)
	return nil
}

// finish writes the file of predictions.
func (p *predictor) finish() error {
	err := p.flush()
	if err == nil {
		p.id = cmp.Or(p.id, "ImageId")
		err = warned(p.write(p.s.out, p.s.proba), p.note)
	}
	if err == nil {
		p.note(fmt.Sprintf("wrote %s to %s", report.Count(len(p.outputs), "prediction"), p.s.out))
	}
	return err
}
