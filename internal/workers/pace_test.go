package workers

import (
	"testing"
	"time"
)

// A machine is a simulation of rounds that all workers do, or the caller alone.
type machine struct {
	all, alone time.Duration // of a round
	late       bool          // those of all workers
	clock      time.Duration
}

// run does rounds for some time and returns the share that the caller did alone.
func (m *machine) run(p *pace, long time.Duration) float64 {
	alone, rounds := 0, 0
	for end := m.clock + long; m.clock < end; rounds++ {
		if p.alone {
			alone++
			m.clock += m.alone
			p.done(false)
		} else {
			m.clock += m.all
			p.done(m.late)
		}
	}
	return float64(alone) / float64(rounds)
}

func TestPace(t *testing.T) {
	const fast, slow = 60 * time.Microsecond, 100 * time.Microsecond
	for _, c := range []struct {
		name        string
		machine     machine
		least, most float64 // share of rounds alone
	}{
		{"quiet", machine{all: fast, alone: slow}, 0, 0},
		{"quiet, all workers slower", machine{all: slow, alone: fast}, 0, 0},
		{"busy, all workers faster", machine{all: fast, alone: slow, late: true}, 0.001, 0.05},
		{"busy, one faster", machine{all: slow, alone: fast, late: true}, 0.95, 0.999},
		{"long rounds, one faster", machine{all: 30 * time.Millisecond, alone: 20 * time.Millisecond, late: true}, 0.9, 0.999},
	} {
		m := c.machine
		p := pace{now: func() time.Duration { return m.clock }}
		m.run(&p, time.Second)
		if got := m.run(&p, 20*time.Second); got < c.least || got > c.most {
			t.Errorf("%s: the caller does %v of the rounds alone, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}

// TestPaceReturns expects all workers again after a machine has become quiet.
func TestPaceReturns(t *testing.T) {
	m := machine{all: 100 * time.Microsecond, alone: 60 * time.Microsecond, late: true}
	p := pace{now: func() time.Duration { return m.clock }}
	if m.run(&p, time.Second); !p.alone {
		t.Fatal("the caller is not alone on a busy machine")
	}
	m.all, m.late = 40*time.Microsecond, false
	m.run(&p, 2*stay*window)
	if got := m.run(&p, time.Second); got > 0 {
		t.Errorf("on a quiet machine the caller does %v of the rounds alone", got)
	}
}
