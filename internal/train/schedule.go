package train

import (
	"fmt"
	"math"
)

// A Schedule is how the learning rate changes during a run.
type Schedule string

// The schedules. η is Options.LearningRate, and t in [0, 1) the share of the run's
// steps that are done.
const (
	// Constant keeps η.
	Constant Schedule = "constant"
	// OneCycle rises from η/25 to η over the first 30% of the steps and falls
	// to nearly zero over the rest, each along half a cosine: Smith and Topin,
	// "Super-convergence" (2019), with PyTorch's OneCycleLR's proportions.
	OneCycle Schedule = "onecycle"
)

// Schedules lists every schedule.
func Schedules() []Schedule { return []Schedule{OneCycle, Constant} }

func (s Schedule) check() error {
	for _, known := range Schedules() {
		if s == known {
			return nil
		}
	}
	return fmt.Errorf("-schedule=%s: there are %q", string(s), Schedules())
}

const (
	warmUp     = 0.3     // share of the steps before the peak
	firstShare = 1. / 25 // of η, at the first step
	lastShare  = 1e-5    // of η, at the last
)

// Rate returns the learning rate of a step, counted from 0, of a run of total
// steps, where peak is η.
func (s Schedule) Rate(peak float64, step, total int) float64 {
	if s != OneCycle || total <= 1 {
		return peak
	}
	// The rate is evaluated where the step stands among the others, so that
	// the first has the first share and the last the last.
	t := float64(step) / float64(total-1)
	if t < warmUp {
		return peak * cosine(firstShare, 1, t/warmUp)
	}
	return peak * cosine(1, lastShare, (t-warmUp)/(1-warmUp))
}

// cosine goes from a to b along half a cosine while t goes from 0 to 1.
func cosine(a, b, t float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*t))/2 }
