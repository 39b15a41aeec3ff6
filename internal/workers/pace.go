package workers

import (
	"time"

	"shadegrad/internal/clock"
)

// A pace decides whether all workers or the caller alone do a pool's tasks. If other processes use the cores, two threads
// that wait for each other can be slower than one. The results are the same.
//
// It counts rounds in windows of some milliseconds of work. If many rounds of a window are late, because the kernel did
// not run a worker, the caller does all parts alone for one window, a trial. The faster way is then used for many
// windows. If that is all workers, the next trial takes place after twice as many.
type pace struct {
	now clock.Func

	alone bool
	trial bool
	other float64       // rounds per second of work in the other way, before the trial
	stay  int           // the time between the last trial and the next one is that many times the trial's
	rest  time.Duration // of work until the next trial

	busy         time.Duration // work in the window
	rounds, late int           // in the window
}

const (
	window = 20 * time.Millisecond
	// minStay and maxStay bound stay.
	minStay, maxStay = 24, 64 * minStay
	// A trial is made if more than 1/often of the rounds are late.
	often = 8
	// fewest is the number of rounds that a trial needs. Longer rounds than those of such a window lose little to a
	// worker that the kernel does not run, and a trial of them would take long.
	fewest = 8
)

// newPace returns a pace that begins with all workers.
func newPace() pace {
	return pace{now: clock.Now, stay: minStay}
}

// done counts a round that took some time. It is late if the caller did another worker's part, or slept.
func (p *pace) done(took time.Duration, late bool) {
	p.rounds++
	p.busy += took
	if late {
		p.late++
	}
	if p.busy < window || p.trial && p.rounds < fewest {
		return
	}
	p.rest -= p.busy
	rate := float64(p.rounds) / p.busy.Seconds()
	switch {
	case p.trial:
		p.end(rate > p.other)
	case p.rest <= 0 && (p.alone || p.rounds >= fewest && p.late*often > p.rounds):
		p.trial, p.other = true, rate
		p.alone = !p.alone
	}
	p.busy, p.rounds, p.late = 0, 0, 0
}

// end ends a trial, whose way was faster or not.
func (p *pace) end(faster bool) {
	p.trial = false
	if !faster {
		p.alone = !p.alone
	}
	if p.alone || faster {
		p.stay = minStay
	} else {
		p.stay = min(2*p.stay, maxStay)
	}
	p.rest = time.Duration(p.stay) * p.busy
}
