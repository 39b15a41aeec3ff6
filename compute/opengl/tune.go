//go:build cgo && !nogl

package opengl

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
)

const (
	// tuneWork is the number of operations from which on the choice of a stage matters.
	tuneWork = 1e6
	// tuneTime is the total time that a backend may spend on timing. A measurement that has begun
	// is finished.
	tuneTime = 600 * time.Millisecond
	// hopeless is the factor to the best time beyond which a kernel with barriers rules out the
	// others of its family. On software renderers they are ten times slower, on GPUs at most a
	// few times.
	hopeless = 3
)

// A tuner finds the choices that are fastest on the device.
type tuner struct {
	on     bool
	memory *memory
	spent  time.Duration
	limit  time.Duration     // of spent
	avoid  bool              // kernels with barriers, since one was hopeless
	last   map[string]string // the last choice, by kind of stage
	tried  int               // number of choices timed
	wrong  []string          // choices whose results differ from those of the usual one
	// measure returns the time that dispatches take on the device, and their results for some
	// numbers.
	measure func([]fuse.Dispatch) (time.Duration, []float32, error)
}

// choose returns the choice for a stage: the stored one, or the fastest of the choices that it has
// time to try. It stores the choice even if it had no time, so that a repeated run chooses the same:
// sums that are divided differently round differently.
func (b *Backend) choose(s fuse.Stage) (fuse.Choice, error) {
	usual := s.Choices[0]
	if !b.tuner.on || len(s.Choices) == 1 || s.Work < tuneWork {
		return usual, nil
	}
	t := &b.tuner
	if c := find(s, t.memory.get(s.Name)); c != nil {
		t.last[kind(s)] = c.Name
		return *c, nil
	}
	c := usual
	if like := find(s, t.last[kind(s)]); like != nil {
		c = *like
	}
	if t.spent < t.limit {
		begin := time.Now()
		var err error
		if c, err = b.fastest(s); err != nil {
			return c, err
		}
		t.spent += time.Since(begin)
	}
	t.last[kind(s)] = c.Name
	t.memory.put(s.Name, c.Name)
	return c, nil
}

// kind returns the first word of a stage's name.
func kind(s fuse.Stage) string {
	kind, _, _ := strings.Cut(s.Name, " ")
	return kind
}

