package train

import (
	"time"

	"shadegrad/compute"
	"shadegrad/internal/clock"
)

// progressEvery is the time between two calls of Reporter.Progress, for each 500,000 samples: summing the losses takes
// about a hundredth of it.
const progressEvery = 100 * time.Millisecond

// progress fetches the sums of the device at intervals, without waiting for them.
type progress struct {
	begin, next time.Duration // readings of the clock
	from        int           // rows completed before begin
	rows        int           // rows that the sums being fetched include
	fetch       compute.Fetch
}

// close waits for the current fetch, which frees its memory.
func (p *progress) close() error {
	if p.fetch == nil {
		return nil
	}
	if _, err := p.fetch.Wait(); err != nil {
		return &DeviceError{err}
	}
	return nil
}

// poll reports progress if a fetch is complete, and starts one if it is time. It returns the mean
// loss, or 0 if it reports nothing.
func (p *progress) poll(r *Run, s *session, row int) (float64, error) {
	if p.fetch != nil && p.fetch.Ready() {
		v, err := p.fetch.Wait()
		p.fetch = nil
		if err != nil {
			return 0, err
		}
		loss := float64(v[0]) / float64(p.rows)
		r.Report.Progress(Progress{Epoch: r.State.Epoch + 1, Rows: p.rows, Samples: s.train.samples,
			Loss: loss, Seconds: clock.Since(p.begin).Seconds(), Fresh: p.rows - p.from})
		return loss, nil
	}
	if p.fetch != nil {
		return 0, nil
	}
	if now := clock.Now(); now > p.next {
		p.next = now + progressEvery*time.Duration(1+s.train.samples/500_000)
		p.rows = row
		s.train.sums.Run(compute.Args{})
		p.fetch = s.backend.Fetch(s.train.Totals)
	}
	return 0, nil
}
