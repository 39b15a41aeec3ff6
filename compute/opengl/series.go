//go:build cgo && !nogl && !darwin

package opengl

import (
	"time"

	"shadegrad/internal/clock"
)

const (
	// firstWarmUp is the time that a GPU gets to raise its clock rate before the first measurement, and
	// warmUp the time before later ones, which follow the compilation of a kernel.
	firstWarmUp, warmUp = 40 * time.Millisecond, 2 * time.Millisecond
	// roundLength is the time of a round. The best of several counts.
	roundLength, rounds = 2 * time.Millisecond, 3
	// mostRuns is the largest number of runs in a round.
	mostRuns = 4096
)

// A series is work for the device that can be repeated.
type series struct {
	timer clock.Timer // of the host
	// run does the work a number of times, waits for the device, and returns the time by its timer.
	run func(times int) time.Duration
}

// time returns the time of doing the work once, after a warm-up, or 0 if the clock gives no times. It is less exact if it
// exceeds enough.
func (s series) time(warm, enough time.Duration) time.Duration {
	if s.timer.Step <= 0 {
		return 0
	}
	runs, device, each, least := 1, false, time.Duration(0), anyTime
	for begin, sure := s.timer.Now(), false; !sure || s.timer.Now()-begin < warm; {
		var took time.Duration
		took, device = s.round(runs)
		sure = device || took >= 2*s.timer.Step || runs == mostRuns
		each = took / time.Duration(runs)
		length := roundLength
		if !device { // the host's clock is less exact for shorter rounds
			length = max(length, s.timer.Step)
		}
		if runs = min(2*runs, mostRuns); sure {
			least = min(least, each)
			runs = min(runs, int(max(length/max(each, 1), 1)))
		}
	}
	if least >= enough {
		return least
	}
	best := time.Duration(0)
	for range rounds {
		var took time.Duration
		if device {
			took, _ = s.round(runs)
		} else {
			took = s.timer.Time(func() { s.run(runs) })
		}
		if took /= time.Duration(runs); best == 0 || took > 0 && took < best {
			best = took
		}
	}
	return best
}

// round returns the time of some runs, and whether it is the device's.
//
// The timer of a software renderer may not include the threads of its kernels. Then the host's clock is right, since this
// processor did the work.
func (s series) round(runs int) (took time.Duration, device bool) {
	begin := s.timer.Now()
	asked := s.run(runs)
	took = s.timer.Now() - begin
	if asked > (took+s.timer.Step)/20 {
		return asked, true
	}
	return took, false
}
