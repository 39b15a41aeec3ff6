package diagnosis

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// What is unhealthy. Each threshold is far beyond what runs by the usual recipe show,
// since a warning that is often wrong is soon read by nobody.
const (
	// fewestImages: a ReLU that is 0 for half of the images is so for all of a few.
	fewestImages = 30
	// deadShare: the notes of Stanford's CS231n ("Neural Networks Part 1", by Karpathy)
	// tell of networks 40% of whose ReLUs die at too high a rate. Healthy ones lose a
	// few percent.
	deadShare = 0.4
	// saturatedShare and stuckShare: more is lost than is left.
	saturatedShare = 0.5
	stuckShare     = 0.5
	// vanishing and exploding bound Layer.Delta, which the initialisations of Glorot and
	// of He are made to keep near 1: beyond a thousand either way, no one learning rate
	// suits both the first layer and the last. Bengio, Simard and Frasconi, "Learning
	// long-term dependencies with gradient descent is difficult" (1994), has why it goes
	// with the layers' number like a power.
	vanishing = 1e-3
	exploding = 1e3
	// usualStep is ‖ΔW‖/‖W‖ of a step, "around 1e-3" by CS231n's rule of thumb ("Neural
	// Networks Part 3", ratio of weights to updates). By the usual recipe small sets
	// and large batches have up to 130 times as much in their first epochs, and come
	// through; less than a tenth, while little is learnt, is time wasted.
	usualStep = 1e-3
	highStep  = 300 * usualStep
	lowStep   = usualStep / 10
	// lowRate is the share of the usual rate below which a network that has learnt
	// little is slow for that reason.
	lowRate      = 1. / 30
	learntLittle = 0.5 // of the loss of guessing, which is left
	// aboveGuessing: an untrained network's loss is a little above that of guessing,
	// and a small set's first epoch may be little else. Where the loss comes down by
	// half in an epoch, all goes well nevertheless.
	aboveGuessing = 1.5
	comesDown     = 0.5
	// A loss that rises by a fifth from one epoch to the next, and by a twentieth of
	// that of guessing, which leaves out the noise of small losses.
	rises      = 1.2
	risesLeast = 0.05
	// accuracyGap: by the usual recipe the training accuracy is some 7 points above that
	// on new images on 3,000 images of MNIST, and 1 point on 60,000.
	accuracyGap = 0.1
	// generalisation: Prechelt, "Early stopping – but when?" (1998), measures
	// overfitting by how far the validation loss is above its lowest so far, and stops
	// at 1% to 20%. Since the loss of a network that is surer of its few mistakes rises
	// while its accuracy does too, the latter must have come down as well; and since
	// both waver while the rate is high, it must have been so for some epochs.
	generalisation = 1.2
	patience       = 3
)

// An Examiner turns figures into reports. It remembers the epochs of a run that it was
// given, in their order.
type Examiner struct {
	Recipe
	last, best *Epoch // best by the loss on what was held out
}

// Examine returns the report of an epoch with the figures of its layers, from the
// first to the last, on a number of images.
func (x *Examiner) Examine(e Epoch, layers []Layer, images int) *Report {
	r := &Report{Epoch: e.Epoch, Images: images, Layers: layers}
	if e.HeldOut != "" && !x.Network.Regression {
		r.Gap, r.HeldOut = e.TrainAcc-e.HeldAcc, e.HeldOut
	}
	v := verdict{x, e, layers, images, nil}
	// One ailment has others in its train: a dead layer lets no gradient through, and
	// without a gradient steps are small. The first that is found is the one to mend.
	for _, look := range []func(){v.flatness, v.gradients, v.rate} {
		if look(); len(v.found) > 0 {
			break
		}
	}
	v.overfitting()
	r.Findings = v.found
	x.Remember(e)
	return r
}

// Remember has later epochs compared with this one.
func (x *Examiner) Remember(e Epoch) {
	x.last = &e
	if e.HeldOut != "" && (x.best == nil || e.HeldLoss < x.best.HeldLoss) {
		x.best = &e
	}
}

// A verdict is a report's findings in the making.
type verdict struct {
	*Examiner
	e      Epoch
	layers []Layer
	images int // that were tried
	found  []Finding
}

// flatness looks for layers that have lost their slope, and names the worst.
func (v *verdict) flatness() {
	if v.images < fewestImages {
		return
	}
	worst, ill := -1, map[Flatness]int{}
	for i, l := range v.layers {
		if !(l.Of == Dead && l.Flat >= deadShare || l.Of == Saturated && l.Flat > saturatedShare || l.Of == Stuck && l.Flat > stuckShare) {
			continue
		}
		ill[l.Of]++
		// What ails the hidden layers, whose units all have one F, ails the outputs too.
		if worst < 0 || l.Of != Stuck && l.Flat > v.layers[worst].Flat {
			worst = i
		}
	}
	if worst < 0 {
		return
	}
	switch of := v.layers[worst].Of; of {
	case Dead:
		v.dead(worst, ill[of])
	case Saturated:
		v.saturated(worst, ill[of])
	case Stuck:
		v.stuck(worst)
	}
}

// gradients looks for the layer that is worst off: the next ones suffer the same.
func (v *verdict) gradients() {
	least, most := 0, 0
	for i, l := range v.layers {
		if math.IsNaN(l.Gradient) || math.IsInf(l.Gradient, 0) || math.IsNaN(l.Delta) || math.IsInf(l.Delta, 0) {
			v.overflows(i)
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
	if v.layers[most].Delta > exploding {
		v.explodes(most)
	}
	// Where nothing is wrong any more, nothing comes back.
	if v.layers[least].Delta < vanishing && last.Delta > 0 && last.Gradient > 0 {
		v.vanishes(least)
	}
}

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
		v.shortSteps(atPeak, guess)
	case classes && loss > aboveGuessing*guess && (v.last == nil || loss > comesDown*v.last.TrainLoss):
		v.worseThanGuessing(guess)
	case v.last != nil && loss > rises*v.last.TrainLoss && loss > v.last.TrainLoss+risesLeast*guess:
		v.lossRises()
	case step > highStep:
		v.longSteps(longest)
	}
}

func (v *verdict) overfitting() {
	classes := !v.Network.Regression
	switch b := v.best; {
	case v.e.HeldOut == "":
	case classes && min(v.e.TrainAcc, v.e.TriedAcc)-v.e.HeldAcc > accuracyGap:
		v.gap()
	case b != nil && v.e.Epoch >= b.Epoch+patience && v.e.HeldLoss > generalisation*b.HeldLoss &&
		(!classes || v.e.HeldAcc < b.HeldAcc) && v.e.TrainLoss < b.TrainLoss:
		v.heldLossRises()
	}
}

// Guessing returns the mean loss of a network that gives each class the same chance,
// whatever the image. It is not for regression.
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
