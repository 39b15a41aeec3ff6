package judge

import (
	"errors"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// A shifted backend adds a constant to results near 0.5.
type shifted struct {
	compute.Backend
	by float32
}

func (s shifted) Read(dst []float32, src compute.Mat) error {
	err := s.Backend.Read(dst, src)
	for i := range dst {
		// The inputs and guards are not near 0.5.
		if dst[i] > 0.4 && dst[i] < 0.6 {
			dst[i] += s.by
		}
	}
	return err
}

func TestAgainst(t *testing.T) {
	c := Case{Name: "sigmoid", Op: "activate", Kernel: "activate_sigmoid", Build: func(p *Problem) {
		p.Add(compute.Activate{F: compute.Sigmoid,
			Src: p.Input("Src", 3, 5, func(e int) float32 { return float32(e)/100 - 0.05 }), Dst: p.Output("Dst", 3, 5)})
	}}
	one, two := reference.New(), reference.New()
	if err := Against(one, two, c); err != nil {
		t.Errorf("twins differ: %v", err)
	}
	var f *Failure
	if err := Against(one, shifted{two, 0.01}, c); !errors.As(err, &f) || f.Case != "sigmoid" || f.Err < 0.009 || f.Err > 0.011 {
		t.Errorf("0.01 apart: %v", err)
	}
	// Each backend may be off by 1e-5 in the mean, so the two may be twice as far apart.
	if err := Against(one, shifted{two, 0.8e-5}, c); err != nil {
		t.Errorf("0.8e-5 apart: %v", err)
	}
	if c.Check(shifted{two, 0.8e-5}) == nil {
		t.Error("0.8e-5 off the reference is accepted")
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Against(two, one, c); !errors.Is(err, compute.ErrClosed) || !strings.Contains(err.Error(), "the oracle") {
		t.Errorf("a closed oracle: %v", err)
	}
	if err := Against(one, two, c); !errors.Is(err, compute.ErrClosed) || strings.Contains(err.Error(), "the oracle") {
		t.Errorf("a closed backend: %v", err)
	}
}
