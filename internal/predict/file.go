package predict

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// predictions are the outputs of a network, in order, for a file.
type predictions struct {
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

// write writes the predictions to a CSV or JSON file, with the value of each output if all is set.
func (p *Predictor) write(path string, all bool) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(path), ".json") {
			return p.writeJSON(w, all)
		}
		return p.writeCSV(w, all)
	})
}

// classes returns the names of the outputs.
func (p *Predictor) classes() (list []string) {
	for i := range p.Model.Network.Outputs() {
		list = append(list, report.ClassName(p.Model, i))
	}
	return list
}

func (p *Predictor) writeCSV(w io.Writer, all bool) error {
	out := csv.NewWriter(w)
	header := []string{p.id, "Label"}
	switch n := p.Model.Network.Outputs(); {
	case p.Model.Network.Regression:
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
		if !p.Model.Network.Regression {
			row = append(row, report.ClassName(p.Model, train.Class(p.Model.Network, y)))
		}
		if all || p.Model.Network.Regression {
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

func (p *Predictor) writeJSON(w io.Writer, all bool) error {
	list := make([]prediction, len(p.outputs))
	for i, y := range p.outputs {
		list[i].Name = p.names[i]
		if !p.Model.Network.Regression {
			list[i].Label = report.ClassName(p.Model, train.Class(p.Model.Network, y))
		}
		switch {
		case p.Model.Network.Regression, all && len(y) == 1:
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

// Finish writes the file of predictions, if there is one.
func (p *Predictor) Finish() error {
	if p.Out == "" {
		return nil
	}
	err := p.flush()
	if err == nil {
		p.id = cmp.Or(p.id, "ImageId")
		err = atomicfile.Noted(p.write(p.Out, p.All), p.Note)
	}
	if err == nil {
		p.Note(fmt.Sprintf("wrote %s to %s", report.Count(len(p.outputs), "prediction"), p.Out))
	}
	return err
}
