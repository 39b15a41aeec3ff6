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

// augmentRanges returns the parts that are numbers, by their names; two pointers are the ends of a range.
func augmentRanges(a *mlp.Augment) []augmentRange {
	return []augmentRange{{"sigma", &a.Sigma[0], &a.Sigma[1]}, {"alpha", &a.Alpha[0], &a.Alpha[1]}, {"rotation", &a.Rotation, nil},
		{"scaling", &a.Scaling, nil}, {"shear", &a.Shear, nil}, {"shift", &a.Translation, nil}}
}

type augmentRange struct {
	name     string
	from, to *float32
}

// setAugment sets a part of a distortion.
func setAugment(a *mlp.Augment, name, value string) error {
	wrong := func(want string) error { return fmt.Errorf("%s: want %s, got %q", name, want, value) }
	for _, part := range augmentRanges(a) {
		if part.name != name {
			continue
		}
		v, err := Number(value)
		p := span{v, v}
		if err != nil && part.to != nil {
			p, err = spanOf(value)
		}
		switch {
		case err != nil && part.to != nil:
			return wrong("a number, or two with .. between them, as 5..6")
		case err != nil:
			return wrong("a number")
		case part.to != nil:
			*part.to = float32(p.to)
		}
		*part.from = float32(p.from)
		return nil
	}
	if name != "calm" {
		return fmt.Errorf("unknown part %q; want %s", name, augmentForm)
	}
	list, err := classList(value)
	if err != nil {
		return wrong("classes with + between them, as 1+7, or none")
	}
	a.Calm = list
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
	for _, p := range augmentRanges(&a) {
		switch {
		case p.to != nil && *p.from != *p.to:
			parts = append(parts, fmt.Sprintf("%s=%v..%v", p.name, *p.from, *p.to))
		case *p.from != 0:
			parts = append(parts, fmt.Sprintf("%s=%v", p.name, *p.from))
		}
	}
	if len(a.Calm) > 0 {
		parts = append(parts, "calm="+showClasses(a.Calm))
	}
	return strings.Join(parts, ",")
}
