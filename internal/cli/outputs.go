package cli

import (
	"encoding/json"
	"fmt"
	"strconv"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

const (
	// fewSamples is up to how many samples a set has whose outputs are shown one by one.
	fewSamples = 20
	// fewInputs is up to how many numbers of a sample are shown beside them.
	fewInputs = 8
)

// outputs are those of a network for a small set.
type outputs struct {
	Event   string // "outputs"
	When    string // "before training", "after training" or "of" a file
	Samples []sampleOutput
	Error   float64 // the mean squared one
}

// A sampleOutput has the input where it is short.
type sampleOutput struct {
	Input, Target, Output []float32
}

// MarshalJSON has null for what is no finite number, as outputs for inputs near the end of
// float32's range are.
func (o *outputs) MarshalJSON() ([]byte, error) {
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
	}{o.Event, o.When, list, finite(o.Error)})
}

// outputsOf returns a network's outputs for each sample of a set.
func outputsOf(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set, when string) (*outputs, error) {
	list, err := train.OutputsOf(b, c, values, d)
	if err != nil {
		return nil, err
	}
	o := &outputs{Event: "outputs", When: when}
	sum := 0.
	for i, y := range list {
		s := sampleOutput{Target: train.TargetOf(c, d, i), Output: y}
		if n := d.Features(); d.Values != nil && n <= fewInputs {
			s.Input = d.Values[i*n : (i+1)*n]
		}
		for j, v := range y {
			e := float64(v) - float64(s.Target[j])
			sum += e * e
		}
		o.Samples = append(o.Samples, s)
	}
	o.Error = sum / float64(len(list)*c.Outputs())
	return o, nil
}

// text writes outputs for people.
func (o *outputs) text() string {
	rows := [][]string{{"input", "target", "output"}}
	for i, s := range o.Samples {
		input := numbers(s.Input, -1)
		if s.Input == nil {
			input = fmt.Sprintf("sample %d", i+1)
		}
		rows = append(rows, []string{input, numbers(s.Target, -1), numbers(s.Output, 4)})
	}
	return fmt.Sprintf("outputs %s; mean squared error %.4g\n", printableName(o.When), o.Error) + columnsOf(rows)
}

// numbers writes numbers with so many digits after the point, or with as many as they need.
func numbers(list []float32, digits int) string {
	text := ""
	for i, v := range list {
		if i > 0 {
			text += " "
		}
		format := byte('f')
		if digits < 0 {
			format = 'g'
		}
		text += strconv.FormatFloat(float64(v), format, digits, 32)
	}
	return text
}

// trainingOutputs returns what the network makes of each sample of the training set, if that is
// small, and else nil. It computes on the CPU, whatever the run does.
func trainingOutputs(when string, s *train.State, d *dataset.Data) (*outputs, error) {
	c := s.Options.Network
	if d.Train.Len() > fewSamples {
		return nil, nil
	}
	values := s.Chosen()
	if values == nil {
		// The run itself asks for more than this, but later.
		if err := enoughFor(c, 2*4*int64(c.Parameters())); err != nil {
			return nil, err
		}
		values = c.InitialParameters(s.Options.Seed)
	}
	b := cpu.New()
	defer b.Close()
	return outputsOf(b, c, values, &d.Train, when)
}

// An outputsReporter tells of the outputs before training once the run has started.
type outputsReporter struct {
	reporter
	before *outputs // nil once told
}

func (r *outputsReporter) Started(i compute.Info) {
	r.reporter.Started(i)
	if r.before != nil { // a run starts again where another device takes over
		r.outputs(r.before)
		r.before = nil
	}
}

// writeOutputs writes outputs as people or programs read them.
func (a *app) writeOutputs(o *outputs, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(o)
	}
	_, err := fmt.Fprint(a.stdout, o.text())
	return err
}
