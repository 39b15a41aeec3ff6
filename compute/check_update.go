package compute

import (
	"errors"
	"fmt"
	"math"
)

func (o Update) check() error {
	for _, m := range []struct {
		name string
		mat  Mat
	}{{"V", o.V}, {"S", o.S}, {"G", o.G}} {
		if m.mat.IsZero() {
			continue
		}
		if err := same("W", o.W, m.name, m.mat); err != nil {
			return err
		}
	}
	if err := o.checkState(); err != nil {
		return err
	}
	return o.checkNumbers()
}

// checkState returns an error unless the operands that the rule needs are present and no others.
func (o Update) checkState() error {
	velocity, squares := true, false // that the rule uses
	switch o.Rule {
	case SGD:
	case Nesterov:
	case RMSProp:
		velocity, squares = false, true
	case Adam:
		squares = true
	default:
		return fmt.Errorf("unknown %s", o.Rule)
	}
	switch {
	case o.V.IsZero() && velocity && o.Rule != SGD:
		return fmt.Errorf("rule %s needs V", o.Rule)
	case !o.V.IsZero() && !velocity:
		return fmt.Errorf("rule %s does not use V", o.Rule)
	case o.S.IsZero() && squares:
		return fmt.Errorf("rule %s needs S", o.Rule)
	case !o.S.IsZero() && !squares:
		return fmt.Errorf("rule %s does not use S", o.Rule)
	case o.Clip != 0 && o.Norms.IsZero():
		return errors.New("Clip needs Norms")
	case o.Clip == 0 && !o.Norms.IsZero():
		return errors.New("Norms need a Clip above 0")
	case !o.Norms.IsZero() && o.Norms.Rows != 1:
		return fmt.Errorf("Norms %s must have 1 row", o.Norms)
	}
	return nil
}

func (o Update) checkNumbers() error {
	for _, v := range []struct {
		name  string
		value float32
	}{{"Rho", o.Rho}, {"Epsilon", o.Epsilon}, {"L2", o.L2}, {"L1", o.L1}, {"Decay", o.Decay}, {"Clip", o.Clip}} {
		if !(v.value >= 0) || math.IsInf(float64(v.value), 1) {
			return fmt.Errorf("%s is %v: it must be 0 or more", v.name, v.value)
		}
	}
	if !o.S.IsZero() && !(o.Rho > 0 && o.Rho < 1) {
		return fmt.Errorf("Rho is %v: it must be between 0 and 1", o.Rho)
	}
	return nil
}

func (o SquareSum) check() error {
	if o.Dst.Rows != 1 || o.Dst.Cols != 1 {
		return fmt.Errorf("Dst %s must be 1×1", o.Dst)
	}
	return nil
}

func (o MaxNorm) check() error {
	if !(o.Limit > 0) || math.IsInf(float64(o.Limit), 1) {
		return fmt.Errorf("Limit is %v: it must be above 0", o.Limit)
	}
	return nil
}

func (o Average) check() error {
	if !(o.Decay >= 0 && o.Decay < 1) {
		return fmt.Errorf("Decay is %v: it must be at least 0 and below 1", o.Decay)
	}
	return same("Dst", o.Dst, "Src", o.Src)
}
