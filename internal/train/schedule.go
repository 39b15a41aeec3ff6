package train

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// A Schedule is the course of the learning rate over a run.
type Schedule string

// The schedules. η is Options.LearningRate, η₁ Options.RateEnd, γ Options.Decay, k
// Options.DecayEvery, e the completed epochs and E all epochs. t in [0, 1] is the position of the
// step after the warm-up: 0 for the first step, 1 for the last.
const (
	// Constant is η.
	Constant Schedule = "constant"
	// Step is η·γ^⌊e/k⌋, as in Simard, Steinkraus and Platt (2003) with γ = 0.3 and k = 100.
	Step Schedule = "step"
	// Exponential is η·γ^(e/k) or, without γ, η·(η₁/η)^(e/(E−1)), which ends at η₁. The rate is
	// constant within an epoch, as in Hinton et al., "Improving neural networks by preventing
	// co-adaptation of feature detectors" (2012).
	Exponential Schedule = "exponential"
	// Linear is η + (η₁ − η)·t: Goodfellow, Bengio and Courville, "Deep learning" (2016), equation 8.14.
	Linear Schedule = "linear"
	// Cosine is η₁ + (η − η₁)·(1 + cos πt)/2: Loshchilov and Hutter, "SGDR: Stochastic
	// gradient descent with warm restarts" (ICLR 2017), without restarts.
	Cosine Schedule = "cosine"
	// OneCycle rises from η/25 to η over the first 30% of the steps and falls to η·1e-5 over the
	// rest, each along half a cosine: Smith and Topin, "Super-convergence" (2019). The 30% and the
	// 25 are those of PyTorch's OneCycleLR, which ends at η·4e-6.
	OneCycle Schedule = "onecycle"
)

// Schedules lists every schedule.
func Schedules() []Schedule {
	return []Schedule{OneCycle, Constant, Step, Exponential, Linear, Cosine}
}

const (
	riseFraction = 0.3     // of the steps of OneCycle, before the peak
	firstFactor  = 1. / 25 // of η, at its first step
	lastFactor   = 1e-5    // of η, at its last
)

// checkSchedule checks how the learning rate changes.
func (o Options) checkSchedule() error {
	s, decaying, ending := o.Schedule, []Schedule{Step, Exponential}, []Schedule{Linear, Cosine, Exponential}
	switch {
	case !slices.Contains(Schedules(), s):
		return mlp.Invalid("Schedule", s, mlp.OneOf(Schedules()))
	case o.RateEnd != 0 && !slices.Contains(ending, s):
		return mlp.Conflict("RateEnd", o.RateEnd, "Schedule", s, mlp.OneOf(ending))
	case !(o.RateEnd >= 0) || o.RateEnd > o.LearningRate:
		return mlp.Conflict("RateEnd", o.RateEnd, "LearningRate", o.LearningRate, "must be at least 0 and at most the learning rate")
	case !(o.Decay >= 0) || o.Decay > 1:
		return mlp.Invalid("Decay", o.Decay, "must be above 0 and at most 1")
	case o.Decay != 0 && !slices.Contains(decaying, s):
		return mlp.Conflict("Decay", o.Decay, "Schedule", s, mlp.OneOf(decaying))
	case s == Step && o.Decay == 0:
		return mlp.Conflict("Schedule", s, "Decay", nil, "the factor of the learning rate, such as 0.1")
	case s == Exponential && o.Decay == 0 && o.RateEnd == 0:
		return mlp.Conflict("Schedule", s, "Decay", nil, "the factor of the learning rate, or a last learning rate above 0")
	case s == Exponential && o.Decay != 0 && o.RateEnd != 0:
		return mlp.Conflict("Decay", o.Decay, "RateEnd", o.RateEnd, "omit one of them")
	case o.DecayEvery < 0:
		return mlp.Invalid("DecayEvery", o.DecayEvery, "must be 1 or more")
	case o.DecayEvery != 0 && o.Decay == 0:
		return mlp.Conflict("DecayEvery", o.DecayEvery, "Decay", nil, "the factor of the learning rate")
	case !(o.Warmup >= 0) || o.Warmup >= float64(o.Epochs) && o.Warmup > 0:
		return mlp.Conflict("Warmup", o.Warmup, "Epochs", o.Epochs, "must be at least 0 and below the number of epochs")
	case o.Warmup > 0 && s == OneCycle:
		return mlp.Conflict("Warmup", o.Warmup, "Schedule", s, "this schedule includes a warm-up")
	}
	return nil
}

