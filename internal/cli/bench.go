package cli

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const benchUsage = `usage: shadegrad bench [FLAGS]

Times the training step of a network on several backends side by side, in turns, after
each has been found to compute it rightly.
`

// benchFlags are the settings of "shadegrad bench".
type benchFlags struct {
	backends []backends.Kind
	given    bool // the backends were
	data     dataFlags
	recipe   recipe
	repeat   int
	sweep    bool
	format   report.BenchFormat
	timeTo   []float64
	seeds    int
	threads  int
	args     []string // those that make the recipe, for a run of "shadegrad train"
}

// leastRepeats is the least number of runs that a median is taken of.
const leastRepeats = 10

func (a *app) benchFlags(args []string) (*benchFlags, error) {
	f := &benchFlags{backends: []backends.Kind{backends.CPU, backends.GPU}, recipe: defaultRecipe(),
		repeat: leastRepeats, format: report.BenchText, seeds: 3}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.Var(setting[[]backends.Kind]{&f.backends, backendList, showBackends}, "backends",
		"`NAMES` of the backends to compare, separated by commas; unless it is given, a GPU that\ncannot be used is left out")
	f.data.flags(fs)
	f.recipe.flags(fs)
	fs.Var(setting[int]{&f.repeat, whole(leastRepeats, fmt.Sprintf("%d or more", leastRepeats)), nil}, "repeat", "runs of each backend, `N`, 10 or more")
	fs.BoolVar(&f.sweep, "sweep", false, "time batches of 1, 4, 16, … too, and say from which on one backend is the faster")
	fs.Var(setting[report.BenchFormat]{&f.format, oneOf(report.BenchText, report.BenchLines, report.BenchJSON), nil}, "format",
		"of stdout, `NAME`: text; bench, for benchstat -col /backend; or json, an object a line")
	fs.Var(setting[[]float64]{&f.timeTo, accuracies, showAccuracies}, "time-to",
		"also train until the test accuracy is each of `SHARES`, such as 0.97,0.98, and tell the\nseconds from the start of the process")
	fs.Var(setting[int]{&f.seeds, whole(1, "1 or more"), nil}, "seeds", "with -time-to: train with this many seeds, `N`")
	threadsFlag(fs, &f.threads)
	asJSON := fs.Bool("json", false, "the same as -format=json")
	if err := a.parseFlags(fs, benchUsage, args); err != nil {
		return nil, err
	}
	if err := noMore(fs); err != nil {
		return nil, err
	}
	own := map[string]bool{"backends": true, "repeat": true, "sweep": true, "format": true, "json": true, "time-to": true, "seeds": true, "seed": true}
	fs.Visit(func(g *flag.Flag) {
		f.given = f.given || g.Name == "backends"
		if !own[g.Name] {
			f.args = append(f.args, "-"+g.Name+"="+g.Value.String())
		}
	})
	if *asJSON {
		f.format = report.BenchJSON
	}
	return f, f.recipe.check(f.data.form)
}

// backendList reads the backends to compare.
func backendList(s string) ([]backends.Kind, error) {
	var list []backends.Kind
	for _, part := range strings.Split(s, ",") {
		k, err := backends.ParseKind(strings.TrimSpace(part))
		if err != nil || k == backends.Auto {
			return nil, fmt.Errorf("%q must be cpu or gpu; several are separated by commas", part)
		}
		for _, other := range list {
			if k == other {
				return nil, fmt.Errorf("%s is there twice", k)
			}
		}
		list = append(list, k)
	}
	return list, nil
}

func showBackends(list []backends.Kind) string {
	var names []string
	for _, k := range list {
		names = append(names, string(k))
	}
	return strings.Join(names, ",")
}

// accuracies reads the accuracies to train to.
func accuracies(s string) ([]float64, error) {
	var list []float64
	for _, part := range strings.Split(s, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || !(v > 0 && v <= 1) {
			return nil, fmt.Errorf("%q must be a share above 0 and at most 1, such as 0.98; several are separated by commas", part)
		}
		list = append(list, v)
	}
	return list, nil
}

func showAccuracies(list []float64) string {
	var parts []string
	for _, v := range list {
		parts = append(parts, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return strings.Join(parts, ",")
}

// bench is "shadegrad bench".
func (a *app) bench(args []string) error {
	f, err := a.benchFlags(args)
	if err != nil {
		return err
	}
	setThreads(f.threads)
	data, err := f.data.openSplit(f.recipe.Validation, f.recipe.Seed)
	if err != nil {
		return err
	}
	o, err := f.recipe.options(data)
	if err != nil {
		return err
	}
	rivals, err := a.rivals(f)
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
	show := report.NewBench(a.stdout, f.format, o.Network, shown)
	step := stepOf(o, &data.Train)
	figures, err := measure(rivals, step, data, f.repeat)
	if err != nil {
		return err
	}
	show.Step(step, figures)
	if f.sweep {
		if err := sweep(show, rivals, step, data, f.repeat); err != nil {
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

// A rival is a backend that is compared.
type rival struct {
	kind   backends.Kind
	choice *backends.Choice
	peak   float64 // FLOP/s, or 0 where it is not known
}

// rivals opens the backends. Unless they were asked for, one that cannot be used is
// left out.
func (a *app) rivals(f *benchFlags) (list []rival, err error) {
	defer func() {
		if err != nil {
			for _, r := range list {
				err = errors.Join(err, r.choice.Close())
			}
			list = nil
		}
	}()
	for _, k := range f.backends {
		c, err := a.opener.Open(k)
		if err != nil && k == backends.GPU && !f.given {
			fmt.Fprintf(a.stderr, "%v; timing the CPU alone\n", err)
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

// runLength is how long a run of steps takes, about.
const runLength = 50 * time.Millisecond

// stepOf returns the step that a run with these options takes of a training set.
func stepOf(o train.Options, d *dataset.Set) bench.Step {
	return bench.Step{Network: o.Network, Batch: o.BatchSize(d.Len()), Training: o.StepTraining(), Numbers: d.Values != nil}
}

// measure has rivals take turns with a step.
func measure(rivals []rival, s bench.Step, d *dataset.Data, repeat int) ([]bench.Figure, error) {
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
	return bench.Measure(subjects, repeat, runLength)
}

// sweep times batches of growing size.
func sweep(show *report.Bench, rivals []rival, s bench.Step, d *dataset.Data, repeat int) error {
	const largest = 4096
	show.BeginSweep()
	for s.Batch = 1; s.Batch <= min(largest, d.Train.Len()); s.Batch *= 4 {
		figures, err := measure(rivals, s, d, repeat)
		if err != nil {
			return err
		}
		show.SweepRow(s, figures)
	}
	show.EndSweep()
	return nil
}
