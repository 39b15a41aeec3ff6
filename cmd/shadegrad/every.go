package main

import (
	"fmt"

	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// A sparseReporter tells of every so many epochs, and of the last.
type sparseReporter struct {
	reporter
	every   int
	skipped *train.Epoch // the last epoch, if it was not told of
	quiet   bool         // the last epoch was not told of, nor is its diagnosis
}

const (
	manyEpochs  = 50 // that are too many to report each
	usualEpochs = 20 // that are reported of them, about
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
	every := f.every
	if every == 0 {
		if every = usualEvery(n); every > 1 {
			r.Note(fmt.Sprintf("a report every %d epochs; -every=1 has each", every))
		}
	}
	if every == 1 {
		return r
	}
	return &sparseReporter{reporter: r, every: every}
}

func (r *sparseReporter) Finished(e train.Epoch) {
	if r.quiet = e.Epoch%r.every != 0; r.quiet {
		r.skipped = &e
		return
	}
	r.skipped = nil
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
