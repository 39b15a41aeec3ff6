package bench

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/cache"
	"shadegrad/internal/dataset"
)

const (
	// ComparisonsFile is the name of the file of comparisons in the user's cache directory.
	ComparisonsFile    = "backends.json"
	comparisonsVersion = 2
)

// Remembered compares backends and stores the times in the user's cache directory.
type Remembered struct {
	// Program identifies the program, whose kernels were timed.
	Program string
	// Compare replaces Compare of this package, in tests.
	Compare func(gpu, host compute.Backend, s Step, d *dataset.Data) (Comparison, error)
}

// A storedComparison has the kernels that it was made with.
type storedComparison struct {
	Comparison
	Kernels map[string]string `json:"kernels,omitempty"`
}

// Times returns the times of a step on a GPU and on the CPU, measured or from the cache, and whether they are from the cache.
func (r Remembered) Times(gpu, host compute.Backend, s Step, d *dataset.Data) (c Comparison, cached bool, err error) {
	name := r.key(gpu.Info(), host.Info(), s)
	tuner, tunes := gpu.(compute.Tuner)
	dir, err := cache.Dir()
	known := map[string]storedComparison{}
	if err == nil {
		if all, err := cache.Load[map[string]storedComparison](dir, ComparisonsFile, comparisonsVersion); err == nil {
			known = all
		}
	}
	if c := known[name]; c.Valid() && (!tunes || tuner.Chooses(c.Kernels)) {
		return c.Comparison, true, nil
	}
	compare := r.Compare
	if compare == nil {
		compare = Compare
	}
	took, failed := compare(gpu, host, s, d)
	if failed == nil && !took.Valid() {
		failed = ErrClock
	}
	kernels, final := map[string]string(nil), true
	if tunes { // if the GPU may still find faster kernels, the next run compares again
		kernels, final = tuner.Kernels()
	}
	if failed == nil && err == nil && final {
		known[name] = storedComparison{took, kernels}
		// If the cache cannot be written, the next run measures again.
		_ = cache.Save(dir, ComparisonsFile, comparisonsVersion, known)
	}
	return took, false, failed
}

// key returns the key of a comparison in the cache.
func (r Remembered) key(gpu, host compute.Info, s Step) string {
	return fmt.Sprintf("%s; %s, %s; %s, %s, %s; %s, %s, batch %d", r.Program, gpu.Device, gpu.Driver, host.Device, host.Driver, host.Detail,
		s.Network, s.TrainingText(), s.Batch)
}
