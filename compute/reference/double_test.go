package reference

import (
	"math"
	"testing"

	"shadegrad/compute"
)

// TestDouble requires that a product and its tanh have the precision of float64, and that transfers round to
// float32.
func TestDouble(t *testing.T) {
	d := NewDouble()
	a, _ := d.Alloc(1, 2)
	b, _ := d.Alloc(2, 1)
	z, _ := d.Alloc(1, 1)
	y, err := d.Alloc(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		mat    compute.Mat
		values []float32
	}{{a, []float32{1, 1}}, {b, []float32{0.5, 0}}} {
		if err := d.Write(m.mat, m.values); err != nil {
			t.Fatal(err)
		}
	}
	d.Values(b)[1] = 1e-12
	e, err := d.Compile(compute.Program{Ops: []compute.Op{compute.MatMul{Dst: z, A: a, B: b}, compute.Activate{Dst: y, Src: z, F: compute.Tanh}}})
	if err != nil {
		t.Fatal(err)
	}
	e.Run(compute.Args{})
	if got := d.Values(z)[0]; got != 0.5+1e-12 {
		t.Errorf("the product is %.15g", got)
	}
	if got := d.Values(y)[0]; got != math.Tanh(0.5+1e-12) {
		t.Errorf("its tanh is %.15g", got)
	}
	var got [1]float32
	if err := d.Read(got[:], y); err != nil || got[0] != float32(math.Tanh(0.5)) {
		t.Errorf("Read gives %v, %v", got, err)
	}
}
