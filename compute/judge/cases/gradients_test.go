package cases

import (
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/internal/sample"
)

// TestNetworkGradientsAreDifferences computes gradients of whole networks in float64. So it checks newStep against the chain
// rule more strictly than float32 allows.
func TestNetworkGradientsAreDifferences(t *testing.T) {
	list := keptNetworks()
	for _, n := range trainedNetworks() {
		plain := n.DropInput+n.Drop == 0 && !n.Regression && n.Warp.Width == 0 // has the gradient of a network of keptNetworks
		if !plain && n.Update.Rule == compute.SGD && (n.Warp.Width == 0 || n.Batch == 1) {
			n.Hidden = compute.ScaledTanh // has no kinks
			list = append(list, n)
		}
	}
	for _, n := range list {
		if n.Sizes[0] > 100 {
			continue // all of their weights would take too long
		}
		n.runs, n.inPlace = 1, false
		p := judge.NewProblem(n.String())
		s := newStep(p, n)
		s.forward(true)
		s.backward(false)
		p.AddRun(compute.Args{})
		p.Solve()
		var gradients [][]float64 // copies, since each difference computes the program again
		for _, l := range s.layers {
			gradients = append(gradients, slices.Clone(p.Values(l.dw)))
		}
		for i, l := range s.layers {
			for e, got := range gradients[i] {
				if sample.Skip(e, 7) {
					continue
				}
				if want := s.difference(l.w, e); math.Abs(got-want) > 1e-7*max(1, math.Abs(want)) { // Scale is a float32
					t.Errorf("%s, layer %d: the gradient by weight %d is %.9g, by differences %.9g", n, i+1, e, got, want)
				}
			}
		}
	}
}
