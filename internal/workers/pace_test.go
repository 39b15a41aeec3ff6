package workers

import (
	"testing"
	"time"
)

// A machine is a simulation of rounds that all workers do, or the caller alone.
type machine struct {
	all, alone time.Duration // of a round
	late       bool          // those of all workers
}

// run does rounds for some time and returns the fraction of the time in which the caller worked alone.
func (m *machine) run(p *pace, long time.Duration) float64 {
	alone, all := time.Duration(0), time.Duration(0)
	for alone+all < long {
		if p.alone {
			alone += m.alone
			p.done(m.alone, false)
		} else {
			all += m.all
			p.done(m.all, m.late)
		}
	}
	return float64(alone) / float64(alone+all)
}

func TestPace(t *testing.T) {
	const fast, slow, ms = 60 * time.Microsecond, 100 * time.Microsecond, time.Millisecond
	for _, c := range []struct {
		name        string
		machine     machine
		least, most float64 // fraction of the time alone
	}{
		{"quiet", machine{fast, slow, false}, 0, 0},
		{"quiet, all workers slower", machine{slow, fast, false}, 0, 0},
		{"busy, all workers faster", machine{fast, slow, true}, 0.0001, 0.01},
		{"busy, one faster", machine{slow, fast, true}, 0.95, 0.999},
		{"64 workers", machine{2 * ms, 128 * ms, true}, 0.001, 0.05},
		{"long rounds", machine{10 * ms, 160 * ms, true}, 0, 0},
	} {
		p := newPace()
		c.machine.run(&p, time.Second)
		if got := c.machine.run(&p, time.Minute); got < c.least || got > c.most {
			t.Errorf("%s: the caller works alone for %v of the time, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}

// TestPaceReturns expects all workers again after a machine has become quiet, also for longer rounds.
func TestPaceReturns(t *testing.T) {
	for _, quiet := range []machine{{40 * time.Microsecond, 60 * time.Microsecond, false}, {5 * time.Millisecond, 10 * time.Millisecond, false}} {
		m := machine{100 * time.Microsecond, 60 * time.Microsecond, true}
		p := newPace()
		if m.run(&p, time.Second); !p.alone {
			t.Fatal("all workers work on a busy machine")
		}
		quiet.run(&p, time.Second)
		if got := quiet.run(&p, time.Second); got > 0 {
			t.Errorf("on a quiet machine the caller works alone for %v of the time", got)
		}
	}
}
