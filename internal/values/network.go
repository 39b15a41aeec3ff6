package values

import (
	"fmt"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/exchange"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
)

// Activation returns the Value of an activation that is nil unless it is set.
func Activation(dst **compute.Activation, parse func(string) (compute.Activation, error)) flags.Value {
	return flags.Var(dst, func(s string) (*compute.Activation, error) {
		f, err := parse(s)
		return &f, err
	}, func(f *compute.Activation) string {
		if f == nil {
			return ""
		}
		return f.String()
	})
}

// InputForm returns the Value of the form of the inputs: numbers, or a size of images.
func InputForm(dst *exchange.Choices) flags.Value {
	return flags.Var(dst, func(text string) (exchange.Choices, error) {
		c := *dst
		c.Images, c.Numbers = dataset.Size{}, text == "numbers"
		if c.Numbers {
			return c, nil
		}
		w, h, _ := strings.Cut(text, "x")
		var errW, errH error
		c.Images.Width, errW = strconv.Atoi(w)
		c.Images.Height, errH = strconv.Atoi(h)
		if errW != nil || errH != nil || min(c.Images.Width, c.Images.Height) < 1 {
			return c, flags.Want("numbers, or a size such as 28x28")
		}
		return c, nil
	}, func(c exchange.Choices) string {
		switch {
		case c.Numbers:
			return "numbers"
		case c.Images != dataset.Size{}:
			return fmt.Sprintf("%dx%d", c.Images.Width, c.Images.Height)
		}
		return ""
	})
}

// Pixels returns the Value of the inputs for black and white pixels, nil unless it is set.
func Pixels(dst **[2]float64) flags.Value {
	return flags.Var(dst, func(s string) (*[2]float64, error) {
		from, to, err := recipe.Pixels(s)
		return &[2]float64{from, to}, err
	}, func(p *[2]float64) string {
		if p == nil {
			return ""
		}
		return fmt.Sprintf("%g..%g", p[0], p[1])
	})
}
