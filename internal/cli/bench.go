package cli

import (
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
)

const benchUsage = `usage: shadegrad bench [FLAGS]

Compares the time of a training step on several backends, which take turns. Each backend
is first checked to compute the step correctly.
`

// bench is "shadegrad bench".
func (a *app) bench(args []string) error {
	f, err := a.parseRecipe("bench", benchUsage, args)
	if err != nil {
		return err
	}
	if f.json {
		f.format = report.BenchJSON
	}
	data, err := f.Open()
	if err != nil {
		return err
	}
	o, err := f.options(data)
	if err != nil {
		return err
	}
	rivals, err := a.rivals(f, func() []judge.Case { return bench.CasesOf(o, data) })
	if err != nil {
		return err
	}
	defer func() {
		for _, r := range rivals {
			r.choice.Close()
		}
	}()
	shown := make([]report.Rival, len(rivals))
	for i, r := range rivals {
		shown[i] = report.Rival{Kind: string(r.kind), Info: r.choice.Info(), Peak: r.peak}
	}
	show := report.NewBench(a.stdout, f.format, o.Network, shown, a.runLength)
	step := bench.StepOf(o, &data.Train)
	figures, err := a.measure(rivals, step, data, f.repeat)
	if err != nil {
		return err
	}
	show.Step(step, figures)
	if f.sweep {
		if err := a.sweep(show, rivals, step, data, f.repeat); err != nil {
			return err
		}
	}
	if len(f.timeTo) > 0 {
		if err := a.timesTo(show, rivals, f); err != nil {
			return err
		}
	}
	return show.Err()
}

// A rival is one of the backends to compare.
type rival struct {
	kind   backends.Kind
	choice *backends.Choice
	peak   float64 // FLOP/s, or 0 if unknown
}

// rivals opens the backends and tests a GPU with the cases. It omits a GPU that cannot be used unless -backends names
// it.
func (a *app) rivals(f *settings, cases func() []judge.Case) (list []rival, err error) {
	defer func() {
		if err != nil {
			for _, r := range list {
				err = errors.Join(err, r.choice.Close())
			}
			list = nil
		}
	}()
	for _, k := range f.backends {
		opener := a.opener
		opener.Cases = cases
		c, err := opener.Open(k)
		if err != nil && k == backends.GPU && !f.Given("backends") {
			fmt.Fprintf(a.stderr, "%v; timing the CPU only\n", err)
			continue
		}
		if err != nil {
			return list, openError(err, "-backends")
		}
		a.printFindings(c)
		fmt.Fprintln(a.stderr, report.Describe(c.Info()))
		list = append(list, rival{kind: k, choice: c})
		if p, ok := c.Backend.(compute.Peaker); ok {
			if list[len(list)-1].peak, err = p.PeakFlops(); err != nil {
				return list, err
			}
		}
	}
	return list, nil
}

// measure times a step on all rivals in turn.
func (a *app) measure(rivals []rival, s bench.Step, d *dataset.Data, repeat int) ([]bench.Figure, error) {
	var subjects []*bench.Subject
	defer func() {
		for _, j := range subjects {
			j.Free()
		}
	}()
	for _, r := range rivals {
		if err := s.Check(r.choice.Backend); err != nil {
			return nil, fmt.Errorf("%s: %w", r.kind, err)
		}
		j, err := bench.NewSubject(r.choice.Backend, s, &d.Train)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.kind, err)
		}
		subjects = append(subjects, j)
	}
	return bench.Measure(a.now, subjects, repeat, a.runLength)
}

// sweep times batches of growing size.
func (a *app) sweep(show *report.Bench, rivals []rival, s bench.Step, d *dataset.Data, repeat int) error {
	const largest = 4096
	show.BeginSweep()
	for s.Batch = 1; s.Batch <= min(largest, d.Train.Len()); s.Batch *= 4 {
		figures, err := a.measure(rivals, s, d, repeat)
		if err != nil {
			return err
		}
		show.SweepRow(s, figures)
	}
	show.EndSweep()
	return nil
}