// find returns the choice with a name, or nil.
func find(s fuse.Stage, name string) *fuse.Choice {
	i := slices.IndexFunc(s.Choices, func(c fuse.Choice) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Choices[i]
}

// rehearsalOf returns the dispatches of a stage for a choice whose scratch is not allocated.
func rehearsalOf(s fuse.Stage, c fuse.Choice) []fuse.Dispatch {
	if n := c.Scratch.Cols; n > 0 {
		c.Scratch.Buf = &buffer{of: compute.Float32, elems: n}
	}
	return fuse.Bind(fuse.Kernels(fuse.Dispatches([]fuse.Stage{s}, []fuse.Choice{c})))
}

// hasBarriers reports whether a choice has kernels with barriers.
func hasBarriers(c fuse.Choice) bool { return strings.HasPrefix(c.Name, "T") || c.Wide }

// order returns the choices in the order of trying: the usual one, the most suitable tile in shared
// memory, then the others.
func order(s fuse.Stage) []fuse.Choice {
	list := slices.Clone(s.Choices)
	first := list[0]
	key := func(c fuse.Choice) int {
		switch {
		case c.Name == first.Name:
			return 0
		case strings.HasPrefix(c.Name, "T32") && c.Wide == first.Wide && !strings.Contains(c.Name, "/"):
			return 1
		case c.Wide != first.Wide:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(list, func(a, b fuse.Choice) int { return key(a) - key(b) })
	return list
}

// fastest times a stage's choices and returns the fastest.
func (b *Backend) fastest(s fuse.Stage) (fuse.Choice, error) {
	t := &b.tuner
	best, bestTime := s.Choices[0], time.Duration(0)
	begin := time.Now()
	wideTried := false
	var usual []float32 // results of the usual choice, which the self-test checks
	for _, c := range order(s) {
		if bestTime > 0 && (t.spent+time.Since(begin) > t.limit || t.avoid && hasBarriers(c)) {
			continue
		}
		// The better width of the head hardly depends on the rest, so it is tried once.
		if c.Wide != best.Wide {
			if wideTried {
				continue
			}
			wideTried = true
		}
		took, made, err := t.measure(rehearsalOf(s, c))
		if sticky := b.fault.get(); sticky != nil {
			return best, sticky
		}
		if err != nil {
			continue // this device refuses a kernel that other choices may not need
		}
		t.tried++
		if usual == nil {
			usual = made
		} else if !alike(made, usual) {
			t.wrong = append(t.wrong, s.Name+": "+c.Name)
			continue
		}
		if bestTime > 0 && hasBarriers(c) && !hasBarriers(best) && took > hopeless*bestTime {
			t.avoid = true
		}
		// A smaller difference may be noise.
		if bestTime == 0 || float64(took) < 0.97*float64(bestTime) {
			best, bestTime = c, took
		}
	}
	return best, nil
}

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
func (b *Backend) rehearse(plans []fuse.Dispatch) (took time.Duration, made []float32, err error) {
	if stalled := b.call(func(w *worker) { took, made, err = w.rehearse(plans) }); stalled != nil {
		return 0, nil, stalled
	}
	return took, made, err
}

// rehearse times dispatches on separate memory. It returns the time of one run, and the results of
// the first.
func (w *worker) rehearse(plans []fuse.Dispatch) (time.Duration, []float32, error) {
	stage, err := w.newRehearsal(plans)
	defer stage.close(w)
	if err != nil {
		return 0, nil, err
	}
	play := func(times int) {
		for range times {
			for i := range stage.steps {
				w.barrier(gl.SHADER_STORAGE_BARRIER_BIT)
				w.dispatch(&stage.steps[i], stage.params, compute.Args{LearningRate: 0.1, Momentum: 0.5})
			}
		}
	}
	play(1) // some drivers compile here
	made := stage.results(w)
	begin := time.Now()
	play(1)
	gl.Finish()
	const round = 2 * time.Millisecond
	times := int(min(max(round/max(time.Since(begin), 1), 1), 50))
	best := time.Duration(0)
	for range 3 {
		begin := time.Now()
		gl.BeginQuery(gl.TIME_ELAPSED, stage.query)
		play(times)
		gl.EndQuery(gl.TIME_ELAPSED)
		gl.Finish()
		took := time.Since(begin)
		var ns uint64
		gl.GetQueryObjectui64v(stage.query, gl.QUERY_RESULT, &ns)
		// The timer of a software renderer may not include the threads of its kernels. Then
		// the wall clock is right, since this processor did the work.
		if asked := time.Duration(ns); asked > took/20 {
			took = asked
		}
		if best == 0 || took < best {
			best = took
		}
		w.pulse.Add(1)
	}
	if w.check("timing kernels") != nil {
		return 0, nil, w.fault.get()
	}
	return best / time.Duration(times), made, nil
}

// A rehearsal is dispatches on separate memory.
type rehearsal struct {
	plans   []fuse.Dispatch
	steps   []dispatch
	stand   map[place]*buffer
	params  uint32
	query   uint32
	buffers []uint32
}

// maxRehearsal is the largest size, in bytes, of each place. Of a data set a rehearsal has one batch
// of rows.
const maxRehearsal = 64 << 20

// A place stands in for a buffer in a rehearsal. Matrices lie as in their OpenGL buffers. Slots have
// no OpenGL buffer yet, and have a separate place. Row numbers and labels are all 0.
type place struct {
	of     int
	buffer uint32 // the OpenGL buffer of matrices
}

// The contents of a place.
const (
	inMatrices = iota
	inSlots
	inPixels
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
	}
	return place{of: inZeros}
}

func (w *worker) newRehearsal(plans []fuse.Dispatch) (*rehearsal, error) {
	r := &rehearsal{plans: plans, stand: map[place]*buffer{}}
	sizes := map[place]int64{}
	for _, p := range plans {
		for name, buf := range p.Blocks {
			if b, ok := buf.(*buffer); ok {
				at, size := placeOf(name, b), b.base+sizeOf(b.of, b.elems)
				if at.of == inPixels {
					size = sizeOf(b.of, p.Pixels)
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
		if size > maxRehearsal && at.of != inZeros {
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

// fillWith fills n words of a buffer with values, from byte at on.
func (w *worker) fillWith(id uint32, at, n int, value func(e int) uint32) {
	if n == 0 {
		return
	}
	words := make([]uint32, n)
	for e := range words {
		words[e] = value(e)
	}
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, id)
	gl.BufferSubData(gl.COPY_WRITE_BUFFER, at, 4*n, unsafe.Pointer(&words[0]))
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
