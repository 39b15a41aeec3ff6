package recipe

import (
	"math"
	"slices"
	"strconv"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/train"
)

// Of returns the recipe of a run with these options and this form of the data. Every choice in it is set.
func Of(o train.Options, form dataset.Form) Recipe {
	c, t := o.Network, o.Training
	last := len(c.Sizes) - 1
	r := Recipe{Options: o, Form: form, Stored: true, Hidden: slices.Clone(c.Sizes[1:last]),
		output:      choice[compute.Activation]{true, c.Output},
		loss:        choice[lossName]{true, lossOf(c)},
		init:        choice[weights]{true, weights{c.Init, c.InitScale}},
		pixels:      choice[span]{true, span{float64(c.Shift), rounded(255*float64(c.Scale) + float64(c.Shift))}},
		targets:     choice[span]{true, span{float64(c.Off), float64(c.On)}},
		smoothing:   rounded(smoothingOf(float64(c.Off), float64(c.On), max(c.Outputs(), 2))),
		optimizer:   optimizerOf(t.Rule, t.Decay),
		momentum:    choice[float64]{true, o.Momentum},
		lr:          choice[float64]{true, o.LearningRate},
		rho:         choice[float32]{true, t.Rho},
		epsilon:     choice[float32]{true, t.Epsilon},
		weightDecay: choice[float32]{true, t.Decay},
		gradient:    gradientMean,
		holdOut:     float64(o.Validation),
	}
	if t.Sum {
		r.gradient = gradientSum
	}
	if c.Outputs() == 1 && !c.Regression {
		r.outputs = 1
	}
	return r
}

// HoldOut sets the number of validation samples.
func (r *Recipe) HoldOut(n int) { r.holdOut = float64(n) }

// rounded returns a number rounded to the digits of a float32.
func rounded(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 5, 64), 64)
	if err != nil || math.IsNaN(v) {
		return v
	}
	return r
}

// smoothingOf returns the ε of the label smoothing that makes these targets for n classes, or 0.
func smoothingOf(off, on float64, n int) float64 {
	ε := off * float64(n)
	if s := smooth(ε, n); math.Abs(s.to-on) > 1e-6 {
		return 0
	}
	return ε
}

// Contradiction returns a *flags.Error if a given flag of r differs from the stored run in file. More epochs do not.
func (r *Recipe) Contradiction(given func(name string) bool, s *train.State, file string) error {
	was := Of(s.Options, s.Data.Form)
	stored := was.Flags()
	for i, f := range r.Flags() {
		now, then := f.Value.String(), stored[i].Value.String()
		if !given(f.Name) || f.Name == "data" || now == then || r.equivalent(f.Name, was) {
			continue
		}
		more := ""
		if f.Name == "epochs" {
			if r.Epochs > s.Options.Epochs {
				continue // the run is extended
			}
			more = " or give more"
		}
		if f.Name == "augment" && now == "" {
			now = "none" // the value that users type
		}
		if then == "" {
			then = "none"
		}
		return flags.Errorf("-%s=%s contradicts -resume=%s, whose run has %s; omit -%s%s", f.Name, now, file, then, f.Name, more)
	}
	return nil
}

// equivalent reports whether a different value has the same meaning: Adam with weight decay is AdamW.
func (r *Recipe) equivalent(name string, was Recipe) bool {
	return name == "optimizer" && r.optimizer.rule() == was.optimizer.rule() && r.weightDecay.set
}
