package report

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/internal/capsule"
)

// Replay describes the verdict on a device, compared with the device of the capsule, and reports whether the device is
// wrong.
func Replay(c *capsule.Capsule, i compute.Info, recorded *judge.Difference, v *judge.Verdict) (text string, wrong bool) {
	o := c.Options
	switch {
	case v.Wrong() != "":
		return fmt.Sprintf("the device is wrong: on %s, in %s", i.Device, v.Wrong()), true
	case recorded != nil:
		then := recorded.String()
		if e := c.First; e != nil {
			then = fmt.Sprintf("op %d, %s: element (%d,%d) of %s was %s, want %s ± %s", e.Op, e.Kernel, e.Row, e.Col, e.Matrix, e.Got, e.Want, e.Bound)
		}
		return fmt.Sprintf("this device is right: %s agrees with float64 within rounding; %s did not: %s", i.Device, Short(c.Device.Device), then), false
	case v.Limit != nil || !c.Finite():
		what := "the numbers"
		if v.Limit != nil {
			what = v.Limit.Matrix
		}
		lower := fmt.Sprintf("lower -lr, which is %g", o.LearningRate)
		if c.LearningRate != o.LearningRate {
			lower += fmt.Sprintf(" (%.3g in this step)", c.LearningRate)
		}
		if o.Momentum > 0 {
			lower += fmt.Sprintf(", or -momentum, which is %g", o.Momentum)
		}
		return fmt.Sprintf("the model diverges: in step %d of epoch %d %s leave the range of float32, which %s computes correctly; %s",
			c.Step, c.Epoch, what, i.Device, lower), false
	}
	return fmt.Sprintf("nothing is wrong: %s agrees with float64 within rounding, as did %s", i.Device, Short(c.Device.Device)), false
}
