package mlp

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

// A Training has the update rule of a network and its regularisation. Learning rate and momentum
// change from step to step, and are arguments of a step instead. The zero Training is plain gradient
// descent on the mean loss of a batch.
type Training struct {
	Rule compute.Rule `json:"rule"`
	// Velocity makes rule SGD keep velocities; Nesterov and Adam always do.
	Velocity bool `json:"velocity,omitempty"`
	// Rho and Epsilon are ρ and ε of RMSProp and Adam.
	Rho     float32 `json:"rho,omitempty"`
	Epsilon float32 `json:"epsilon,omitempty"`
	// L2 and L1 add L2/2·Σw² + L1·Σ|w| to the loss; Decay is the decoupled weight decay. They
	// apply to weights, and not to biases.
	L2    float32 `json:"l2,omitempty"`
	L1    float32 `json:"l1,omitempty"`
	Decay float32 `json:"decay,omitempty"`
	// Clip bounds the norm of the gradient of all parameters together; 0 means no bound.
	Clip float32 `json:"clip,omitempty"`
	// MaxNorm bounds the squared norm of the weights into a hidden unit or an output; 0 means
	// no bound.
	MaxNorm float32 `json:"max_norm,omitempty"`
	// DropInput and Drop are the fractions of the inputs and of the outputs of each hidden layer
	// that dropout sets to 0.
	DropInput float32 `json:"drop_input,omitempty"`
	Drop      float32 `json:"drop,omitempty"`
	// Average is the decay of the moving average of the parameters that is tested and saved in
	// their place; 0 means no average.
	Average float32 `json:"average,omitempty"`
	// Sum makes the gradient of a batch the sum of those of its samples instead of their mean.
	Sum bool `json:"sum,omitempty"`
	// Augment distorts the images.
	Augment Augment `json:"augment,omitzero"`
	// Batch is the largest training batch, if that of evaluations is larger; 0 is the same. It
	// saves memory and changes no result.
	Batch int `json:"-"`
}

// An Augment has the ranges of the random distortions of op Warp. The zero Augment distorts nothing.
type Augment struct {
	// Sigma is the range of the standard deviation, in pixels, of the Gaussian that smooths the
	// elastic field, drawn for each epoch. Alpha is the range of its factor, in pixels, drawn for
	// each image. 0 means no elastic distortion.
	Sigma [2]float32 `json:"sigma,omitzero"`
	Alpha [2]float32 `json:"alpha,omitzero"`
	// Rotation is the largest angle, in degrees, in either direction.
	Rotation float32 `json:"rotation,omitempty"`
	// Scaling is the largest change of width and of height, as a fraction, in either direction.
	Scaling float32 `json:"scaling,omitempty"`
	// Shear is the largest shear, in pixels to the side per pixel up, in either direction.
	Shear float32 `json:"shear,omitempty"`
	// Translation is the largest shift, in pixels, in each direction.
	Translation float32 `json:"translation,omitempty"`
	// Calm lists the classes that are rotated and sheared half as much.
	Calm []int `json:"calm,omitempty"`
}

// IsZero reports whether images are not distorted.
func (a Augment) IsZero() bool {
	return a.Alpha[1] == 0 && a.Rotation == 0 && a.Scaling == 0 && a.Shear == 0 && a.Translation == 0
}

// Elastic reports whether there is an elastic distortion.
func (a Augment) Elastic() bool { return a.Alpha[1] > 0 }

// Velocities reports whether the rule keeps velocities, V of op Update.
func (t Training) Velocities() bool {
	return t.Rule == compute.Nesterov || t.Rule == compute.Adam || t.Rule == compute.SGD && t.Velocity
}

// Squares reports whether the rule keeps mean squared gradients, S of op Update.
func (t Training) Squares() bool { return t.Rule == compute.RMSProp || t.Rule == compute.Adam }

// Check returns a *FieldError if the training breaks a rule.
func (t Training) Check() error {
	const (
		finite   = "must be a finite number of at least 0"
		below1   = "must be at least 0 and below 1"
		dropping = "must be at least 0 and below 0.999992"
	)
	drops := func(rate float32) bool { return rate < 1 && !(compute.Dropout{Rate: rate}).Everything() }
	for _, v := range []struct {
		field string
		value float32
		ok    bool // besides being at least 0 and finite
		rule  string
	}{
		{"L2", t.L2, true, finite}, {"L1", t.L1, true, finite}, {"Decay", t.Decay, true, finite}, {"Clip", t.Clip, true, finite},
		{"MaxNorm", t.MaxNorm, true, finite}, {"Epsilon", t.Epsilon, true, finite},
		{"Average", t.Average, t.Average < 1, below1}, {"Rho", t.Rho, t.Rho < 1, below1},
		{"DropInput", t.DropInput, drops(t.DropInput), dropping}, {"Drop", t.Drop, drops(t.Drop), dropping},
	} {
		if !(v.value >= 0) || math.IsInf(float64(v.value), 1) || !v.ok {
			return Invalid(v.field, v.value, v.rule)
		}
	}
	switch {
	case t.Squares() && t.Rho == 0:
		return Conflict("Rule", t.Rule, "Rho", nil, "the decay of the mean squared gradients, above 0")
	case t.Squares() && t.Epsilon == 0:
		return Conflict("Rule", t.Rule, "Epsilon", nil, "which keeps it from dividing by 0, above 0")
	case !t.Squares() && t.Rho != 0:
		return Conflict("Rho", t.Rho, "Rule", t.Rule, OneOf(adaptive))
	case !t.Squares() && t.Epsilon != 0:
		return Conflict("Epsilon", t.Epsilon, "Rule", t.Rule, OneOf(adaptive))
	}
	return Within("Augment", t.Augment.Check())
}

// adaptive lists the rules that keep mean squared gradients.
var adaptive = []compute.Rule{compute.RMSProp, compute.Adam}

// Check returns a *FieldError if the augmentation breaks a rule.
func (a Augment) Check() error {
	for _, v := range []struct {
		field string
		value float32
		most  float64
	}{
		{"Sigma", a.Sigma[0], 1000}, {"Sigma", a.Sigma[1], 1000}, {"Alpha", a.Alpha[0], 1e6}, {"Alpha", a.Alpha[1], 1e6},
		{"Rotation", a.Rotation, 90}, {"Scaling", a.Scaling, 0.99}, {"Shear", a.Shear, 10}, {"Translation", a.Translation, 1000},
	} {
		if !(v.value >= 0) || float64(v.value) > v.most {
			return Invalid(v.field, v.value, fmt.Sprintf("must be from 0 to %v", v.most))
		}
	}
	const order = "must go from its least to its most value, as in 5..6"
	switch {
	case a.Sigma[0] > a.Sigma[1]:
		return Invalid("Sigma", a.Sigma, order)
	case a.Alpha[0] > a.Alpha[1]:
		return Invalid("Alpha", a.Alpha, order)
	case a.Elastic() && a.Sigma[0] == 0:
		return Conflict("Alpha", a.Alpha[1], "Sigma", nil, "the deviation that smooths an elastic distortion, above 0")
	case !a.Elastic() && a.Sigma[0] > 0:
		return Conflict("Sigma", a.Sigma[0], "Alpha", nil, "the strength of an elastic distortion, above 0")
	}
	for _, c := range a.Calm {
		if c < 0 || c >= 64 {
			return Invalid("Calm", c, "must be a class from 0 to 63")
		}
	}
	return nil
}
