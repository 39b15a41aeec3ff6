package record

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/page"
	"shadegrad/internal/train"
)

// Page returns the data of the page of a running run. The backend computes the classes over the plane.
func (s *Snapshot) Page(b compute.Backend) (*page.Run, error) {
	p := s.page()
	p.State = page.Running
	if q := s.progress; q.Epoch > s.epoch && q.Fresh > 0 && q.Seconds > 0 {
		rate := float64(q.Fresh) / q.Seconds
		p.Position = &page.Position{Epoch: q.Epoch, Rows: q.Rows, Samples: q.Samples,
			Left: float64((s.options.Epochs-q.Epoch+1)*q.Samples-q.Rows) / rate}
	}
	return p, s.pictures(p, b, liveSide)
}

// pictures adds the weights and the plane.
func (v *view) pictures(p *page.Run, b compute.Backend, side int) (err error) {
	if n := v.options.Network.Sizes[0]; len(v.units) > 0 {
		var units [][]float32
		for i := 0; i < len(v.units); i += n {
			units = append(units, v.units[i:i+n])
		}
		if p.Weights, err = page.NewWeights(v.data.Width, v.data.Height, units); err != nil {
			return err
		}
		p.Weights.Units = v.options.Network.Sizes[1]
	}
	if len(v.values) > 0 {
		p.Boundary, err = v.plane(b, side)
	}
	return err
}

// page returns the data of a page without pictures and predictions.
func (v *view) page() *page.Run {
	o, c := v.options, v.options.Network
	unit := "samples"
	if v.data.Height > 1 {
		unit = "images"
	}
	p := &page.Run{Kind: "run", Title: filepath.Base(v.data.Name), Summary: fmt.Sprintf("%s; network %s, %d parameters", v.data, o.Network, c.Parameters()),
		Samples: unit, Classes: v.classes, Notes: v.notes, Command: v.about.Command, Epochs: o.Epochs, ResumedFrom: v.resumed,
		Findings: v.findings, Diagnosed: v.measured, Facts: v.facts(), Tiles: v.tiles(unit)}
	p.Steps = page.Steps{X: v.steps.X(), Loss: v.steps.Column(0), Each: v.steps.Each()}
	p.Steps.Low, p.Steps.High = v.steps.Range()
	if !c.Regression {
		p.Steps.Acc = v.steps.Column(1)
	}
	if n := v.partial.Len(); n > 0 {
		p.Steps.X = append(p.Steps.X[:len(p.Steps.X):len(p.Steps.X)], v.partial.X()...)
		p.Steps.Loss = append(p.Steps.Loss, v.partial.Column(0)...)
		for range n {
			p.Steps.Acc = append(p.Steps.Acc, math.NaN())
		}
		if c.Regression {
			p.Steps.Acc = nil
		}
		if p.Steps.Low != nil {
			p.Steps.Low = append(p.Steps.Low[:len(p.Steps.Low):len(p.Steps.Low)], v.partial.Column(0)...)
			p.Steps.High = append(p.Steps.High[:len(p.Steps.High):len(p.Steps.High)], v.partial.Column(0)...)
		}
	}
	e := &p.PerEpoch
	e.X, e.TrainLoss, e.Speed = v.epochs.X(), v.epochs.Column(0), v.epochs.Column(6)
	if o.Validates() {
		e.ValLoss = v.epochs.Column(2)
	}
	if o.TestsEach() {
		e.TestLoss = v.epochs.Column(4)
	}
	if !c.Regression {
		e.TrainAcc = v.epochs.Column(1)
		if o.Validates() {
			e.ValAcc = v.epochs.Column(3)
		}
		if o.TestsEach() {
			e.TestAcc = v.epochs.Column(5)
		}
	}
	p.Rates = v.rates()
	p.Layers = v.healths()
	return p
}

