//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/clock"
)

var (
	_ compute.Profiler = (*Backend)(nil)
	_ compute.Peaker   = (*Backend)(nil)
)

// A profiler times dispatches on the context's thread.
type profiler struct {
	// queried means that the device's timer includes the time of kernels. If it does not, as on some
	// software renderers, the host waits for each kernel and reads the clock.
	queried bool
	times   map[string]*compute.KernelTime
	busy    time.Duration
	pending []timing      // timings whose queries were not read
	most    int           // maximum of pending: maxTimings, or less in tests
	spare   []uint32      // free queries
	first   uint64        // the timer when the first dispatch began, in nanoseconds
	last    uint64        // when the last one ended
	begin   time.Duration // the host's clock before the first dispatch
	end     time.Duration // and after the last one
}

// A timing has the queries of a dispatch.
type timing struct {
	kernel     *compute.KernelTime
	start, end uint32 // queries
}

// maxTimings is the number of timings after which the older half is read. Their batches are done, so
// reading does not wait.
const maxTimings = 1 << 14

// around times the call of dispatch.
func (p *profiler) around(e *executable, d *dispatch, dispatch func()) {
	k := p.of(e, d)
	k.Calls++
	if !p.queried {
		gl.Finish()
		begin := clock.Now()
		dispatch()
		gl.Finish()
		p.end = clock.Now()
		if p.begin == 0 {
			p.begin = begin
		}
		k.Time += p.end - begin
		p.busy += p.end - begin
		return
	}
	t := timing{k, p.query(), p.query()}
	gl.QueryCounter(t.start, gl.TIMESTAMP)
	dispatch()
	gl.QueryCounter(t.end, gl.TIMESTAMP)
	if p.pending = append(p.pending, t); len(p.pending) >= p.most {
		p.collect(p.most / 2)
	}
}

// of returns the entry of a dispatch, by kernel, ops and work, because one kernel can do different
// parts of a step.
func (p *profiler) of(e *executable, d *dispatch) *compute.KernelTime {
	key := fmt.Sprintf("%s %v %v", d.program.name, d.Ops, d.Work)
	k := p.times[key]
	if k == nil {
		k = &compute.KernelTime{Kernel: d.program.name, Ops: strings.Join(d.Ops, " ")}
		p.times[key] = k
	}
	k.Flops += d.Work
	k.Bytes += float64(e.bytes(d))
	return k
}

// bytes returns the number of bytes that a dispatch reads and writes.
func (e *executable) bytes(d *dispatch) int64 {
	var n int64
	for _, a := range d.Accesses {
		n += 4 * int64(a.Hi-a.Lo)
	}
	for _, op := range e.program.Ops {
		if !slices.Contains(d.Ops, op.Name()) {
			continue
		}
		switch o := op.(type) { // one byte per pixel
		case compute.Gather:
			return n + int64(o.Dst.Len())
		case compute.Warp:
			return n + int64(o.Dst.Len())
		}
	}
	return n
}

// query returns a free query.
func (p *profiler) query() uint32 {
	if n := len(p.spare); n > 0 {
		q := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return q
	}
	var q uint32
	gl.GenQueries(1, &q)
	return q
}

// collect reads the oldest n timings.
func (p *profiler) collect(n int) {
	for _, t := range p.pending[:n] {
		var start, end uint64
		gl.GetQueryObjectui64v(t.start, gl.QUERY_RESULT, &start)
		gl.GetQueryObjectui64v(t.end, gl.QUERY_RESULT, &end)
		if p.first == 0 {
			p.first = start
		}
		p.last = max(p.last, end)
		if end > start {
			t.kernel.Time += time.Duration(end - start)
			p.busy += time.Duration(end - start)
		}
		p.spare = append(p.spare, t.start, t.end)
	}
	p.pending = append(p.pending[:0], p.pending[n:]...)
}

// close deletes the queries.
func (p *profiler) close() {
	for _, t := range p.pending {
		p.spare = append(p.spare, t.start, t.end)
	}
	if len(p.spare) > 0 {
		gl.DeleteQueries(int32(len(p.spare)), &p.spare[0])
	}
	p.pending, p.spare = nil, nil
}

// profile returns the times so far.
func (p *profiler) profile() compute.Profile {
	r := compute.Profile{Busy: p.busy, Device: p.queried, Wall: p.end - p.begin}
	if p.queried {
		r.Wall = time.Duration(p.last - p.first)
	}
	for _, k := range p.times {
		r.Kernels = append(r.Kernels, *k)
	}
	slices.SortFunc(r.Kernels, func(a, b compute.KernelTime) int {
		if a.Time != b.Time {
			return int(b.Time - a.Time)
		}
		return strings.Compare(a.Kernel, b.Kernel)
	})
	return r
}

var errNotProfiling = errors.New("profile: not started; call StartProfile first")

// StartProfile begins to time every dispatch.
func (b *Backend) StartProfile() error {
	if err := b.usable(); err != nil {
		return err
	}
	seen, err := b.timerSees()
	if err != nil {
		return err
	}
	return b.call(func(w *worker) {
		w.settle()
		w.drain()
		if w.profiler != nil {
			w.profiler.close()
		}
		w.profiler = &profiler{queried: seen, most: maxTimings, times: map[string]*compute.KernelTime{}}
	})
}

