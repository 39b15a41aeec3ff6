package compare

import (
	"fmt"

	"shadegrad/internal/page"
	"shadegrad/internal/report"
)

// comparison arranges what was read.
func (r *reader) comparison() *page.Comparison {
	c := &page.Comparison{Kind: "comparison", Bench: r.steps, Times: r.times}
	names := map[string]int{}
	for _, o := range r.runs {
		if names[o.name]++; names[o.name] > 1 {
			o.name = fmt.Sprintf("%s (%d)", o.name, names[o.name])
		}
		c.Runs = append(c.Runs, o.curves())
	}
	switch {
	case len(r.runs) == 1:
		c.Title = "1 run"
	case len(r.runs) > 1:
		c.Title = fmt.Sprintf("%d runs", len(r.runs))
	}
	if len(r.steps)+len(r.times) > 0 {
		if c.Title != "" {
			c.Title += " and "
		}
		c.Title += "speed of backends"
	}
	c.Rows = rows(r.runs)
	return c
}

// curves returns the curves of a run.
func (o *run) curves() page.ComparedRun {
	s, c := o.epochs, page.ComparedRun{Name: o.name, Samples: report.Samples(o.start.Height)}
	e := &c.PerEpoch
	e.X, e.TrainLoss, e.Speed, c.Clock = s.X(), s.Column(0), s.Column(6), s.Column(7)
	for i, list := range []*page.Numbers{&e.TrainAcc, &e.ValLoss, &e.ValAcc, &e.TestLoss, &e.TestAcc} {
		if o.has[i] {
			*list = s.Column(1 + i)
		}
	}
	return c
}

// rows compares the results and the options of runs.
func rows(runs []*run) []page.Row {
	var list []page.Row
	add := func(name string, value func(*run) string) {
		row, known := page.Row{Name: name}, false
		for _, o := range runs {
			v := value(o)
			known = known || v != ""
			row.Values = append(row.Values, v)
		}
		if known {
			list = append(list, row)
		}
	}
	number := func(v *float64) string {
		if v == nil {
			return ""
		}
		return fmt.Sprintf("%.4g", *v)
	}
	percent := func(v *float64) string {
		if v == nil {
			return ""
		}
		return fmt.Sprintf("%.2f%%", 100**v)
	}
	// end has the figures of the run's result or, without one, of its last epoch.
	end := func(o *run) report.EpochEvent {
		if o.done != nil {
			return *o.done
		}
		return o.last
	}
	add("State", func(o *run) string {
		if o.done == nil {
			return fmt.Sprintf("stopped after epoch %d of %d", o.last.Epoch, o.start.Epochs)
		}
		return "complete"
	})
	add("Test accuracy", func(o *run) string { return percent(end(o).TestAcc) })
	add("Test loss", func(o *run) string { return number(end(o).TestLoss) })
	add("Validation accuracy", func(o *run) string { return percent(end(o).ValAcc) })
	add("Training accuracy", func(o *run) string { return percent(end(o).TrainAcc) })
	add("Training loss", func(o *run) string { v := end(o).TrainLoss; return number(&v) })
	add("Best epoch", func(o *run) string {
		if e := end(o); e.BestEpoch > 0 {
			return fmt.Sprint(e.BestEpoch)
		}
		return ""
	})
	add("Seconds of training", func(o *run) string { return fmt.Sprintf("%.2f", o.clock) })
	for _, x := range []struct {
		name  string
		value func(report.StartEvent) any
	}{
		{"Data", func(e report.StartEvent) any { return e.Data }}, {"Training samples", func(e report.StartEvent) any { return e.TrainImages }},
		{"Network", func(e report.StartEvent) any { return e.Network }}, {"Parameters", func(e report.StartEvent) any { return e.Parameters }},
		{"Activation", func(e report.StartEvent) any { return e.Activation }}, {"Output", func(e report.StartEvent) any { return e.Output }},
		{"Loss", func(e report.StartEvent) any { return e.Loss }}, {"Batch", func(e report.StartEvent) any { return e.Batch }},
		{"Epochs", func(e report.StartEvent) any { return e.Epochs }}, {"Learning rate", func(e report.StartEvent) any { return e.LearningRate }},
		{"Schedule", func(e report.StartEvent) any { return e.Schedule }}, {"Momentum", func(e report.StartEvent) any { return e.Momentum }},
		{"Optimiser", func(e report.StartEvent) any { return e.Options.Training.Rule }}, {"Dropout", func(e report.StartEvent) any { return e.Options.Training.Drop }},
		{"Seed", func(e report.StartEvent) any { return e.Seed }}, {"Backend", func(e report.StartEvent) any { return e.Backend }},
		{"Device", func(e report.StartEvent) any { return e.Device }}, {"Driver", func(e report.StartEvent) any { return e.Driver }},
	} {
		add(x.name, func(o *run) string { return fmt.Sprint(x.value(o.start)) })
	}
	return list
}
