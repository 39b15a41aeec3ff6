package bench

import (
	"math"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
)

// A Comparison has the seconds of a step on two backends.
type Comparison struct {
	GPU float64 `json:"gpu"`
	CPU float64 `json:"cpu"`
}

// Valid reports whether both times are positive and finite.
func (c Comparison) Valid() bool { return c.GPU > 0 && c.CPU > 0 && !math.IsInf(c.GPU+c.CPU, 1) }

const (
	comparedRuns = 5
	// comparedLength is the approximate time of a run. All runs take 0.2 s, besides the first use of the GPU. With a clock
	// that advances in steps of 15.6 ms they take about a second.
	comparedLength = 15 * time.Millisecond
	// comparedImages is the number of images of a comparison, unless a batch is larger.
	comparedImages = 8192
)

// Compare measures a step on a GPU and on the CPU alternately. It does not check their results. The times are valid
// unless it returns an error.
func Compare(gpu, host compute.Backend, s Step, d *dataset.Data) (Comparison, error) {
	return compare(clock.Now, gpu, host, s, d)
}

func compare(now clock.Func, gpu, host compute.Backend, s Step, d *dataset.Data) (Comparison, error) {
	var subjects []*Subject
	defer func() {
		for _, j := range subjects {
			j.Free()
		}
	}()
	some := d.Train.First(min(d.Train.Len(), max(comparedImages, s.Batch)))
	for _, b := range []compute.Backend{gpu, host} {
		j, err := NewSubject(b, s, &some)
		if err != nil {
			return Comparison{}, err
		}
		subjects = append(subjects, j)
	}
	figures, err := Measure(now, subjects, comparedRuns, comparedLength)
	if err != nil {
		return Comparison{}, err
	}
	return Comparison{GPU: figures[0].Median(), CPU: figures[1].Median()}, nil
}
