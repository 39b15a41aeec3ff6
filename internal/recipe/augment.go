package recipe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
)

// augmentNames are the distortions that have a name.
var augmentNames = []struct{ name, parts string }{
	// The elastic distortion of Simard, Steinkraus and Platt, "Best practices for convolutional neural
	// networks applied to visual document analysis" (ICDAR 2003).
	{"simard", "sigma=4,alpha=34"},
	// Cireşan, Meier, Gambardella and Schmidhuber, "Deep, big, simple neural nets for handwritten
	// digit recognition" (2010): its ranges of σ and α, 15° with half of it for 1 and 7, and 15 to 20% of
	// scaling.
	{"ciresan", "sigma=5..6,alpha=36..38,rotation=15,scaling=0.175,calm=1+7"},
	{"elastic", "sigma=5..6,alpha=36..38"},
	{"affine", "rotation=15,scaling=0.15,shear=0.2,shift=1,calm=1+7"},
}

const augmentForm = "elastic, affine, simard, ciresan or none, or parts such as sigma=5..6,alpha=36..38,rotation=15,scaling=0.15,shear=0.2,shift=1,calm=1+7, or a name followed by parts"

// parseAugment parses a distortion: a name, parts, or a name and parts that replace its own.
func parseAugment(s string) (a mlp.Augment, err error) {
	first := ""
	for i, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		name, value, isPart := strings.Cut(part, "=")
		switch {
		case isPart && first == "none":
			err = fmt.Errorf("none cannot be combined with %s", part)
		case isPart:
			err = setAugment(&a, name, value)
		case i > 0 && isAugmentName(name):
			err = fmt.Errorf("%s must come first; parts follow a name", name)
		default:
			err = nameAugment(&a, name)
		}
		if i == 0 {
			first = name
		}
		if err != nil {
			return a, err
		}
	}
	if a.Rotation == 0 && a.Shear == 0 && len(a.Calm) > 0 {
		if strings.Contains(s, "calm=") {
			return a, errors.New("calm halves rotation and shear; it needs one of them")
		}
		a.Calm = nil // of the name, whose rotation and shear were set to 0
	}
	var field *mlp.FieldError
	if errors.As(a.Check(), &field) {
		return a, errors.New(field.Text(augmentPart))
	}
	return a, nil
}

func isAugmentName(name string) bool {
	for _, n := range augmentNames {
		if n.name == name {
			return true
		}
	}
	return name == "none"
}

// nameAugment sets the parts of a distortion that has a name.
func nameAugment(a *mlp.Augment, name string) error {
	if !isAugmentName(name) {
		return flags.Want(augmentForm)
	}
	for _, n := range augmentNames {
		if n.name != name {
			continue
		}
		for _, part := range strings.Split(n.parts, ",") {
			name, value, _ := strings.Cut(part, "=")
			if err := setAugment(a, name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// setAugment sets a part of a distortion.
func setAugment(a *mlp.Augment, name, value string) error {
	one := map[string]*float32{"rotation": &a.Rotation, "scaling": &a.Scaling, "shear": &a.Shear, "shift": &a.Translation}
	two := map[string]*[2]float32{"sigma": &a.Sigma, "alpha": &a.Alpha}
	wrong := func(want string) error { return fmt.Errorf("%s: want %s, got %q", name, want, value) }
	switch {
	case one[name] != nil:
		v, err := Number(value)
		if err != nil {
			return wrong("a number")
		}
		*one[name] = float32(v)
	case two[name] != nil:
		p, err := spanOf(value)
		if err != nil {
			p.from, err = Number(value)
			p.to = p.from
		}
		if err != nil {
			return wrong("a number, or two with .. between them, as 5..6")
		}
		*two[name] = [2]float32{float32(p.from), float32(p.to)}
	case name == "calm":
		list, err := classList(value)
		if err != nil {
			return wrong("classes with + between them, as 1+7, or none")
		}
		a.Calm = list
	default:
		return fmt.Errorf("unknown part %q; want %s", name, augmentForm)
	}
	return nil
}

// classList parses classes with + between them.
func classList(s string) ([]int, error) {
	if s == "none" {
		return nil, nil
	}
	var list []int
	for _, part := range strings.Split(s, "+") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// CheckCalm returns an *flags.Error if data of so many classes lack a calm class. The named distortions
// have those of digits.
func CheckCalm(a mlp.Augment, classes int) error {
	for _, class := range a.Calm {
		if class >= classes {
			return flags.Errorf("-augment: calm=%s has class %d, and the data have %d classes; name others, or add calm=none",
				showClasses(a.Calm), class, classes)
		}
	}
	return nil
}

// showClasses is the inverse of classList.
func showClasses(list []int) string { return strings.Join(flags.Names(list), "+") }

// showAugment returns a distortion by its parts, as -augment takes them.
func showAugment(a mlp.Augment) string {
	var parts []string
	add := func(name string, v float32) {
		if v != 0 {
			parts = append(parts, fmt.Sprintf("%s=%v", name, v))
		}
	}
	both := func(name string, v [2]float32) {
		if v[0] == v[1] {
			add(name, v[0])
		} else {
			parts = append(parts, fmt.Sprintf("%s=%v..%v", name, v[0], v[1]))
		}
	}
	both("sigma", a.Sigma)
	both("alpha", a.Alpha)
	add("rotation", a.Rotation)
	add("scaling", a.Scaling)
	add("shear", a.Shear)
	add("shift", a.Translation)
	if len(a.Calm) > 0 {
		parts = append(parts, "calm="+showClasses(a.Calm))
	}
	return strings.Join(parts, ",")
}
