package diagnosis

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// The thresholds. Each is far beyond the figures of runs with the usual options, because users ignore
// warnings that are often wrong.
const (
	// A ReLU that is 0 for half of the images is 0 for all of a few images.
	fewestImages = 30
	// The notes of Stanford's CS231n ("Neural Networks Part 1", by Karpathy) report networks
	// with 40% dead ReLUs at too high a learning rate. Healthy networks lose a few percent.
	deadFraction = 0.4
	// More is lost than is left.
	saturatedFraction = 0.5
	stuckFraction     = 0.5
	// Bounds of Layer.Delta, which the initialisations of Glorot and of He keep near 1. Beyond a
	// thousand either way, no single learning rate suits both the first and the last layer.
	// Bengio, Simard and Frasconi, "Learning long-term dependencies with gradient descent is
	// difficult" (1994), explain why it grows or shrinks exponentially with the number of layers.
	vanishing = 1e-3
	exploding = 1e3
	// With the usual options, small sets and large batches have up to 130 times the usual step in
	// their first epochs, and recover. Less than a tenth, while little is learnt, wastes time.
	highStep = 300 * UsualStep
	lowStep  = UsualStep / 10
	// The fraction of the usual rate below which the rate explains why little was learnt.
	lowRate      = 1. / 30
	learntLittle = 0.5 // of the loss of guessing remains
	// The loss of an untrained network is a little above that of guessing, and the first epoch
	// of a small set may not change it much. A loss that halves in an epoch is healthy.
	aboveGuessing = 1.5
	halves        = 0.5
	// A loss rises if it grows by a fifth in an epoch, and by a twentieth of the loss of guessing,
	// which excludes the noise of small losses.
	rises      = 1.2
	risesLeast = 0.05
	// With the usual options the training accuracy is some 7 points above that on new images for
	// 3,000 images of MNIST, and 1 point for 60,000.
	accuracyGap = 0.1
	// Prechelt, "Early stopping – but when?" (1998), measures overfitting by how far the
	// validation loss is above its lowest so far, and stops at 1% to 20%. The loss also rises
	// when a network becomes surer of its few mistakes while its accuracy rises, so the accuracy
	// must have fallen too; and both fluctuate at a high rate, so some epochs must have passed.
	generalisation = 1.2
	patience       = 3
)

// An Examiner makes reports from the figures of epochs. It must receive the epochs of a run in order,
// and compares each with earlier ones.
type Examiner struct {
	Recipe
	last, best *Epoch // best by the loss on held-out data
}

// Examine returns the report of an epoch. The figures of the layers, from first to last, were
// measured on a number of images.
func (x *Examiner) Examine(e Epoch, layers []Layer, images int) *Report {
	r := &Report{Epoch: e, Images: images, Layers: layers, HasGap: e.HeldOut != "" && !x.Network.Regression}
	v := verdict{x, e, layers, images, nil}
	// One problem causes others: a dead layer passes no gradient back, and without a gradient
	// steps are small. The first one found is the cause.
	for _, check := range []func(){v.flatness, v.gradients, v.rate} {
		if check(); len(v.found) > 0 {
			break
		}
	}
	v.overfitting()
	r.Findings = v.found
	x.Remember(e)
	return r
}

// Remember adds an epoch that later ones are compared with.
func (x *Examiner) Remember(e Epoch) {
	if x.last == nil {
		x.last = new(Epoch) // once: epochs can be short
	}
	*x.last = e
	if e.HeldOut != "" && (x.best == nil || e.HeldLoss < x.best.HeldLoss) {
		best := e
		x.best = &best
	}
}

// A verdict collects the findings of a report.
type verdict struct {
	*Examiner
	e      Epoch
	layers []Layer
	images int // that were tried
	found  []Finding
}

func (v *verdict) add(f Finding, remedies ...[]Remedy) {
	f.Remedies = slices.Concat(remedies...)
	v.found = append(v.found, f)
}

// flatness looks for layers whose units have no slope, and reports the worst.
func (v *verdict) flatness() {
	if v.images < fewestImages {
		return
	}
	worst, layers := -1, map[Flatness]int{}
	for i, l := range v.layers {
		if !(l.Of == Dead && l.Flat >= deadFraction || l.Of == Saturated && l.Flat > saturatedFraction || l.Of == Stuck && l.Flat > stuckFraction) {
			continue
		}
		layers[l.Of]++
		// A problem of the hidden layers, whose units all have one F, affects the outputs too.
		if worst < 0 || l.Of != Stuck && l.Flat > v.layers[worst].Flat {
			worst = i
		}
	}
	if worst < 0 {
		return
	}
	l := v.layers[worst]
	f := Finding{Sign: UnitsFlat, Layer: worst + 1, Layers: layers[l.Of], Value: l.Flat}
	switch l.Of {
	case Dead:
		f.Kind = DeadLayer
		v.add(f, v.gentler(set("Network.Hidden", compute.Tanh)...))
	case Saturated:
		f.Kind = SaturatedLayer
		v.add(f, v.gentler(set("Network.Hidden", compute.ReLU)...))
	case Stuck:
		f.Kind = StuckOutputs
		v.add(f, v.unstick())
	}
}

