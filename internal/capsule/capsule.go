// Package capsule stores one training step in a file, so that anyone can repeat it: the batch, the
// weights before the step, the results of a device, the device and its kernels.
//
// The file is in the safetensors format. Its tensors are
//
//   - the parameters before the step and the state of their updates, under PyTorch's names,
//   - the same after the step, with the prefix "after.",
//   - the batch, with pixels and labels as integers,
//   - the loss and the hit of each sample.
//
// The rest is in the metadata. The random numbers of a step, and
// the Gaussian of its distortions, follow from the options and the step's number.
package capsule

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/internal/train"
)

// Version is the version of the format. Version 1, which has neither squared
// gradients nor numbers nor targets, can be read too.
const Version = 2

// A Reason is the reason for storing a step.
type Reason string

// The reasons.
const (
	// Breach is a step that a device computed wrongly.
	Breach Reason = "breach"
	// Diverged is a step whose results are infinite or NaN.
	Diverged Reason = "diverged"
)

// A Capsule is a step and the reason to store it.
type Capsule struct {
	*train.StepRecord
	Reason Reason
	// First is the first wrong op and element. It is nil if no device was wrong.
	First *Element
}

// An Element is a wrong element. Its numbers are strings, because JSON has no NaN.
type Element struct {
	Op     int    `json:"op"` // of the step's program, from 1
	Kernel string `json:"kernel"`
	Matrix string `json:"matrix"`
	Row    int    `json:"row"`
	Col    int    `json:"col"`
	Got    string `json:"got"`
	Want   string `json:"want"` // in float64
	Bound  string `json:"bound"`
}

// OfBreach returns the capsule of a step that a device computed wrongly.
func OfBreach(e *train.BreachError) *Capsule {
	return &Capsule{StepRecord: e.Record, Reason: Breach, First: elementOf(e.First())}
}

// OfDivergence returns the capsule of a step whose results are infinite or NaN.
func OfDivergence(m *train.StepRecord) *Capsule { return &Capsule{StepRecord: m, Reason: Diverged} }

func elementOf(d *judge.Difference) *Element {
	number := func(v float64, bits int) string { return strconv.FormatFloat(v, 'g', -1, bits) }
	return &Element{d.Op, d.Kernel, d.Matrix, d.Row, d.Col, number(float64(d.Got), 32), number(d.Want, 64), number(d.Bound, 64)}
}

// check returns an error if a capsule with valid options is inconsistent.
func (c *Capsule) check() error {
	o, rows := c.Options, c.Rows()
	n := o.Network.Sizes[0]
	switch batch := o.BatchSize(c.Data.Samples); {
	case c.Reason != Breach && c.Reason != Diverged:
		return fmt.Errorf("unknown reason %q", c.Reason)
	case c.Data.Samples <= 0:
		return fmt.Errorf("a training set of %d images", c.Data.Samples)
	case c.Data.Width <= 0 || n%c.Data.Width != 0 || n/c.Data.Width != c.Data.Height:
		return fmt.Errorf("images of %d×%d do not fit a network of %d inputs", c.Data.Width, c.Data.Height, n)
	case rows != batch && rows != c.Data.Samples%batch:
		return fmt.Errorf("a batch of %d of %d images, where steps take %d", rows, c.Data.Samples, batch)
	case c.Epoch < 1 || c.Epoch > o.Epochs || c.Step < 1 || c.Step > (c.Data.Samples-1)/batch+1:
		return fmt.Errorf("step %d of epoch %d of %d", c.Step, c.Epoch, o.Epochs)
	case !(float32(c.LearningRate) >= 0) || math.IsInf(float64(float32(c.LearningRate)), 0):
		return fmt.Errorf("a learning rate of %v", c.LearningRate)
	case c.Device.Backend == "":
		return errors.New("the backend is missing")
	}
	if o.Network.Regression != (c.Data.Outputs > 0) || o.Network.Regression && c.Data.Outputs != o.Network.Outputs() {
		return fmt.Errorf("targets of %d numbers for a network of %d outputs", c.Data.Outputs, o.Network.Outputs())
	}
	for i, v := range slices.Concat(c.Numbers, c.Targets) {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("number %d of the batch is %v", i, v)
		}
	}
	classes := max(o.Network.Outputs(), 2)
	for i, label := range c.Labels {
		if int(label) >= classes {
			return fmt.Errorf("label %d is %d, of %d classes", i, label, classes)
		}
	}
	return nil
}

// device is the stored part of a compute.Info.
type device struct {
	Backend  string `json:"backend"`
	Device   string `json:"device"`
	Driver   string `json:"driver"`
	Detail   string `json:"detail"`
	Software bool   `json:"software"`
}

func deviceOf(i compute.Info) device {
	return device{i.Backend, i.Device, i.Driver, i.Detail, i.Software}
}

func (d device) info() compute.Info {
	return compute.Info{Backend: d.Backend, Device: d.Device, Driver: d.Driver, Detail: d.Detail, Software: d.Software}
}

// A kind is one sort of values that each parameter has before and after a step.
type kind struct {
	prefix        string // of the names of tensors
	before, after *[][]float32
}

// kinds lists the kinds of a step: values, velocities and squares.
func (c *Capsule) kinds() []kind {
	m, t := c.StepRecord, c.Options.StepTraining()
	list := []kind{{"", &m.Before.Values, &m.After.Values}}
	if t.Velocities() {
		list = append(list, kind{"velocity.", &m.Before.Velocities, &m.After.Velocities})
	}
	if t.Squares() {
		list = append(list, kind{"square.", &m.Before.Squares, &m.After.Squares})
	}
	return list
}

// samples and targets return the names of the tensors that hold them.
func (c *Capsule) samples() string {
	if c.Data.Numbers {
		return numbersName
	}
	return pixelsName
}

func (c *Capsule) targets() string {
	if c.Options.Network.Regression {
		return targetsName
	}
	return labelsName
}

// names lists the tensors of a capsule.
func (c *Capsule) names() []string {
	list := []string{c.samples(), c.targets(), statsName}
	for _, s := range c.Options.Network.Shapes() {
		for _, k := range c.kinds() {
			list = append(list, k.prefix+s.Name, afterPrefix+k.prefix+s.Name)
		}
	}
	slices.Sort(list)
	return list
}
