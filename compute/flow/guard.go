package flow

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// A Guard refuses runs of a compiled program that are not possible.
type Guard struct {
	program  string
	batches  compute.Batches
	buffers  []compute.Buffer
	released bool
}

// NewGuard returns the guard of a program.
func NewGuard(p compute.Program) *Guard {
	g := &Guard{program: p.Name, batches: p.Batches()}
	for _, op := range p.Ops {
		for _, o := range compute.Operands(op) {
			if b := o.Buf(); !slices.Contains(g.buffers, b) {
				g.buffers = append(g.buffers, b)
			}
		}
	}
	return g
}

// Buffers lists the buffers of the program's operands, each once. The caller must not change the
// list.
func (g *Guard) Buffers() []compute.Buffer { return g.buffers }

// Release makes every later Check fail. It reports whether this is the first call.
func (g *Guard) Release() bool {
	first := !g.released
	g.buffers, g.released = nil, true
	return first
}

// Check returns an error if the program was released, if live reports false for one of its buffers,
// or if the batch that args selects does not fit. It does not allocate unless it fails.
func (g *Guard) Check(args compute.Args, live func(compute.Buffer) bool) error {
	if g.released {
		return fmt.Errorf("program %q was run after its release", g.program)
	}
	for _, b := range g.buffers {
		if !live(b) {
			return fmt.Errorf("program %q was run after one of its buffers was freed", g.program)
		}
	}
	return g.batches.Check(args)
}
