package report

import (
	"fmt"
	"time"

	"shadegrad/internal/clock"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// A sparse reporter passes on every Nth epoch, the last one, and, if silence is set, an epoch that ends
// when nothing was reported for that long.
type sparse struct {
	Reporter
	every    int
	silence  time.Duration
	now      clock.Func
	reported time.Duration // the time of the last epoch passed on
	skipped  *train.Epoch  // the last epoch, unless it was passed on
	quiet    bool          // the last epoch, and so its diagnosis, was not passed on
}

const (
	manyEpochs  = 50 // runs of more do not report each epoch
	usualEpochs = 20 // epochs such a run reports, about
	// usualSilence bounds the time without a report, unless -every is given or an epoch takes longer.
	usualSilence = 10 * time.Second
)

// usualEvery returns N for a run of n epochs that reports every Nth: 1, 2 or 5 times a power of ten.
func usualEvery(n int) int {
	if n <= manyEpochs {
		return 1
	}
	every := 1
	for step := 0; every*usualEpochs < n; step++ {
		if step%3 == 1 {
			every = every / 2 * 5 // 2 to 5
		} else {
			every *= 2 // 1 to 2, 5 to 10
		}
	}
	return every
}

// Sparse returns a reporter that passes every Nth of a run's epochs on to r. If every is 0, N follows from
// the number of epochs.
func Sparse(r Reporter, every, epochs int) Reporter {
	silence := time.Duration(0)
	if every == 0 {
		if every, silence = usualEvery(epochs), usualSilence; every > 1 {
			r.Note(fmt.Sprintf("reporting every %d epochs, and at least every %g s; -every=1 reports each", every, silence.Seconds()))
		}
	}
	if every == 1 {
		return r
	}
	return &sparse{Reporter: r, every: every, silence: silence, now: clock.Now, reported: clock.Now()}
}

func (r *sparse) Finished(e train.Epoch) {
	overdue := r.silence > 0 && r.now()-r.reported >= r.silence
	if r.quiet = e.Epoch%r.every != 0 && !overdue; r.quiet {
		r.skipped = &e
		return
	}
	r.skipped, r.reported = nil, r.now()
	r.Reporter.Finished(e)
}

func (r *sparse) Diagnosed(d *diagnosis.Report) {
	if !r.quiet {
		r.Reporter.Diagnosed(d)
	}
}

// End passes on the last epoch if it was skipped.
func (r *sparse) End() {
	if r.skipped != nil {
		r.Reporter.Finished(*r.skipped)
		r.skipped = nil
	}
	r.Reporter.End()
}
