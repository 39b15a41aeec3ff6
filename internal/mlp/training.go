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

// Check tells what is wrong with a training, by the names of the command's flags.
func (t Training) Check() error {
	adaptive := t.Squares()
	for _, v := range []struct {
		flag  string
		value float32
		below float64 // what the value must be less than
	}{
		{"l2", t.L2, math.Inf(1)}, {"l1", t.L1, math.Inf(1)}, {"weight-decay", t.Decay, math.Inf(1)},
		{"clip", t.Clip, math.Inf(1)}, {"max-norm", t.MaxNorm, math.Inf(1)},
		{"dropout-input", t.DropInput, 1}, {"dropout", t.Drop, 1}, {"average", t.Average, 1},
		{"rho", t.Rho, 1}, {"epsilon", t.Epsilon, math.Inf(1)},
	} {
		if !(v.value >= 0) || !(float64(v.value) < v.below) {
			return fmt.Errorf("-%s=%v: must be at least 0%s", v.flag, v.value, lessThan(v.below))
		}
	}
	for _, v := range []struct {
		flag string
		rate float32
	}{{"dropout-input", t.DropInput}, {"dropout", t.Drop}} {
		if (compute.Dropout{Rate: v.rate}).Everything() {
			return fmt.Errorf("-%s=%v leaves nothing: must be at least 0 and below 0.999992", v.flag, v.rate)
		}
	}
	if adaptive && (t.Rho == 0 || t.Epsilon == 0) {
		return fmt.Errorf("-optimizer=%s needs a -rho and an -epsilon above 0", t.Rule)
	}
	return t.Augment.Check()
}

func lessThan(v float64) string {
	if math.IsInf(v, 1) {
		return " and finite"
	}
	return fmt.Sprintf(" and below %v", v)
}

// Check tells what is wrong with an augmentation, by the command's name of it.
func (a Augment) Check() error {
	for _, v := range []struct {
		name  string
		value float32
		most  float64
	}{
		{"sigma", a.Sigma[0], 1000}, {"sigma", a.Sigma[1], 1000}, {"alpha", a.Alpha[0], 1e6}, {"alpha", a.Alpha[1], 1e6},
		{"rotation", a.Rotation, 90}, {"scaling", a.Scaling, 0.99}, {"shear", a.Shear, 10}, {"shift", a.Translation, 1000},
	} {
		if !(v.value >= 0) || float64(v.value) > v.most {
			return fmt.Errorf("-augment: %s is %v; it must be from 0 to %v", v.name, v.value, v.most)
		}
	}
	switch {
	case a.Sigma[0] > a.Sigma[1] || a.Alpha[0] > a.Alpha[1]:
		return fmt.Errorf("-augment: a range must go from its least to its most, as 5..6")
	case a.Elastic() != (a.Sigma[0] > 0):
		return fmt.Errorf("-augment: an elastic distortion needs both sigma and alpha above 0")
	}
	for _, c := range a.Calm {
		if c < 0 || c >= 64 {
			return fmt.Errorf("-augment: class %d cannot be calm; it must be from 0 to 63", c)
		}
	}
	return nil
}
