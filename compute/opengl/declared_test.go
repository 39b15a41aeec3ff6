//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/sample"
)

// A poisoner fills what a dispatch does not declare, in the buffers of float32 that it binds, with NaN
// before the dispatch, and restores it afterwards. A read of undeclared memory then makes the results NaN.
// A write is one of the strays.
type poisoner struct {
	accesses [][]fuse.Access // declared by the dispatches so far
	strays   []string        // writes of undeclared memory

	undeclare  bool // only dispatch at is tested, as if access were not declared
	at, access int
}

// poison is a NaN that no kernel computes.
const poison = 0x7fcdcdcd

func (p *poisoner) barrier(*worker) bool { return true }
func (p *poisoner) deleting(*worker)     {}

func (p *poisoner) dispatch(w *worker, d *dispatch, params uint32, args compute.Args) {
	n, declared := len(p.accesses), d.Accesses
	p.accesses = append(p.accesses, declared)
	if p.undeclare {
		if n != p.at {
			w.start(d, params, args)
			return
		}
		declared = slices.Delete(slices.Clone(declared), p.access, p.access+1)
	}
	type place struct {
		id     uint32
		before []uint32
		holes  []extent // undeclared, in elements
	}
	var places []place
	gl.MemoryBarrier(gl.ALL_BARRIER_BITS)
	for _, block := range d.Blocks {
		b, ok := block.(*buffer)
		if !ok || b.of != compute.Float32 || slices.ContainsFunc(places, func(q place) bool { return q.id == b.id }) {
			continue
		}
		at := place{id: b.id, before: contents(b.id)}
		at.holes = holes(declared, b.id, len(at.before))
		for _, h := range at.holes {
			value := uint32(poison)
			gl.BindBuffer(gl.COPY_WRITE_BUFFER, b.id)
			gl.ClearBufferSubData(gl.COPY_WRITE_BUFFER, gl.R32UI, 4*int(h.lo), 4*int(h.hi-h.lo), gl.RED_INTEGER, gl.UNSIGNED_INT, unsafe.Pointer(&value))
		}
		places = append(places, at)
	}
	w.start(d, params, args)
	gl.MemoryBarrier(gl.ALL_BARRIER_BITS)
	for _, at := range places {
		after := contents(at.id)
		for _, h := range at.holes {
			if i := slices.IndexFunc(after[h.lo:h.hi], func(v uint32) bool { return v != poison }); i >= 0 {
				p.strays = append(p.strays, fmt.Sprintf("%s writes element %d of buffer %d", d.program.name, int(h.lo)+i, at.id))
			}
			gl.BindBuffer(gl.COPY_WRITE_BUFFER, at.id)
			gl.BufferSubData(gl.COPY_WRITE_BUFFER, 4*int(h.lo), 4*int(h.hi-h.lo), unsafe.Pointer(&at.before[h.lo]))
		}
	}
}

// contents returns the words of an OpenGL buffer.
func contents(id uint32) []uint32 {
	gl.BindBuffer(gl.COPY_READ_BUFFER, id)
	var size int32
	gl.GetBufferParameteriv(gl.COPY_READ_BUFFER, gl.BUFFER_SIZE, &size)
	words := make([]uint32, size/4)
	gl.GetBufferSubData(gl.COPY_READ_BUFFER, 0, 4*len(words), unsafe.Pointer(&words[0]))
	return words
}

// holes returns the parts of a buffer of n elements that no access declares.
func holes(accesses []fuse.Access, buffer uint32, n int) []extent {
	var used []extent
	for _, a := range accesses {
		if a.Buffer == buffer {
			used = append(used, extent{int64(a.Lo), int64(a.Hi)})
		}
	}
	slices.SortFunc(used, func(a, b extent) int { return int(a.lo - b.lo) })
	var list []extent
	end := int64(0)
	for _, u := range append(used, extent{int64(n), int64(n)}) {
		if u.lo > end {
			list = append(list, extent{end, u.lo})
		}
		end = max(end, u.hi)
	}
	return list
}

// TestDeclaredAccesses judges cases while everything that a dispatch does not declare is NaN.
func TestDeclaredAccesses(t *testing.T) {
	t.Parallel()
	p := &poisoner{}
	b := openTest(t, Options{}, seams{instrument: p, blockSize: 1 << 18})
	usual := b.planning
	list := append(cases.SelfTest(), smallPrograms()...)
	for i, c := range list {
		if sample.Skip(i, 80) {
			continue
		}
		b.planning = usual
		if i/sample.Count(1, 80)%2 == 1 {
			b.planning.Tile, b.planning.Slots, b.planning.Wide = "B4X4", 3, true
		}
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	if len(p.strays) > 0 {
		t.Errorf("%d writes of undeclared memory, the first: %s", len(p.strays), p.strays[0])
	}
}

// TestUndeclaredAccesses runs steps of training with plans from which one access is missing, and expects
// wrong numbers or a stray write. An access without which nothing differs is declared needlessly.
func TestUndeclaredAccesses(t *testing.T) {
	t.Parallel()
	p := &poisoner{}
	b := openTest(t, Options{}, seams{instrument: p, blockSize: 1 << 18})
	for _, tr := range sample.Of(trainings(), 4) {
		want := tr.run(t, b, 1, func() { p.accesses, p.strays = nil, nil })
		if len(p.strays) > 0 {
			t.Errorf("%s: %s", tr.name, p.strays[0])
		}
		tried := 0
		for n, accesses := range p.accesses {
			for i, a := range accesses {
				others := slices.Delete(slices.Clone(accesses), i, i+1)
				if !slices.ContainsFunc(holes(others, a.Buffer, a.Hi), func(h extent) bool { return h.hi > int64(a.Lo) && h.lo < int64(a.Hi) }) {
					continue // others declare the same elements
				}
				tried++
				got := tr.run(t, b, 1, func() { p.accesses, p.strays, p.undeclare, p.at, p.access = nil, nil, true, n, i })
				p.undeclare = false
				if got == want && len(p.strays) == 0 {
					t.Errorf("%s: without %+v of dispatch %d nothing differs", tr.name, a, n)
				}
			}
		}
		t.Logf("%s: %d accesses", tr.name, tried)
	}
}
