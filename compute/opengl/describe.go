//go:build cgo && !nogl && !darwin

package opengl

import (
	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
)

var (
	_ compute.Describer = (*executable)(nil)
	_ compute.Tuner     = (*Backend)(nil)
)

// Describe returns the dispatches that the program was compiled to.
func (e *executable) Describe() compute.Description {
	d := compute.Description{Retuned: e.retuned}
	var h fuse.Hazards
	for run := range 2 {
		for _, s := range e.steps {
			if h.Add(s.Accesses) && run > 0 {
				d.Barriers++
			}
			if run == 0 {
				d.Dispatches = append(d.Dispatches, compute.Dispatch{Kernel: s.program.name, Ops: s.Ops,
					Groups: int(s.groupsX) * int(s.groupsY), Work: s.Work})
			}
		}
	}
	for _, buf := range e.guard.Buffers() {
		b := buf.(*buffer)
		d.Memory += sizeOf(b.of, b.elems)
	}
	for _, m := range e.slots {
		b := m.Buf.(*buffer)
		d.Memory += sizeOf(b.of, b.elems)
	}
	return d
}
