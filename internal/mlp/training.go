package mlp

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

// A Training is how a network is trained, but for the rates, which change from step to
// step. The zero Training is plain gradient descent on the mean loss of a batch.
type Training struct {
	Rule compute.Rule `json:"rule"`
	// Velocity has rule SGD keep velocities; Nesterov and Adam have them in any case.
	Velocity bool `json:"velocity,omitempty"`
	// Rho and Epsilon are ρ and ε of RMSProp and Adam.
	Rho     float32 `json:"rho,omitempty"`
	Epsilon float32 `json:"epsilon,omitempty"`
	// L2 and L1 are what is added to the loss, as L2/2·Σw² + L1·Σ|w|; Decay is the decoupled
	// weight decay. They are for weights and not for biases.
	L2    float32 `json:"l2,omitempty"`
	L1    float32 `json:"l1,omitempty"`
	Decay float32 `json:"decay,omitempty"`
	// Clip bounds the norm of the gradient of all parameters together; 0 does not.
	Clip float32 `json:"clip,omitempty"`
	// MaxNorm bounds the squared norm of the weights that lead to a unit of a hidden
	// layer or an output; 0 does not.
	MaxNorm float32 `json:"max_norm,omitempty"`
	// DropInput and Drop are the shares of inputs and of each hidden layer's outputs that
	// dropout leaves out.
	DropInput float32 `json:"drop_input,omitempty"`
	Drop      float32 `json:"drop,omitempty"`
	// Average is the decay of the moving average of the parameters that is tested and
	// saved in their place; 0 is none.
	Average float32 `json:"average,omitempty"`
	// Sum has the gradients of a batch's samples added up, where otherwise their mean is
	// taken.
	Sum bool `json:"sum,omitempty"`
	// Augment is how the images are distorted.
	Augment Augment `json:"augment,omitzero"`
	// Batch is the most rows that a training step has, where others may have more; 0 is as
	// many as they. It saves memory, and changes no result.
	Batch int `json:"-"`
}

// An Augment is how images are distorted, each time anew: op Warp's ranges. The zero
// Augment leaves them as they are.
type Augment struct {
	// Sigma is the standard deviation of the Gaussian by which the elastic field is
	// smoothed, and Alpha what it is multiplied with, least and most, in pixels; one of each range is
	// drawn for each epoch (Sigma) and each image (Alpha). 0 is no elastic distortion.
	Sigma [2]float32 `json:"sigma,omitzero"`
	Alpha [2]float32 `json:"alpha,omitzero"`
	// Rotation is the most, in degrees, either way.
	Rotation float32 `json:"rotation,omitempty"`
	// Scaling is the most, as a share of the size, either way, in width and in height.
	Scaling float32 `json:"scaling,omitempty"`
	// Shear is the most, in pixels to the side for each pixel up, either way.
	Shear float32 `json:"shear,omitempty"`
	// Translation is the most, in pixels, either way, to the side and up.
	Translation float32 `json:"translation,omitempty"`
	// Calm lists the classes that turn and are sheared half as much.
	Calm []int `json:"calm,omitempty"`
}

// IsZero tells whether images stay as they are.
func (a Augment) IsZero() bool {
	return a.Alpha[1] == 0 && a.Rotation == 0 && a.Scaling == 0 && a.Shear == 0 && a.Translation == 0
}

// Elastic tells whether there is an elastic distortion.
func (a Augment) Elastic() bool { return a.Alpha[1] > 0 }

// Velocities tells whether the rule has a V, Squares whether it has an S.
func (t Training) Velocities() bool {
	return t.Rule == compute.Nesterov || t.Rule == compute.Adam || t.Rule == compute.SGD && t.Velocity
}

// Squares tells whether the rule has an S.
func (t Training) Squares() bool { return t.Rule == compute.RMSProp || t.Rule == compute.Adam }

// Check returns a *FieldError if the training breaks a rule.
func (t Training) Check() error {
	for _, v := range []struct {
		field string
		value float32
	}{
		{"L2", t.L2}, {"L1", t.L1}, {"Decay", t.Decay}, {"Clip", t.Clip}, {"MaxNorm", t.MaxNorm}, {"Epsilon", t.Epsilon},
	} {
		if !(v.value >= 0) || math.IsInf(float64(v.value), 1) {
			return Invalid(v.field, v.value, "must be a finite number of at least 0")
		}
	}
	for _, v := range []struct {
		field string
		value float32
	}{{"Average", t.Average}, {"Rho", t.Rho}} {
		if !(v.value >= 0) || v.value >= 1 {
			return Invalid(v.field, v.value, "must be at least 0 and below 1")
		}
	}
	for _, v := range []struct {
		field string
		rate  float32
	}{{"DropInput", t.DropInput}, {"Drop", t.Drop}} {
		if !(v.rate >= 0) || (compute.Dropout{Rate: v.rate}).Everything() {
			return Invalid(v.field, v.rate, "must be at least 0 and below 0.999992")
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
