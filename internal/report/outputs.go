package report

import (
	"encoding/json"
	"fmt"
)

// Outputs are a network's outputs for each sample of a small set.
type Outputs struct {
	When    string // "before training", "after training" or "of" a file
	Samples []SampleOutput
	Error   float64 // mean squared
}

// A SampleOutput is the output for one sample. Input is nil if it is long.
type SampleOutput struct {
	Input, Target, Output []float32
}

// MarshalJSON returns the line of -json, with null for numbers that are not finite.
func (o *Outputs) MarshalJSON() ([]byte, error) {
	type sample struct {
		Input  []float32  `json:"input,omitempty"`
		Target []float32  `json:"target"`
		Output []*float64 `json:"output"`
	}
	list := make([]sample, len(o.Samples))
	for i, s := range o.Samples {
		list[i] = sample{Input: s.Input, Target: s.Target}
		for _, y := range s.Output {
			list[i].Output = append(list[i].Output, finite(float64(y)))
		}
	}
	return json.Marshal(struct {
		Event   string   `json:"event"`
		When    string   `json:"when"`
		Samples []sample `json:"samples"`
		Error   *float64 `json:"mean_squared_error"`
	}{"outputs", o.When, list, finite(o.Error)})
}

// Text formats the outputs as a table.
func (o *Outputs) Text() string {
	rows := [][]string{{"input", "target", "output"}}
	for i, s := range o.Samples {
		input := formatNumbers(s.Input, -1)
		if s.Input == nil {
			input = fmt.Sprintf("sample %d", i+1)
		}
		rows = append(rows, []string{input, formatNumbers(s.Target, -1), formatNumbers(s.Output, 4)})
	}
	return fmt.Sprintf("outputs %s; mean squared error %.4g\n", PrintableName(o.When), o.Error) + Table(rows)
}
