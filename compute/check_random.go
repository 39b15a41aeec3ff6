package compute

import (
	"errors"
	"fmt"
	"math"
)

func (o Dropout) check() error {
	if err := need(o.Operands(), "Dst", "Src"); err != nil {
		return err
	}
	if !(o.Rate >= 0 && o.Rate < 1) {
		return fmt.Errorf("Rate is %v: it must be at least 0 and below 1", o.Rate)
	}
	return same("Dst", o.Dst, "Src", o.Src)
}

func (o Noise) check() error { return need(o.Operands(), "Dst") }

func (o Warp) check() error {
	if err := need(present(Operand{"Dst", o.Dst, Out}), "Dst"); err != nil {
		return err
	}
	if err := checkBytes("Src", o.Src); err != nil {
		return err
	}
	// Divided, a width and a height near the largest int cannot overflow.
	if o.Width <= 0 || o.Height <= 0 || o.Src.Cols%o.Width != 0 || o.Src.Cols/o.Width != o.Height {
		return fmt.Errorf("Src %s does not hold images of %d×%d", o.Src, o.Width, o.Height)
	}
	if o.Src.Cols != o.Dst.Cols {
		return fmt.Errorf("Dst %s and Src %s differ in columns", o.Dst, o.Src)
	}
	if err := o.checkLabels(); err != nil {
		return err
	}
	if f := o.Field; !f.IsZero() && (f.Rows != o.Height || f.Cols != 2*o.Dst.Rows*o.Width) {
		return fmt.Errorf("Field %s must be %d×%d", f, o.Height, 2*o.Dst.Rows*o.Width)
	}
	if err := o.checkNumbers(); err != nil {
		return err
	}
	return checkIndex(o.Index, o.Src.Rows)
}

func (o Warp) checkLabels() error {
	switch {
	case o.Labels.Buf == nil && o.Calm != 0:
		return errors.New("Labels is missing, which Calm needs")
	case o.Labels.Buf == nil:
		return nil
	case o.Labels.Cols != 1 || o.Labels.Rows < o.Src.Rows:
		return fmt.Errorf("Labels %s must have 1 column, and a row for each of Src %s", o.Labels, o.Src)
	}
	return checkBytes("Labels", o.Labels)
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
		return fmt.Errorf("Alpha is from %v to %v", o.Alpha[0], o.Alpha[1])
	}
	return nil
}