// Rate returns the learning rate of a step of a run, counted from 0, over n training samples. With
// Dampen it includes the factor 1 − μ.
//
// In a warm-up of w steps the rate is multiplied by (step + 1)/w: Goyal et al., "Accurate, large
// minibatch SGD" (2017). Step and Exponential count the epochs of the warm-up too.
func (o Options) Rate(step, n int) float64 {
	perEpoch := o.steps(n)
	total := perEpoch * o.Epochs
	warm := int(math.Round(o.Warmup * float64(perEpoch)))
	rate := o.LearningRate * o.factor(step, perEpoch, warm, total)
	if step < warm {
		rate *= float64(step+1) / float64(warm)
	}
	if o.Dampen {
		rate *= 1 - o.MomentumAt(step, n)
	}
	return rate
}

// factor returns the factor of η at a step, without the warm-up.
func (o Options) factor(step, perEpoch, warm, total int) float64 {
	end := o.RateEnd / o.LearningRate
	epoch, every := step/perEpoch, max(o.DecayEvery, 1)
	switch o.Schedule {
	case Step:
		return math.Pow(o.Decay, float64(epoch/every))
	case Exponential:
		if o.Decay > 0 {
			return math.Pow(o.Decay, float64(epoch)/float64(every))
		}
		return math.Pow(end, float64(epoch)/float64(max(o.Epochs-1, 1)))
	case Linear:
		return 1 + (end-1)*position(step-warm, total-warm)
	case Cosine:
		return cosine(1, end, position(step-warm, total-warm))
	case OneCycle:
		if total > 1 {
			return cycle(firstFactor, 1, lastFactor, position(step, total))
		}
	}
	return 1
}

// SpansRun reports whether the learning rate of a step depends on the number of epochs.
func (o Options) SpansRun() bool {
	return o.Schedule != Constant && o.Schedule != Step && (o.Schedule != Exponential || o.Decay == 0)
}

// MomentumAt returns the momentum μ of a step of a run, counted from 0, over n training samples.
func (o Options) MomentumAt(step, n int) float64 {
	perEpoch := o.steps(n)
	if o.MomentumEpochs > 0 {
		t := min(float64(step/perEpoch)/float64(o.MomentumEpochs), 1)
		return (1-t)*o.Momentum + t*o.MomentumEnd
	}
	return o.Momentum
}

// StepArgs returns the arguments of the step that begins at a row of an epoch, counted from 0,
// over n training samples.
func (o Options) StepArgs(epoch, row, n int) compute.Args {
	step := o.stepAt(epoch, row, n)
	return compute.Args{Row: row, LearningRate: float32(o.Rate(step, n)), Momentum: float32(o.MomentumAt(step, n)),
		Step: uint32(step), Seed: o.Seed}
}

// stepAt returns the number of the step that begins at a row of an epoch; both count from 0.
func (o Options) stepAt(epoch, row, n int) int { return epoch*o.steps(n) + row/o.BatchSize(n) }

// position returns the position of a step among n: 0 for the first and before it, 1 for the last.
func position(step, n int) float64 {
	if step <= 0 || n <= 1 {
		return 0
	}
	return float64(step) / float64(n-1)
}

// cycle goes from a to b in the first part of a cycle, and to c in the rest.
func cycle(a, b, c, t float64) float64 {
	if t < riseFraction {
		return cosine(a, b, t/riseFraction)
	}
	return cosine(b, c, (t-riseFraction)/(1-riseFraction))
}

// cosine goes from a to b along half a cosine while t goes from 0 to 1.
func cosine(a, b, t float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*t))/2 }