// gradients looks for the layer with the worst gradient. Its neighbours suffer the same.
func (v *verdict) gradients() {
	least, most := 0, 0
	for i, l := range v.layers {
		if math.IsNaN(l.Gradient) || math.IsInf(l.Gradient, 0) || math.IsNaN(l.Delta) || math.IsInf(l.Delta, 0) {
			v.add(Finding{Kind: ExplodingGradient, Sign: GradientOverflow, Layer: i + 1}, v.gentler())
			return
		}
		if l.Delta < v.layers[least].Delta {
			least = i
		}
		if l.Delta > v.layers[most].Delta {
			most = i
		}
	}
	last := v.layers[len(v.layers)-1]
	if d := v.layers[most].Delta; d > exploding {
		v.add(Finding{Kind: ExplodingGradient, Sign: ErrorGrows, Layer: most + 1, Value: d}, v.gentler(), v.fewerLayers())
	}
	// A network that makes no more mistakes has no error to send back.
	if d := v.layers[least].Delta; d < vanishing && last.Delta > 0 && last.Gradient > 0 {
		var other []Remedy
		if f := v.Network.Hidden; f != compute.ReLU && f != compute.LeakyReLU && f != compute.Identity {
			other = set("Network.Hidden", compute.ReLU)
		}
		v.add(Finding{Kind: VanishingGradient, Sign: ErrorShrinks, Layer: least + 1, Value: d}, v.betterInit(), other, v.fewerLayers())
	}
}

// rate looks for signs of a learning rate that is too high or too low.
func (v *verdict) rate() {
	guess, classes := 0., !v.Network.Regression
	if classes {
		guess = Guessing(v.Network)
	}
	longest := 0
	for i, l := range v.layers {
		if l.Step > v.layers[longest].Step {
			longest = i
		}
	}
	step, loss := v.layers[longest].Step, v.e.TrainLoss
	atPeak := step * Ratio(v.Rate, v.e.Rate)
	switch {
	case classes && v.Rate < v.UsualRate && loss > learntLittle*guess && (atPeak < lowStep || v.Rate < lowRate*v.UsualRate):
		f := Finding{Kind: RateTooLow, Sign: LossOfGuessing, Value: loss, Reference: guess}
		if atPeak < lowStep {
			f.Step = atPeak
		}
		v.add(f, []Remedy{{Action: Raise, Field: "LearningRate", Value: v.Rate, Usual: v.UsualRate}})
	case classes && loss > aboveGuessing*guess && (v.last == nil || loss > halves*v.last.TrainLoss):
		v.add(Finding{Kind: RateTooHigh, Sign: LossOfGuessing, Value: loss, Reference: guess}, v.gentler())
	case v.last != nil && loss > rises*v.last.TrainLoss && loss > v.last.TrainLoss+risesLeast*guess:
		v.add(Finding{Kind: RateTooHigh, Sign: LossRises, Value: loss, Reference: v.last.TrainLoss}, v.lowerRate())
	case step > highStep:
		v.add(Finding{Kind: RateTooHigh, Sign: LongSteps, Layer: longest + 1, Value: step, Reference: UsualStep}, v.lowerRate())
	}
}

// overfitting compares the figures of the training set with those of held-out data.
func (v *verdict) overfitting() {
	classes := !v.Network.Regression
	switch b := v.best; {
	case v.e.HeldOut == "":
	case classes && min(v.e.TrainAcc, v.e.TriedAcc)-v.e.HeldAcc > accuracyGap:
		var fewerEpochs []Remedy
		if v.Epochs > 1 {
			fewerEpochs = []Remedy{{Action: Lower, Field: "Epochs"}}
		}
		v.add(Finding{Kind: Overfitting, Sign: AccuracyGap, Value: v.e.TrainAcc, Reference: v.e.HeldAcc},
			[]Remedy{moreSamples}, v.regularise(), fewerEpochs)
	case b != nil && v.e.Epoch >= b.Epoch+patience && v.e.HeldLoss > generalisation*b.HeldLoss &&
		(!classes || v.e.HeldAcc < b.HeldAcc) && v.e.TrainLoss < b.TrainLoss:
		v.add(Finding{Kind: Overfitting, Sign: HeldLossRises, Value: v.e.HeldLoss, Reference: b.HeldLoss, Since: b},
			v.stopEarly(), v.regularise(), []Remedy{moreSamples})
	}
}

// Guessing returns the mean loss of a network that gives each class the same probability for
// every image. It is undefined for regression.
func Guessing(c mlp.Config) float64 {
	outputs, classes := float64(c.Outputs()), float64(max(c.Outputs(), 2))
	on, off := float64(c.On), float64(c.Off)
	mean := on/classes + off*(1-1/classes) // of an output's targets
	switch {
	case c.Loss == compute.SquaredError:
		each := (on - off) * (on - off) / classes * (1 - 1/classes)
		switch c.Reduction {
		case mlp.ReduceSum:
			return outputs * each
		case mlp.ReduceHalf:
			return outputs * each / 2
		}
		return each
	case c.Output == compute.Softmax:
		return mean * outputs * math.Log(outputs)
	}
	return -outputs * (mean*math.Log(mean) + (1-mean)*math.Log(1-mean))
}