// StopProfile ends the timing and returns the times.
func (b *Backend) StopProfile() (p compute.Profile, err error) {
	if err := b.usable(); err != nil {
		return p, err
	}
	var failed error
	err = b.call(func(w *worker) {
		if w.profiler == nil {
			failed = errNotProfiling
			return
		}
		w.settle()
		w.drain()
		if failed = w.fault.get(); failed == nil {
			w.profiler.collect(len(w.profiler.pending))
			p = w.profiler.profile()
		}
		w.profiler.close()
		w.profiler = nil
	})
	if err = errors.Join(err, failed); err != nil {
		return compute.Profile{}, err
	}
	if p.PeakFlops, err = b.PeakFlops(); err != nil {
		return p, err
	}
	p.PeakBytes, err = b.peakBytes()
	return p, err
}

// timerSees reports whether the device's timer includes the time of kernels.
func (b *Backend) timerSees() (bool, error) {
	out, err := b.Alloc(1, peakInvocations)
	if err != nil {
		return false, err
	}
	defer b.Free(out.Buf)
	const enough = 5 * time.Millisecond
	for rounds := 64; ; rounds *= 4 {
		var asked, took time.Duration
		err = b.timedOnce(peakFMA(out, rounds), &asked, &took)
		if err != nil {
			return false, err
		}
		if took >= enough || rounds*4 > peakRounds {
			return asked > took/4, nil
		}
	}
}

// timedOnce runs a dispatch twice and sets the time of the second run by the device's timer and by
// the host's clock.
func (b *Backend) timedOnce(list []fuse.Dispatch, asked, took *time.Duration) (err error) {
	stalled := b.call(func(w *worker) {
		steps, params, failed := w.assemble(list)
		if failed != nil {
			err = failed
			return
		}
		defer w.deleteBuffer(params)
		var q [2]uint32
		gl.GenQueries(2, &q[0])
		defer gl.DeleteQueries(2, &q[0])
		w.settle()
		for range 2 {
			gl.Finish()
			*took = clock.NewTimer(clock.Now).Time(func() {
				gl.QueryCounter(q[0], gl.TIMESTAMP)
				w.dispatch(&steps[0], params, compute.Args{})
				gl.QueryCounter(q[1], gl.TIMESTAMP)
				gl.Finish()
			})
		}
		var at [2]uint64
		gl.GetQueryObjectui64v(q[0], gl.QUERY_RESULT, &at[0])
		gl.GetQueryObjectui64v(q[1], gl.QUERY_RESULT, &at[1])
		*asked = time.Duration(at[1] - at[0])
		err = w.check("asking the timer")
	})
	return errors.Join(stalled, err)
}

const (
	// peakInvocations is the number of invocations of peak_fma, enough to fill any GPU of today.
	peakInvocations = 1 << 18
	// peakRounds is the largest number of rounds; llvmpipe ends longer loops.
	peakRounds = 1 << 14
	// peakFlopsARound is the number of operations in a round of peak_fma.
	peakFlopsARound = 64
	// peakVectors is the number of vectors of four floats that peak_copy copies, more than caches
	// hold.
	peakVectors = 1 << 20
	// peakTime is the shortest time of a measurement.
	peakTime = 2 * time.Millisecond
)

// peakFMA returns a dispatch that does only multiply-adds.
func peakFMA(out compute.Mat, rounds int) []fuse.Dispatch {
	return fuse.Bind([]fuse.Dispatch{{Kernel: "peak_fma", X: out.Len(), Y: 1, Work: peakFlopsARound * float64(rounds) * float64(out.Len()),
		Values: fuse.Values{"Dst": out, "count": out.Len(), "rounds": rounds, "factor": float32(1e-6)}}})
}

// peakCopy returns a dispatch that copies the second row of a matrix to the first.
func peakCopy(m compute.Mat) []fuse.Dispatch {
	return fuse.Bind([]fuse.Dispatch{{Kernel: "peak_copy", X: peakVectors, Y: 1,
		Values: fuse.Values{"Dst": m.RowRange(0, 1), "Src": m.RowRange(1, 1), "count": peakVectors}}})
}

// PeakFlops measures the operations per second of a kernel that does only multiply-adds. It returns 0 if it cannot be timed.
func (b *Backend) PeakFlops() (float64, error) {
	out, err := b.Alloc(1, peakInvocations)
	if err != nil {
		return 0, err
	}
	defer b.Free(out.Buf)
	for rounds := 16; ; rounds *= 4 {
		p := peakFMA(out, rounds)
		r, err := b.rehearse(p, anyTime)
		if err != nil {
			return 0, err
		}
		if r.took >= peakTime || rounds*4 > peakRounds {
			return perSecond(p[0].Work, r.took), nil
		}
	}
}

// peakBytes measures the bytes that a kernel reads and writes per second if it only copies. It returns 0 if it cannot be
// timed.
func (b *Backend) peakBytes() (float64, error) {
	m, err := b.Alloc(2, 4*peakVectors)
	if err != nil {
		return 0, err
	}
	defer b.Free(m.Buf)
	r, err := b.rehearse(peakCopy(m), anyTime)
	if err != nil {
		return 0, err
	}
	return perSecond(2*16*peakVectors, r.took), nil
}

// perSecond returns an amount per second, or 0 if no time was measured.
func perSecond(amount float64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return amount / took.Seconds()
}