// healths returns the health of each layer.
func (v *view) healths() []page.Layer {
	if v.health.Len() == 0 {
		return nil
	}
	var list []page.Layer
	for i, l := range v.layers {
		column := func(j int) page.Numbers { return v.health.Column(healthFigures*i + j) }
		layer := page.Layer{Name: fmt.Sprintf("%d · %d %s", i+1, l.Units, l.F), X: v.health.X(), Of: string(l.Of),
			Delta: column(0), Gradient: column(1), Weights: column(2), Step: column(3), Moved: column(4)}
		if l.Of != "" {
			layer.Flat = column(5)
		}
		list = append(list, layer)
	}
	return list
}

// rates returns the learning rate and the momentum of the steps so far.
func (v *view) rates() page.Rates {
	o, n := v.options, v.samples
	steps := v.epoch * v.stepsOf()
	if q := v.progress; q.Epoch > v.epoch {
		steps += q.Rows / o.BatchSize(n)
	}
	var r page.Rates
	count := min(steps, ratePoints)
	for i := range count {
		step := steps - 1
		if count > 1 {
			step = i * (steps - 1) / (count - 1)
		}
		r.X, r.Rate = append(r.X, float64(step+1)), append(r.Rate, o.Rate(step, n))
		r.Momentum = append(r.Momentum, o.MomentumAt(step, n))
	}
	return r
}

// figure formats a loss.
func figure(v float64) string { return fmt.Sprintf("%.4g", v) }

func percent(v float64) string { return fmt.Sprintf("%.2f%%", 100*v) }

// tiles returns the figures at the head of the page.
func (v *view) tiles(unit string) []page.Fact {
	o := v.options
	list := []page.Fact{{Name: "Epochs", Value: thousands(float64(v.epoch)) + " of " + thousands(float64(o.Epochs))}}
	if v.epoch > 0 {
		list = append(list, page.Fact{Name: "Training loss", Value: figure(v.last.TrainLoss)})
		if !o.Network.Regression {
			list = append(list, page.Fact{Name: "Training accuracy", Value: percent(v.last.TrainAcc)})
		}
		if o.Validates() && o.Network.Regression {
			list = append(list, page.Fact{Name: "Validation loss", Value: figure(v.last.ValLoss)})
		} else if o.Validates() {
			list = append(list, page.Fact{Name: "Validation accuracy", Value: percent(v.last.ValAcc)})
		}
		if speed := v.last.ImagesPerSecond(); speed > 0 {
			list = append(list, page.Fact{Name: unit + " per second", Value: thousands(speed)})
		}
	}
	return append(list, page.Fact{Name: "Time", Value: clock(v.seconds)})
}

// thousands formats a count with spaces between thousands.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// clock formats seconds.
func clock(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// facts returns the properties of the run.
func (v *view) facts() []page.Fact {
	o, c, i := v.options, v.options.Network, v.info
	list := []page.Fact{
		{Name: "Backend", Value: i.Backend}, {Name: "Device", Value: i.Device}, {Name: "Driver", Value: i.Driver}, {Name: "Detail", Value: i.Detail},
		{Name: "Chosen because", Value: v.about.Why},
		{Name: "Data", Value: v.data.Name}, {Name: "Network", Value: c.String()}, {Name: "Activation", Value: c.Hidden.String()},
		{Name: "Output", Value: c.Output.String()}, {Name: "Loss", Value: strings.TrimSpace(c.Loss.String() + " " + string(c.Reduction))}, {Name: "Batch", Value: fmt.Sprint(o.BatchSize(v.samples))},
		{Name: "Learning rate", Value: fmt.Sprintf("%g, %s", o.LearningRate, o.Schedule)}, {Name: "Momentum", Value: fmt.Sprint(o.Momentum)},
		{Name: "Seed", Value: fmt.Sprint(o.Seed)}, {Name: "Program", Value: v.about.Version},
	}
	var known []page.Fact
	for _, f := range list {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

// classNames returns the names of the classes, or their numbers; nil for regression.
func classNames(s *train.State, d *dataset.Data) []string {
	if s.Options.Network.Regression {
		return nil
	}
	names := make([]string, max(s.Options.Network.Outputs(), 2))
	for i := range names {
		names[i] = fmt.Sprint(i)
		if i < len(d.ClassNames) {
			names[i] = d.ClassNames[i]
		}
	}
	return names
}
