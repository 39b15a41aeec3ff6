package cli

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/cache"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
)

const (
	comparisonsFile    = "backends.json"
	comparisonsVersion = 2
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

// A stored comparison has the kernels that it was made with.
type storedComparison struct {
	bench.Comparison
	Kernels map[string]string `json:"kernels,omitempty"`
}

// comparison returns the times of a step on a GPU and on the CPU, measured or from the cache. The text is ", as
// remembered" for cached times.
func (a *app) comparison(gpu, host compute.Backend, s bench.Step, d *dataset.Data) (bench.Comparison, string, error) {
	name := comparisonName(gpu.Info(), host.Info(), s)
	tuner, tunes := gpu.(compute.Tuner)
	dir, err := cache.Dir()
	known := map[string]storedComparison{}
	if err == nil {
		if all, err := cache.Load[map[string]storedComparison](dir, comparisonsFile, comparisonsVersion); err == nil {
			known = all
		}
	}
	if c := known[name]; c.Valid() && (!tunes || tuner.Chooses(c.Kernels)) {
		return c.Comparison, ", as remembered", nil
	}
	compare := a.compare
	if compare == nil {
		compare = bench.Compare
	}
	took, failed := compare(gpu, host, s, d)
	kernels, final := map[string]string(nil), true
	if tunes { // if the GPU may still find faster kernels, the next run compares again
		kernels, final = tuner.Kernels()
	}
	if failed == nil && err == nil && final && took.Valid() {
		known[name] = storedComparison{took, kernels}
		// If the cache cannot be written, the next run measures again.
		_ = cache.Save(dir, comparisonsFile, comparisonsVersion, known)
	}
	return took, "", failed
}

// comparisonName returns the key of a comparison in the cache.
func comparisonName(gpu, host compute.Info, s bench.Step) string {
	return fmt.Sprintf("%s; %s, %s; %s, %s, %s; %s, %s, batch %d", buildVersion(), gpu.Device, gpu.Driver, host.Device, host.Driver, host.Detail,
		s.Network, report.TrainingText(s), s.Batch)
}
