package cli

import (
	"fmt"
	"time"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/cache"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
)

// A comparison is how long a step takes on two backends, in seconds.
type comparison struct {
	GPU float64 `json:"gpu"`
	CPU float64 `json:"cpu"`
}

const (
	comparisonsFile    = "backends.json"
	comparisonsVersion = 1
)

// faster lets -backend=auto have the backend that takes less time for this very
// network and batch: where a GPU in hardware was found, both do some steps, unless it is
// remembered how long they take. It returns the choice, which may be another than it
// was given, and which it has then closed, and the reason for it.
func (a *app) faster(c *backends.Choice, s bench.Step, d *dataset.Data) (choice *backends.Choice, why string) {
	if !c.Fallback { // it is not the GPU, or was asked for
		return c, reason(c)
	}
	other := cpu.New()
	took, remembered, err := a.comparison(c.Backend, other, s, d)
	if err == nil && took.GPU <= took.CPU {
		other.Close()
		return c, fmt.Sprintf("it takes %s a step, the CPU %s", report.Duration(took.GPU), report.Duration(took.CPU)) + remembered
	}
	choice = &backends.Choice{Backend: other, Kind: backends.Auto}
	if err != nil {
		why = reason(choice)
		fmt.Fprintf(a.stderr, "%v; using the CPU\n", err)
	} else {
		why = fmt.Sprintf("it takes %s a step, the GPU (%s) %s", report.Duration(took.CPU), c.Info().Device, report.Duration(took.GPU)) + remembered
	}
	if err := c.Close(); err != nil {
		fmt.Fprintf(a.stderr, "closing the GPU: %v\n", err)
	}
	return choice, why
}

// comparison returns how long a step takes on a GPU and on the CPU, measured or
// remembered, and ", as remembered" for what follows in the second case.
func (a *app) comparison(gpu, host compute.Backend, s bench.Step, d *dataset.Data) (comparison, string, error) {
	name := comparisonName(gpu.Info(), host.Info(), s)
	dir, err := cache.Dir()
	known := map[string]comparison{}
	if err == nil {
		if all, err := cache.Load[map[string]comparison](dir, comparisonsFile, comparisonsVersion); err == nil {
			known = all
		}
	}
	if took, ok := known[name]; ok && took.GPU > 0 && took.CPU > 0 {
		return took, ", as remembered", nil
	}
	compare := a.compare
	if compare == nil {
		compare = compareSteps
	}
	took, failed := compare(gpu, host, s, d)
	if failed == nil && err == nil {
		known[name] = took
		// Where it cannot be kept it is measured again.
		_ = cache.Save(dir, comparisonsFile, comparisonsVersion, known)
	}
	return took, "", failed
}

// comparisonName says what a comparison is of.
func comparisonName(gpu, host compute.Info, s bench.Step) string {
	return fmt.Sprintf("%s, %s; %s, %s, %s; %s, %s, batch %d", gpu.Device, gpu.Driver, host.Device, host.Driver, host.Detail,
		s.Network, report.TrainingText(s), s.Batch)
}

const (
	comparedRuns = 5
	// comparedLength is how long a run takes, about: all in all a fifth of a second,
	// beside what the first use of the GPU takes anyway.
	comparedLength = 15 * time.Millisecond
)

// comparedImages is how many images are enough to compare with, unless a batch is
// larger.
const comparedImages = 8192

// compareSteps measures, in turns. The self-test has found the GPU right.
func compareSteps(gpu, host compute.Backend, s bench.Step, d *dataset.Data) (comparison, error) {
	var subjects []*bench.Subject
	defer func() {
		for _, j := range subjects {
			j.Free()
		}
	}()
	some := d.Train.First(min(d.Train.Len(), max(comparedImages, s.Batch)))
	for _, b := range []compute.Backend{gpu, host} {
		j, err := bench.NewSubject(b, s, &some)
		if err != nil {
			return comparison{}, err
		}
		subjects = append(subjects, j)
	}
	figures, err := bench.Measure(subjects, comparedRuns, comparedLength)
	if err != nil {
		return comparison{}, err
	}
	return comparison{GPU: figures[0].Median(), CPU: figures[1].Median()}, nil
}
