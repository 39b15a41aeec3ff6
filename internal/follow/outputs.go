package follow

import (
	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const (
	// FewSamples is the largest set whose outputs are shown for each sample.
	FewSamples = 20
	// fewInputs is the longest input that is shown with them.
	fewInputs = 8
)

// OutputsOf returns a network's outputs for each sample of a set.
func OutputsOf(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set, when string) (*report.Outputs, error) {
	list, err := train.OutputsOf(b, c, values, d)
	if err != nil {
		return nil, err
	}
	o := &report.Outputs{When: when}
	sum := 0.
	for i, y := range list {
		s := report.SampleOutput{Target: train.TargetOf(c, d, i), Output: y}
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

// TrainingOutputs returns the network's outputs for a small training set, or nil for a larger one.
// It computes on the CPU on every backend.
func TrainingOutputs(when string, s *train.State, d *dataset.Data) (*report.Outputs, error) {
	c := s.Options.Network
	if d.Train.Len() > FewSamples {
		return nil, nil
	}
	values := s.Chosen()
	if values == nil {
		// The run needs more memory than this, but later.
		if err := train.CheckMemory(c, 2*4*int64(c.Parameters())); err != nil {
			return nil, err
		}
		values = s.Initial()
	}
	b := cpu.New()
	defer b.Close()
	return OutputsOf(b, c, values, &d.Train, when)
}

// OutputsFirst returns a reporter that shows the outputs before training, unless they are nil, once the run has started.
func OutputsFirst(show report.Reporter, before *report.Outputs) report.Reporter {
	return &outputsFirst{show, before}
}

type outputsFirst struct {
	report.Reporter
	before *report.Outputs // nil once shown
}

func (r *outputsFirst) Started(i compute.Info) {
	r.Reporter.Started(i)
	if r.before != nil { // a run starts again if another device takes over
		r.Outputs(r.before)
		r.before = nil
	}
}
