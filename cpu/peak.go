package cpu

import (
	"slices"
	"time"

	"shadegrad/internal/clock"
	"shadegrad/internal/simd"
)

// PeakFlops measures the floating-point operations a second that all threads together reach with
// nothing but multiply-adds in registers. It returns the median of five samples of 50 ms.
func (b *Backend) PeakFlops() (float64, error) {
	if err := b.usable(); err != nil {
		return 0, err
	}
	p := &peak{rates: make([]float64, b.pool.Size())}
	var samples []float64
	for range 5 {
		b.pool.RunTogether(p)
		sum := 0.
		for _, r := range p.rates {
			sum += r
		}
		samples = append(samples, sum)
	}
	slices.Sort(samples)
	return samples[len(samples)/2], nil
}

// A peak is a task that does multiply-adds.
type peak struct{ rates []float64 }

// Work measures one worker's rate.
func (p *peak) Work(worker, _ int) {
	const chunk, during = 10_000, 50 * time.Millisecond
	flops, begin := 0., clock.Now()
	for clock.Since(begin) < during {
		flops += simd.PeakFlops(chunk)
	}
	p.rates[worker] = flops / clock.Since(begin).Seconds()
}
