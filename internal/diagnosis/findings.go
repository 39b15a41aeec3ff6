package diagnosis

import (
	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// A Finding is one problem of a network: what is wrong, by which measurement, and what to
// change.
type Finding struct {
	Kind  Kind
	Sign  Sign
	Layer int // the worst layer, from 1; 0 if the problem is not of a layer
	// Layers is the number of layers with the same Sign.
	Layers int
	// Value was measured, and is compared with Reference. Sign defines both.
	Value, Reference float64
	// Step is the relative weight change of a step, if it shows the problem; else 0.
	Step float64
	// Since is the epoch with the lowest loss on held-out data, for HeldLossRises.
	Since    *Epoch
	Remedies []Remedy // the most likely first
}

// A Kind is the subject of a finding.
type Kind string

// The kinds, in the order in which reports list them.
const (
	DeadLayer         Kind = "dead_layer"
	SaturatedLayer    Kind = "saturated_layer"
	StuckOutputs      Kind = "stuck_outputs"
	ExplodingGradient Kind = "exploding_gradient"
	VanishingGradient Kind = "vanishing_gradient"
	RateTooHigh       Kind = "rate_too_high"
	RateTooLow        Kind = "rate_too_low"
	Overfitting       Kind = "overfitting"
)

// A Sign is the measurement that shows a problem.
type Sign int

// The signs, with the Value and the Reference of the finding.
const (
	UnitsFlat        Sign = iota // Layer.Flat
	GradientOverflow             // no value
	ErrorGrows                   // Layer.Delta
	ErrorShrinks                 // Layer.Delta
	LossOfGuessing               // training loss; loss of guessing
	LossRises                    // training loss; that of the epoch before
	LongSteps                    // Layer.Step; usual step
	AccuracyGap                  // training accuracy; accuracy on held-out data
	HeldLossRises                // loss on held-out data; its lowest so far
)

// UsualStep is the usual Layer.Step: "around 1e-3" by the rule of thumb of Stanford's CS231n,
// "Neural Networks Part 3", ratio of weights to updates.
const UsualStep = 1e-3

// A Remedy is a change that may solve a problem.
type Remedy struct {
	Action Action
	Field  string  // of train.Options; "" for MoreSamples
	Value  any     // the new value for Set, the present one for Lower and Raise
	Usual  float64 // the usual value, for Lower and Raise, if it lies in that direction
	Also   *Remedy // a change to make together with this one, or nil
}

// An Action is what a remedy does with its field.
type Action int

// The actions.
const (
	Set         Action = iota
	Lower              // choose a lower value
	Raise              // choose a higher value
	Add                // choose any value but 0
	FewerLayers        // remove entries
	FewerUnits         // lower entries
	MoreSamples        // train on a larger set
)

var (
	fewerUnits  = Remedy{Action: FewerUnits, Field: "Network.Sizes"}
	moreSamples = Remedy{Action: MoreSamples}
)

// lowerRate recommends a lower learning rate.
func (v *verdict) lowerRate() []Remedy {
	r := Remedy{Action: Lower, Field: "LearningRate", Value: v.Rate}
	if v.UsualRate < v.Rate {
		r.Usual = v.UsualRate
	}
	return []Remedy{r}
}

// betterInit recommends the initialisation that suits the hidden layers, unless they have it.
func (v *verdict) betterInit() []Remedy {
	suits := mlp.Xavier
	switch v.Network.Hidden {
	case compute.ReLU, compute.LeakyReLU:
		suits = mlp.He
	case compute.ScaledTanh:
		suits = mlp.Inputs
	}
	if v.Network.Init == suits || v.Network.Layers() < 2 {
		return nil
	}
	return set("Network.Init", suits)
}

func set(field string, value any) []Remedy {
	return []Remedy{{Action: Set, Field: field, Value: value}}
}

// gentler recommends changes that keep weights small, the most likely first. It includes other only
// if neither the learning rate nor the initialisation is unusual.
func (v *verdict) gentler(other ...Remedy) []Remedy {
	switch init := v.betterInit(); {
	case v.Rate > v.UsualRate:
		return append(v.lowerRate(), init...)
	case init != nil && v.Rate < v.UsualRate:
		return init
	case init != nil:
		return append(init, v.lowerRate()...)
	}
	return append(v.lowerRate(), other...)
}

func (v *verdict) fewerLayers() []Remedy {
	if v.Network.Layers() < 3 {
		return nil
	}
	return []Remedy{{Action: FewerLayers, Field: "Network.Sizes"}}
}

// unstick recommends changes that bring outputs back from the wrong end of their range.
func (v *verdict) unstick() []Remedy {
	list := v.lowerRate()
	if v.Momentum > 0 {
		list = append(list, set("Momentum", 0.)...)
	}
	return append(list, Remedy{Action: Set, Field: "Network.Loss", Value: compute.CrossEntropy,
		Also: &Remedy{Action: Set, Field: "Network.Output", Value: compute.Softmax}})
}

// regularise recommends regularisation, if the run has none, and a smaller network.
func (v *verdict) regularise() []Remedy {
	var list []Remedy
	deep, t := v.Network.Layers() > 1, v.Training
	switch {
	case t.L2 > 0 || t.L1 > 0 || t.Decay > 0 || t.Drop > 0 || t.DropInput > 0 || !t.Augment.IsZero():
	case deep:
		list = append(list, Remedy{Action: Add, Field: "Training.Drop"})
	default:
		list = append(list, Remedy{Action: Add, Field: "Training.Decay"})
	}
	if deep {
		list = append(list, fewerUnits)
	}
	return list
}

// stopEarly recommends to end a run at its best epoch. With a validation set the run saves the
// weights of that epoch anyway, and Patience only saves time.
func (v *verdict) stopEarly() []Remedy {
	switch {
	case v.e.HeldOut != "validation":
		return set("Epochs", v.best.Epoch)
	case v.Patience == 0:
		return set("Patience", max(patience, v.best.Epoch/2))
	}
	return nil
}
