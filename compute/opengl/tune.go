//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/clock"
)

// alike reports whether two results of the same arithmetic differ only by rounding. A driver that
// accepts a kernel may still compute wrong results.
func alike(x, y []float32) bool {
	if len(x) != len(y) {
		return false
	}
	var diff, norm float64
	for i := range y {
		d := float64(x[i]) - float64(y[i])
		diff += d * d
		norm += float64(y[i]) * float64(y[i])
	}
	return diff <= 1e-8*norm
}

// rehearse times dispatches on the context's thread.
func (b *Backend) rehearse(plans []fuse.Dispatch, enough time.Duration) (r rehearsed, err error) {
	if stalled := b.call(func(w *worker) { r, err = w.rehearse(plans, enough) }); stalled != nil {
		return rehearsed{}, stalled
	}
	return r, err
}

// rehearse times dispatches on separate memory.
func (w *worker) rehearse(plans []fuse.Dispatch, enough time.Duration) (r rehearsed, err error) {
	begin := clock.Now()
	defer func() { r.preparing = clock.Since(begin) - r.timing }()
	stage, err := w.newRehearsal(plans)
	defer stage.close(w)
	if err != nil {
		return r, err
	}
	stage.play(w, 1) // some drivers compile here
	r.results = stage.results(w)
	gl.Finish()
	started := clock.Now()
	defer func() { r.timing = clock.Since(started) }()
	warm := warmUp
	if w.timer.Step == 0 {
		w.timer, warm = clock.NewTimer(clock.Now), firstWarmUp
	}
	r.took = series{w.timer, func(times int) time.Duration { return stage.run(w, times) }}.time(warm, enough)
	if w.check("timing kernels") != nil {
		return rehearsed{}, w.fault.get()
	}
	return r, nil
}

// A rehearsal is dispatches on separate memory.
type rehearsal struct {
	plans   []fuse.Dispatch
	steps   []dispatch
	stand   map[place]*buffer
	params  uint32
	query   uint32
	buffers []uint32

	batch, rows int // of the data set, 0 if the dispatches gather nothing
	args        compute.Args
}

const (
	// maxRehearsal is the largest size, in bytes, of each place.
	maxRehearsal = 64 << 20
	// maxPixels is the size of the part of a data set that a rehearsal has, unless a batch is larger. It
	// exceeds the caches of most GPUs.
	maxPixels = 16 << 20
)

// A place stands in for a buffer in a rehearsal. Matrices lie as in their OpenGL buffers. Slots have
// no OpenGL buffer yet, and have a separate place. Labels are all 0. Row numbers are in disorder, as those
// of an epoch.
type place struct {
	of     int
	buffer uint32 // the OpenGL buffer of matrices
}

// The contents of a place.
const (
	inMatrices = iota
	inSlots
	inPixels
	inIndex
	inZeros
)

func placeOf(block string, b *buffer) place {
	switch {
	case b.of == compute.Float32 && b.owner == nil:
		return place{of: inSlots}
	case b.of == compute.Float32:
		return place{inMatrices, b.id}
	case block == "Src":
		return place{of: inPixels}
	case block == "Index":
		return place{of: inIndex}
	}
	return place{of: inZeros}
}

