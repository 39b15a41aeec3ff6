package cli

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"

	"shadegrad/compute"
	"shadegrad/internal/train"
)

// recipeOf returns the recipe of a run with these options, with all that is a choice set.
func recipeOf(o train.Options) recipe {
	c, t := o.Network, o.Training
	last := len(c.Sizes) - 1
	r := recipe{Options: o, hidden: slices.Clone(c.Sizes[1:last]),
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
	}
	if t.Sum {
		r.gradient = gradientSum
	}
	if c.Outputs() == 1 && !c.Regression {
		r.outputs = 1
	}
	return r
}

// rounded is a number without the digits that a float32 does not have.
func rounded(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 5, 64), 64)
	if err != nil || math.IsNaN(v) {
		return v
	}
	return r
}

// smoothingOf returns the ε of the label smoothing that gave targets for n classes, or 0.
func smoothingOf(off, on float64, n int) float64 {
	ε := off * float64(n)
	if s := smooth(ε, n); math.Abs(s.to-on) > 1e-6 {
		return 0
	}
	return ε
}

// contradictions tells which of the given flags differ from the options that a
// checkpoint has.
func (f *trainFlags) contradictions(s *train.State) error {
	was := recipeOf(s.Options)
	stored := flag.NewFlagSet("", flag.ContinueOnError)
	was.flags(stored)
	form := dataFlags{form: s.Data.Form}
	form.formFlags(stored)
	given := flag.NewFlagSet("", flag.ContinueOnError)
	f.recipe.flags(given)
	f.data.formFlags(given)
	var err error
	given.VisitAll(func(g *flag.Flag) {
		now, then := g.Value.String(), stored.Lookup(g.Name).Value.String()
		if err == nil && f.given[g.Name] && now != then && !f.sameInOtherWords(g.Name, was) {
			if g.Name == "augment" {
				now = orNone(now) // as it is typed; -hidden, which is none too, is typed empty
			}
			err = usagef("-%s=%s contradicts -resume=%s, whose run has %s; leave -%s out", g.Name, now, f.resume, orNone(then), g.Name)
		}
	})
	return err
}

// sameInOtherWords tells whether a flag says what a recipe has although it is written in
// another way: Adam with a weight decay is AdamW.
func (f *trainFlags) sameInOtherWords(name string, was recipe) bool {
	return name == "optimizer" && f.recipe.optimizer.rule() == was.optimizer.rule() && f.recipe.weightDecay.set
}

// orNone writes a value that may be empty.
func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return fmt.Sprint(s)
}
