//go:build cgo && !nogl && !darwin

package opengl

import (
	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
)

var _ compute.Prefetcher = (*Backend)(nil)

// Prefetch starts to compile the kernels of programs, as Compile would choose them without timing,
// and does not wait for the driver. A driver that compiles on several threads then has work for all
// of them. The matrices of the programs may be of any backend: stand-ins replace them, which lie in
// one buffer, as small matrices do.
func (b *Backend) Prefetch(programs []compute.Program) {
	if b.usable() != nil {
		return
	}
	var list []fuse.Dispatch
	for _, p := range programs {
		stand := map[compute.Buffer]compute.Buffer{}
		standIn := func(real compute.Buffer) compute.Buffer {
			if stand[real] == nil {
				stand[real] = &buffer{elems: real.Elems()}
			}
			return stand[real]
		}
		q := compute.Program{Name: p.Name}
		for _, op := range p.Ops {
			q.Ops = append(q.Ops, compute.Rebind(op, standIn))
		}
		for _, m := range p.Scratch {
			m.Buf = standIn(m.Buf)
			q.Scratch = append(q.Scratch, m)
		}
		stages := fuse.Stages(fuse.JoinUpdates(fuse.Groups(q, b.planning), b.planning), b.planning)
		for _, s := range stages {
			list = append(list, rehearsalOf(s, s.Choices[0])...)
		}
	}
	b.submit(command{do: func(w *worker) {
		w.compiling.Store(true)
		defer w.compiling.Store(false)
		w.startAll(list)
	}})
}

// startAll starts to compile the kernels of dispatches. Compile reports kernels that are missing or
// wrong.
func (w *worker) startAll(list []fuse.Dispatch) {
	for _, d := range list {
		_, _ = w.startLinking(d.Kernel, d.Defines)
		w.pulse.Add(1)
	}
}
