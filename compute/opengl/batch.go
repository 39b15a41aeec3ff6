//go:build cgo && !nogl && !darwin

package opengl

import (
	"time"

	"github.com/go-gl/gl/v4.3-core/gl"
)

const (
	// A batch ends after batchRuns runs or after batchWork of work, about 0.2 s on the slowest
	// GPU worth using. Windows resets a GPU that is busy for 2 s.
	batchRuns = 64
	batchWork = 20e9 // operations, as fuse.Dispatch.Cost counts them
	// maxBatches is the number of batches that may be in flight.
	maxBatches = 3
	// slice is the longest time of one wait for a fence.
	slice = 50 * time.Millisecond
)

// A batch is submitted work that ends with a fence.
type batch struct {
	fence   uintptr
	fetches []*fetch
	waited  stopwatch // for it
}

// fences are the OpenGL calls for fences. Tests replace them to simulate a fence that is never
// signalled.
type fences struct {
	insert func() uintptr
	// wait returns gl.TIMEOUT_EXPIRED, gl.WAIT_FAILED, or one of the values for a signalled
	// fence.
	wait   func(fence uintptr, limit time.Duration) uint32
	delete func(fence uintptr)
	// lost returns the driver's reason why the context is lost, or nil.
	lost func() error
}

func (o fences) orDefault(lost func() error) fences {
	if o.insert == nil {
		o.insert = func() uintptr { return gl.FenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0) }
	}
	if o.wait == nil {
		o.wait = func(fence uintptr, limit time.Duration) uint32 {
			return gl.ClientWaitSync(fence, gl.SYNC_FLUSH_COMMANDS_BIT, uint64(limit))
		}
	}
	if o.delete == nil {
		o.delete = gl.DeleteSync
	}
	if o.lost == nil {
		o.lost = lost
	}
	return o
}

// flush ends the batch: it submits all work so far to the device, followed by a fence. It waits for
// the oldest batches while too many are in flight.
func (w *worker) flush(fetches ...*fetch) {
	for len(w.batches) >= maxBatches && w.fault.get() == nil {
		w.waitOldest()
	}
	w.runs, w.work = 0, 0
	if w.fault.get() != nil {
		w.finish(fetches, w.fault.get())
		return
	}
	w.batches = append(w.batches, batch{fence: w.fences.insert(), fetches: fetches})
	w.counts.fences.Add(1)
	w.counts.batches.Add(1)
	gl.Flush()
	w.check("a batch")
	w.checkLost()
}

// drain waits until the device has done all work.
func (w *worker) drain() {
	if w.fault.get() == nil {
		w.flush()
	}
	for len(w.batches) > 0 {
		w.waitOldest()
	}
}

// waitOldest waits until the oldest batch is done, or fails.
func (w *worker) waitOldest() {
	for oldest := w.batches[0].fence; len(w.batches) > 0 && w.batches[0].fence == oldest; {
		w.look(slice)
	}
}

// wanted reports whether a batch in flight has a fetch.
func (w *worker) wanted() bool {
	for i := range w.batches {
		if len(w.batches[i].fetches) > 0 {
			return true
		}
	}
	return false
}

// poll waits for the oldest batch for a very short time, so that it does not delay commands.
func (w *worker) poll() { w.look(100 * time.Microsecond) }

// look waits for the oldest batch, for a limited time. It removes the batch from the list if it
// is done, and all batches if the device has failed.
func (w *worker) look(limit time.Duration) {
	w.pulse.Add(1)
	b := &w.batches[0]
	b.waited.start()
	switch w.fences.wait(b.fence, limit) {
	case gl.TIMEOUT_EXPIRED:
		w.checkLost()
		if limit := w.allowed(w.stall); b.waited.lap() > limit {
			w.fail(&StallError{Device: w.device, Waited: limit})
		}
	case gl.WAIT_FAILED:
		w.checkLost()
		w.check("waiting for a fence")
		w.fail(&GLError{Code: gl.INVALID_OPERATION, After: "waiting for a fence", Device: w.device})
	default:
		done := w.batches[0]
		w.batches = append(w.batches[:0], w.batches[1:]...)
		w.deleteFence(done.fence)
		w.collect(done.fetches)
	}
}

// fail records a failure of the device, which is permanent. Batches in flight never arrive.
func (w *worker) fail(err error) {
	w.fault.set(err)
	for _, b := range w.batches {
		w.deleteFence(b.fence)
		w.finish(b.fetches, w.fault.get())
	}
	w.batches = w.batches[:0]
}

func (w *worker) deleteFence(fence uintptr) {
	w.fences.delete(fence)
	w.counts.fences.Add(-1)
}

// check returns the error that OpenGL reports since the last check, or nil, and records it as the
// backend's failure.
func (w *worker) check(after string) error {
	code := gl.GetError()
	if code == gl.NO_ERROR {
		return nil
	}
	err := &GLError{Code: code, After: after, Device: w.device}
	w.fail(err)
	return err
}

// checkLost records a failure if the driver reports that the context is lost.
func (w *worker) checkLost() {
	if err := w.fences.lost(); err != nil {
		w.fail(&ContextLostError{Device: w.device, Cause: err})
	}
}
