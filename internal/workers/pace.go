package workers

import "time"

// A pace decides whether a pool's tasks are done by all workers or by the caller alone. On a machine whose cores are
// busy with other processes, two threads that wait for each other can be slower than one, by which the results do not
// change.
//
// It counts rounds in windows of some milliseconds. If many rounds of a window are late, because the kernel did not
// run a worker, the caller is alone for a window. What was faster then stays for some windows.
type pace struct {
	now func() time.Duration // of a monotonic clock

	alone bool
	left  int // windows until the next trial
	trial bool
	other float64 // rounds per second in the other way, before the trial

	began        time.Duration // of the window
	rounds, late int           // in the window
}

const (
	window = 20 * time.Millisecond
	// stay is the number of windows until a trial is repeated. A trial of the slower way costs a part of its window.
	stay = 24
	// often is the share of late rounds from which on the caller alone may be faster, as 1/often.
	often = 8
	// roundsPerLook is the number of rounds after which the pace looks at the clock.
	roundsPerLook = 8
)

// newPace returns a pace that begins with all workers.
func newPace() pace {
	start := time.Now()
	return pace{now: func() time.Duration { return time.Since(start) }}
}

// done counts a round. It is late if the caller did another worker's part, or slept.
func (p *pace) done(late bool) {
	if p.rounds++; p.rounds == 1 && p.began == 0 {
		p.began = p.now()
	}
	if late {
		p.late++
	}
	if p.rounds%roundsPerLook != 0 {
		return
	}
	now := p.now()
	if took := now - p.began; took >= window {
		p.choose(float64(p.rounds)/took.Seconds(), p.late*often > p.rounds)
		p.began, p.rounds, p.late = now, 0, 0
	}
}

// choose decides how the next window's rounds are done, after one with a rate of rounds, many of them late or not.
func (p *pace) choose(rate float64, late bool) {
	p.left--
	switch {
	case p.trial:
		p.trial, p.left = false, stay
		if rate <= p.other {
			p.alone = !p.alone
		}
	case p.left <= 0 && (p.alone || late):
		p.trial, p.other = true, rate
		p.alone = !p.alone
	}
}
