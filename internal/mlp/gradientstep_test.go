package mlp_test

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/mlp/mlptest"
)

// TestGradientStep runs the gradient program twice with a learning rate and a momentum.
// Gradients and deltas must be those of the plain network, and the parameters must not change.
func TestGradientStep(t *testing.T) {
	c := deep
	c.Scale, c.Hidden = 1./255, compute.Tanh
	for _, c.NoBias = range []bool{false, true} {
		b := cpu.New()
		defer b.Close()
		values, batch := c.InitialParameters(3), samples(c, 6)
		n, set := network(t, b, c, 8, len(batch))
		var pixels, labels []byte
		for _, s := range batch {
			pixels, labels = append(pixels, s.Pixels...), append(labels, s.Label)
		}
		p, err := n.GradientStep(set, len(batch))
		if err != nil {
			t.Fatal(err)
		}
		if p.Scratch != nil {
			t.Error("there is scratch, which cannot be read")
		}
		for _, name := range names(p) {
			if name == "update" {
				t.Fatal("there is an update in it")
			}
		}
		x, err := b.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{b.WriteBytes(set.Images, pixels), b.WriteBytes(set.Labels, labels), n.Load(n.Parameters(), values)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			x.Run(compute.Args{LearningRate: 0.5, Momentum: 0.9})
		}
		read := func(mats []compute.Mat) [][]float32 {
			list, err := n.Values(mats)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		plain := mlptest.New(c, values)
		compare(t, c, read(n.Gradients()), plain.Gradient(batch))
		// A bias's gradient is the sum of its unit's deltas.
		if !c.NoBias {
			g := plain.Gradient(batch)
			for l, delta := range read(rowsOf(n.Deltas(), len(batch))) {
				units := c.Sizes[l+1]
				for j, want := range g[2*l+1] {
					sum := 0.
					for i := range batch {
						sum += float64(delta[i*units+j])
					}
					if math.Abs(sum-want) > 4*64*0x1p-24 {
						t.Errorf("layer %d: the deltas of unit %d add up to %v, want %v", l+1, j, sum, want)
					}
				}
			}
		}
		for i, v := range read(n.Parameters()) {
			for j := range v {
				if math.Float32bits(v[j]) != math.Float32bits(values[i][j]) {
					t.Fatalf("%s, element %d, has changed", c.Shapes()[i].Name, j)
				}
			}
		}
		for i, v := range read(n.Velocities()) {
			for j := range v {
				if v[j] != 0 {
					t.Fatalf("the velocity of %s, element %d, is %v", c.Shapes()[i].Name, j, v[j])
				}
			}
		}
	}
	b := cpu.New()
	defer b.Close()
	n, set := network(t, b, deep, 8, 20)
	if _, err := n.GradientStep(set, 9); err == nil {
		t.Error("a batch larger than the network's was taken")
	}
}

func rowsOf(mats []compute.Mat, rows int) []compute.Mat {
	list := make([]compute.Mat, len(mats))
	for i, m := range mats {
		list[i] = m.RowRange(0, rows)
	}
	return list
}
