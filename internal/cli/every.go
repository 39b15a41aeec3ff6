package cli

import (
	"fmt"
	"time"

	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// A sparseReporter tells of every so many epochs, of the last, and, where silence is set, of
// one that ends when nothing has been told for as long.
type sparseReporter struct {
	reporter
	every   int
	silence time.Duration
	now     func() time.Time
	told    time.Time    // when the last epoch was
	skipped *train.Epoch // the last epoch, if it was not told of
	quiet   bool         // the last epoch was not told of, nor is its diagnosis
}

const (
	manyEpochs  = 50 // that are too many to report each
	usualEpochs = 20 // that are reported of them, about
	// usualSilence is how long nothing is told of a run, unless -every says so or an epoch takes longer.
	usualSilence = 10 * time.Second
)

// usualEvery returns every how many epochs a run of n is reported unless -every says so: 1, 2
// or 5 times a power of ten.
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

// sparse has a reporter told of as many epochs as -every asks for.
func (f *trainFlags) sparse(r reporter, s *train.State) reporter {
	n := s.Options.Epochs
	every, silence := f.every, time.Duration(0)
	if every == 0 {
		if every, silence = usualEvery(n), usualSilence; every > 1 {
			r.Note(fmt.Sprintf("reporting every %d epochs, and at least every %g s; -every=1 reports each", every, silence.Seconds()))
		}
	}
	if every == 1 {
		return r
	}
	return &sparseReporter{reporter: r, every: every, silence: silence, now: time.Now, told: time.Now()}
}

func (r *sparseReporter) Finished(e train.Epoch) {
	overdue := r.silence > 0 && r.now().Sub(r.told) >= r.silence
	if r.quiet = e.Epoch%r.every != 0 && !overdue; r.quiet {
		r.skipped = &e
		return
	}
	r.skipped, r.told = nil, r.now()
	r.reporter.Finished(e)
}

func (r *sparseReporter) diagnosed(d *diagnosis.Report) {
	if !r.quiet {
		r.reporter.diagnosed(d)
	}
}

// end tells of the last epoch, however the run ended.
func (r *sparseReporter) end() {
	if r.skipped != nil {
		r.reporter.Finished(*r.skipped)
		r.skipped = nil
	}
	r.reporter.end()
}