func (w *worker) newRehearsal(plans []fuse.Dispatch) (*rehearsal, error) {
	r := &rehearsal{plans: plans, stand: map[place]*buffer{}, args: compute.Args{LearningRate: 0.1, Momentum: 0.5}}
	sizes := map[place]int64{}
	limit := math.MaxInt32 // of row numbers
	for _, p := range plans {
		for name, buf := range p.Blocks {
			if b, ok := buf.(*buffer); ok {
				at, size := placeOf(name, b), b.base+sizeOf(b.of, b.elems)
				switch at.of {
				case inPixels:
					r.batch = p.Pixels / p.PixelRow
					r.rows = min(b.elems, max(maxPixels, p.Pixels)) / p.PixelRow
					size = sizeOf(b.of, r.rows*p.PixelRow)
					limit = min(limit, r.rows)
				case inIndex:
					limit = min(limit, b.limit)
				}
				sizes[at] = max(sizes[at], size)
			}
		}
		for _, m := range p.Writes { // results reads them, also if no kernel binds them
			if b := m.Buf.(*buffer); b.owner != nil {
				at := placeOf("", b)
				sizes[at] = max(sizes[at], b.base+sizeOf(b.of, b.elems))
			}
		}
	}
	for at, size := range sizes {
		if size > maxRehearsal && at.of != inZeros && at.of != inIndex {
			return r, fmt.Errorf("matrices of %d bytes are too large to be tried", size)
		}
		size = min(size, maxRehearsal)
		id, err := w.allocBuffer(max(size, 4), true)
		if err != nil {
			return r, err
		}
		r.buffers = append(r.buffers, id)
		r.stand[at] = &buffer{id: id, elems: int(size)}
		switch at.of {
		case inMatrices:
			w.fillWith(id, 0, int(size/4), func(e int) uint32 { return math.Float32bits(float32(e*7919%1009)/1009 - 0.4) })
		case inPixels:
			w.fillWith(id, 0, int(size/4), func(e int) uint32 { return uint32(e) * 2654435761 })
		case inIndex:
			w.fillWith(id, 0, int(size/4), func(e int) uint32 { return uint32(e * 7919 % limit) })
			r.rows = min(r.rows, int(size/4))
		}
	}
	for i := range plans {
		p := &plans[i]
		for _, m := range p.Squares { // kernels take their roots
			w.fillWith(r.stand[placeOf("", m.Buf.(*buffer))].id, 4*elementOf(m), m.Len(), func(int) uint32 { return math.Float32bits(1) })
		}
		for name, buf := range p.Blocks {
			if b, ok := buf.(*buffer); ok {
				p.Blocks[name] = r.stand[placeOf(name, b)]
			}
		}
	}
	var err error
	if r.steps, r.params, err = w.assemble(plans); err != nil {
		return r, err
	}
	gl.GenQueries(1, &r.query)
	return r, nil
}

// play runs the dispatches, each time on the next batch of the data set.
func (r *rehearsal) play(w *worker, times int) {
	for range times {
		for i := range r.steps {
			w.barrier(gl.SHADER_STORAGE_BARRIER_BIT)
			w.dispatch(&r.steps[i], r.params, r.args)
		}
		if r.args.Row += r.batch; r.args.Row+r.batch > r.rows {
			r.args.Row = 0
		}
	}
}

// run plays the dispatches, waits for the device, and returns the time by its timer.
func (r *rehearsal) run(w *worker, times int) time.Duration {
	gl.BeginQuery(gl.TIME_ELAPSED, r.query)
	r.play(w, times)
	gl.EndQuery(gl.TIME_ELAPSED)
	gl.Finish()
	w.pulse.Add(1)
	var ns uint64
	gl.GetQueryObjectui64v(r.query, gl.QUERY_RESULT, &ns)
	return time.Duration(ns)
}

// fillWith fills n words of a buffer with values, from byte at on. Later parts of a large buffer are copies
// of the first part, which the device makes.
func (w *worker) fillWith(id uint32, at, n int, value func(e int) uint32) {
	if n == 0 {
		return
	}
	words := make([]uint32, min(n, 1<<18))
	for e := range words {
		words[e] = value(e)
	}
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, id)
	gl.BufferSubData(gl.COPY_WRITE_BUFFER, at, 4*len(words), unsafe.Pointer(&words[0]))
	gl.BindBuffer(gl.COPY_READ_BUFFER, id)
	for done := len(words); done < n; done *= 2 {
		gl.CopyBufferSubData(gl.COPY_READ_BUFFER, gl.COPY_WRITE_BUFFER, at, at+4*done, 4*min(done, n-done))
	}
}

// results returns what the dispatches wrote, except slots.
func (r *rehearsal) results(w *worker) []float32 {
	w.barrier(gl.BUFFER_UPDATE_BARRIER_BIT | gl.SHADER_STORAGE_BARRIER_BIT)
	var list []float32
	for _, p := range r.plans {
		for _, m := range p.Writes {
			if b := m.Buf.(*buffer); b.owner != nil {
				values := make([]float32, m.Len())
				w.read(values, r.stand[placeOf("", b)].id, 4*elementOf(m))
				list = append(list, values...)
			}
		}
	}
	return list
}

// close releases a rehearsal's memory and query. No barrier is needed
// before other work, which does not use that memory.
func (r *rehearsal) close(w *worker) {
	if r.query != 0 {
		gl.DeleteQueries(1, &r.query)
	}
	w.deleteBuffer(r.params)
	for _, id := range r.buffers {
		w.deleteBuffer(id)
	}
}

// isLimit reports whether an error says that a limit of the device is exceeded.
func isLimit(err error) bool {
	var limit *compute.LimitError
	return errors.As(err, &limit)
}
