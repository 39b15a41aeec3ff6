package cpu

import (
	"slices"
	"time"

	"shadegrad/internal/simd"
)

// PeakFlops measures the most that the backend's threads reach together when they do
// nothing but multiply-adds in registers, in floating-point operations a second: the
// median of five looks of a twentieth of a second.
func (b *Backend) PeakFlops() (float64, error) {
	if err := b.usable(); err != nil {
		return 0, err
	}
	p := &peak{rates: make([]float64, b.pool.Size())}
	var looks []float64
	for range 5 {
		b.pool.Run(p)
		sum := 0.
		for _, r := range p.rates {
			sum += r
		}
		looks = append(looks, sum)
	}
	slices.Sort(looks)
	return looks[len(looks)/2], nil
}

// A peak is a task that does multiply-adds.
type peak struct{ rates []float64 }

// Work measures one worker's rate.
func (p *peak) Work(worker, _ int) {
	const chunk, during = 10_000, 50 * time.Millisecond
	flops, begin := 0., time.Now()
	for time.Since(begin) < during {
		flops += simd.PeakFlops(chunk)
	}
	p.rates[worker] = flops / time.Since(begin).Seconds()
}
