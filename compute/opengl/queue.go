//go:build cgo && !nogl && !darwin

package opengl

import (
	"sync/atomic"

	"shadegrad/compute"
)

// queueLength is the number of commands that may wait for the context's thread. A caller that is
// further ahead waits. Queued commands are executed even if the caller is told to stop, and on
// software OpenGL a run can take 50 ms.
const queueLength = 16

// A command is a run of an executable, or a function, for the context's thread. It is passed by
// value, so a run allocates nothing.
type command struct {
	exec *executable
	args compute.Args
	do   func(*worker)
}

// loop executes commands on the context's thread until the queue is closed.
func (w *worker) loop(queue <-chan command) {
	for {
		var c command
		var open bool
		if w.wanted() {
			// The caller may wait for a fetch, so an idle thread polls the fences.
			select {
			case c, open = <-queue:
			default:
				w.poll()
				continue
			}
		} else {
			c, open = <-queue
		}
		if !open {
			return
		}
		if c.exec != nil {
			w.run(c.exec, c.args)
		} else {
			c.do(w)
		}
		w.pulse.Add(1)
	}
}

// A fault is the first failure, which is permanent. Both threads may set and read it.
type fault struct{ first atomic.Pointer[error] }

func (f *fault) set(err error) { f.first.CompareAndSwap(nil, &err) }

func (f *fault) get() error {
	if p := f.first.Load(); p != nil {
		return *p
	}
	return nil
}
