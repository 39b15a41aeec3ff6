package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sparseSteps emits the kernels of rules whose gradient is a sparse product. The roots and
// quotients of a block are found while the sums of the next are made.
func sparseSteps(g *gen) {
	for _, bare := range []bool{false, true} {
		name, doc := "sparseAdam", "is sparseAdamGo. The parameters are those of sparseMul."
		if bare {
			name, doc = "sparseAdamBare", "is sparseAdamGo where the Step is bare."
		}
		sparseKernel{
			name: name, doc: doc, outputs: []string{"w", "v", "squares"}, extra: ", step *float32",
			prepare: func(g *gen) sumParts {
				s := newStepper(g, bare, adamFields)
				return sumParts{finish: func(sum reg.VecVirtual, at []operand.Mem, partial bool) {
					var x []reg.VecVirtual
					for _, m := range at {
						v := g.vec()
						g.load(m, v, partial)
						x = append(x, v)
					}
					s.adam(append(x, sum))
					for i, m := range at {
						g.store(x[i], m, partial)
					}
				}}
			},
		}.emit(g)
	}
}
