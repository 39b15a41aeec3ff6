//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
)

// sticks checks that every later call of a backend returns err and that none waits.
func sticks(t *testing.T, b *Backend, n *net, want error) {
	t.Helper()
	n.epoch()
	if err := b.Sync(); err != want {
		t.Errorf("Sync after the failure: %v, want the first failure again", err)
	}
	if err := b.Read(make([]float32, 2), n.total); err != want {
		t.Errorf("Read after the failure: %v, want the first failure", err)
	}
	f := b.Fetch(n.total)
	if !f.Ready() {
		t.Error("a fetch after the failure is not ready")
	}
	if _, err := f.Wait(); err != want {
		t.Errorf("Fetch after the failure: %v, want the first failure", err)
	}
	if _, err := b.Alloc(1, 1); err != want {
		t.Errorf("Alloc after the failure: %v, want the first failure", err)
	}
	if c := b.Counts(); c.Fences != 0 {
		t.Errorf("%d fences are left after the failure", c.Fences)
	}
}

// never simulates a device that finishes nothing while on is set.
func never(on *atomic.Bool) fences {
	return fences{wait: func(fence uintptr, limit time.Duration) uint32 {
		if on.Load() {
			return gl.TIMEOUT_EXPIRED
		}
		return gl.ClientWaitSync(fence, gl.SYNC_FLUSH_COMMANDS_BIT, uint64(time.Minute))
	}}
}

func TestFenceThatNeverComes(t *testing.T) {
	for _, wait := range []string{"Sync", "Read", "Fetch", "Run"} {
		t.Run(wait, func(t *testing.T) {
			var on atomic.Bool
			b := openTest(t, Options{}, seams{fences: never(&on), stall: time.Millisecond})
			n := newNet(t, b)
			if err := b.Sync(); err != nil {
				t.Fatal(err)
			}
			early := b.Fetch(n.total)
			if _, err := early.Wait(); err != nil {
				t.Fatal(err)
			}
			on.Store(true)
			n.epoch()
			late := b.Fetch(n.total)
			var err error
			switch wait {
			case "Sync":
				err = b.Sync()
			case "Read":
				err = b.Read(make([]float32, 2), n.total)
			case "Fetch":
				_, err = late.Wait()
			case "Run":
				// More batches than may be in flight: Run would have to wait for ever.
				for range 100 {
					n.epoch()
				}
				err = b.Sync()
			}
			var stalled *StallError
			if !errors.As(err, &stalled) || stalled.InCall {
				t.Fatalf("%s returned %v, want a StallError", wait, err)
			}
			if want := "the GPU has finished nothing for 1ms while there was work, on " + b.device; err.Error() != want {
				t.Errorf("error is %q, want %q", err, want)
			}
			if _, lateErr := late.Wait(); lateErr != err {
				t.Errorf("a fetch on its way returned %v, want %v", lateErr, err)
			}
			sticks(t, b, n, err)
		})
	}
}

func TestLostContext(t *testing.T) {
	var lost atomic.Bool
	cause := errors.New("OpenGL context lost: the GPU was reset")
	b := openTest(t, Options{}, seams{fences: fences{lost: func() error {
		if lost.Load() {
			return cause
		}
		return nil
	}}})
	n := newNet(t, b)
	n.epoch()
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	lost.Store(true)
	// No caller waits: the end of a batch alone must find the failure.
	for range batchRuns {
		n.epoch()
	}
	err := b.Sync()
	var lostErr *ContextLostError
	if !errors.As(err, &lostErr) || !errors.Is(err, cause) {
		t.Fatalf("Sync returned %v, want a ContextLostError", err)
	}
	if want := "OpenGL context lost: the GPU was reset, on " + b.device; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if done := b.Counts().Runs; done > 5+batchRuns {
		t.Errorf("%d programs were run, most of them after the loss", done)
	}
	sticks(t, b, n, err)
}

