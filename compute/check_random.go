package compute

import (
	"errors"
	"fmt"
	"math"
)

func (o Dropout) check() error {
	if !(o.Rate >= 0 && o.Rate < 1) {
		return fmt.Errorf("Rate is %v: it must be at least 0 and below 1", o.Rate)
	}
	return same("Dst", o.Dst, "Src", o.Src)
}

func (o Noise) check() error { return nil }

func (o Warp) check() error {
	// A product Width·Height could overflow.
	if o.Width <= 0 || o.Height <= 0 || o.Src.Cols%o.Width != 0 || o.Src.Cols/o.Width != o.Height {
		return fmt.Errorf("Src %s does not hold images of %d×%d", o.Src, o.Width, o.Height)
	}
	if err := sameCols(o.Dst, o.Src.Cols, o.Src); err != nil {
		return err
	}
	if err := o.checkLabels(); err != nil {
		return err
	}
	if f := o.Field; !f.IsZero() && (f.Rows != o.Height || f.Cols != 2*o.Dst.Rows*o.Width) {
		return fmt.Errorf("Field %s must be %d×%d", f, o.Height, 2*o.Dst.Rows*o.Width)
	}
	return o.checkNumbers()
}

func (o Warp) checkLabels() error {
	switch {
	case o.Labels.Buf == nil && o.Calm != 0:
		return errors.New("Calm needs Labels")
	case o.Labels.Buf == nil:
		return nil
	case o.Labels.Cols != 1 || o.Labels.Rows < o.Src.Rows:
		return fmt.Errorf("Labels %s must have 1 column and a row for each row of Src %s", o.Labels, o.Src)
	}
	return nil
}

func (o Warp) checkNumbers() error {
	for _, v := range []struct {
		name  string
		value float32
		most  float64
	}{
		{"Alpha[0]", o.Alpha[0], math.MaxFloat32}, {"Alpha[1]", o.Alpha[1], math.MaxFloat32},
		{"Rotation", o.Rotation, math.Pi / 2 * (1 + 1e-6)}, {"Shear", o.Shear, math.MaxFloat32},
		{"Translation", o.Translation, math.MaxFloat32},
	} {
		if !(v.value >= 0) || float64(v.value) > v.most {
			return fmt.Errorf("%s is %v: it must be from 0 to %.4g", v.name, v.value, v.most)
		}
	}
	switch {
	case !(o.Scaling >= 0 && o.Scaling < 1):
		return fmt.Errorf("Scaling is %v: it must be at least 0 and below 1", o.Scaling)
	case o.Alpha[0] > o.Alpha[1]:
		return fmt.Errorf("Alpha is from %v to %v: the first must not be larger", o.Alpha[0], o.Alpha[1])
	}
	return nil
}
