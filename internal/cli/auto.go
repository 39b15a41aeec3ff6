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

// A comparison has the seconds of a step on two backends.
type comparison struct {
	GPU float64 `json:"gpu"`
	CPU float64 `json:"cpu"`
}

const (
	comparisonsFile    = "backends.json"
	comparisonsVersion = 1
)

// faster returns the faster backend for the network and the batch of a run, and the reason. With -backend=auto and a
// hardware GPU both backends do some steps, unless their times are in the cache. It closes the backend that it does not
// return.
func (a *app) faster(c *backends.Choice, s bench.Step, d *dataset.Data) (choice *backends.Choice, why string) {
	if !c.Fallback { // the CPU, or a GPU chosen by name
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

// comparison returns the times of a step on a GPU and on the CPU, measured or from the cache. The text is ", as
// remembered" for cached times.
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
		// If the cache cannot be written, the next run measures again.
		_ = cache.Save(dir, comparisonsFile, comparisonsVersion, known)
	}
	return took, "", failed
}

// comparisonName returns the key of a comparison in the cache.
func comparisonName(gpu, host compute.Info, s bench.Step) string {
	return fmt.Sprintf("%s, %s; %s, %s, %s; %s, %s, batch %d", gpu.Device, gpu.Driver, host.Device, host.Driver, host.Detail,
		s.Network, report.TrainingText(s), s.Batch)
}

const (
	comparedRuns = 5
	// comparedLength is the approximate time of a run. All runs take 0.2 s, besides the first use of the GPU.
	comparedLength = 15 * time.Millisecond
)

// comparedImages is the number of images of a comparison, unless a batch is larger.
const comparedImages = 8192

// compareSteps measures a step on both backends alternately. The self-test has checked the GPU.
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