func TestFailedWait(t *testing.T) {
	b := openTest(t, Options{}, seams{fences: fences{
		wait: func(uintptr, time.Duration) uint32 { return gl.WAIT_FAILED },
	}})
	n := newNet(t, b)
	n.epoch()
	err := b.Sync()
	var glErr *GLError
	if !errors.As(err, &glErr) {
		t.Fatalf("Sync returned %v, want a GLError", err)
	}
	sticks(t, b, n, err)
}

func TestOpenGLError(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	n := newNet(t, b)
	if err := b.call(func(*worker) { gl.BindBuffer(0xffff, 0) }); err != nil {
		t.Fatal(err)
	}
	err := b.Sync()
	if err == nil || !strings.HasPrefix(err.Error(), "OpenGL reports GL_INVALID_ENUM after a batch, on ") {
		t.Fatalf("Sync returned %v, want a GLError with GL_INVALID_ENUM", err)
	}
	sticks(t, b, n, err)
}

// TestCallThatNeverReturns checks that a driver call that does not return blocks the context's
// thread, but not the caller.
func TestCallThatNeverReturns(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	n := newNet(t, b)
	var list []compute.Mat
	for range 2 * queueLength {
		m, err := b.Alloc(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	release := hang(t, b)
	usual := b.patience
	b.setPatience(time.Millisecond)
	err := b.Sync()
	b.setPatience(usual)
	var stalled *StallError
	if !errors.As(err, &stalled) || !stalled.InCall {
		t.Fatalf("Sync returned %v, want a StallError in a call", err)
	}
	if want := "a call of the OpenGL driver has not returned for 1ms, on " + b.device; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	// The rest must not wait for the thread either, or the test never ends.
	for _, m := range list {
		n.epoch()
		b.Free(m.Buf)
	}
	release()
	sticks(t, b, n, err)
}

// hang makes the context's thread hang as in a call of the driver. release ends that.
func hang(t *testing.T, b *Backend) (release func()) {
	t.Helper()
	inside, leave := make(chan struct{}), make(chan struct{})
	if err := b.submit(command{do: func(*worker) { close(inside); <-leave }}); err != nil {
		t.Fatal(err)
	}
	<-inside
	before := b.pulse.Load()
	return func() {
		close(leave)
		for b.pulse.Load() == before {
			runtime.Gosched()
		}
	}
}

// TestInterrupt interrupts waits for a driver and for a device that do not respond. They end after a tenth of the limit.
func TestInterrupt(t *testing.T) {
	t.Run("call", func(t *testing.T) {
		b := openTest(t, Options{Timeout: time.Second}, seams{})
		release := hang(t, b)
		b.Interrupt()
		err := b.Sync()
		if err := b.Close(); err != nil {
			t.Errorf("Close, which needs not wait, returned %v", err)
		}
		release()
		var stalled *StallError
		if !errors.As(err, &stalled) || !stalled.InCall || stalled.Waited != time.Second/interruptFactor {
			t.Errorf("Sync returned %v, want a StallError in a call after 100 ms", err)
		}
	})
	t.Run("fence", func(t *testing.T) {
		var on atomic.Bool
		b := openTest(t, Options{Timeout: time.Second}, seams{fences: never(&on)})
		on.Store(true)
		b.Interrupt()
		err := b.Sync()
		var stalled *StallError
		if !errors.As(err, &stalled) || stalled.InCall || stalled.Waited != time.Second/interruptFactor {
			t.Errorf("Sync returned %v, want a StallError after 100 ms", err)
		}
	})
}

// TestFetchBeforeFailure checks that a fetch that was queued before an invalid call still
// arrives.
func TestFetchBeforeFailure(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	n := newNet(t, b)
	n.epoch()
	f := b.Fetch(n.total)
	n.step.Run(compute.Args{Row: 64})
	if err := b.Sync(); err == nil {
		t.Fatal("a batch beyond the data set does not fail")
	}
	if _, err := f.Wait(); err != nil {
		t.Errorf("a fetch queued before the failure returned %v", err)
	}
}
