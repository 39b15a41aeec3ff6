//go:build cgo && !nogl

package glctx

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// queueLength is how many functions may wait for a context's thread before
// Post blocks.
const queueLength = 256

// A Context is an OpenGL context and the thread it is current on. Its methods
// may be called from any goroutine, but Do, Post and Close not from a function
// that runs on the context's own thread: it would wait for itself.
type Context struct {
	info  Info
	reset func() uint32 // glGetGraphicsResetStatus, nil where there is none

	mu     sync.RWMutex // held for reading while a function is put in the queue
	closed bool
	queue  chan func()
	dead   chan struct{} // closed when the thread is gone
	err    error         // of the teardown; read it after dead is closed
}

// A surface is what a context is made on, a window or EGL's. Its methods are
// called on the context's thread.
type surface interface {
	makeCurrent() error
	procAddress(name string) unsafe.Pointer
	path() string
	destroy() error // also makes the context not current
}

// start runs a new thread, makes a surface on it and its context current, and
// returns once the context can be used.
func start(open func() (surface, error)) (*Context, error) {
	c := &Context{queue: make(chan func(), queueLength), dead: make(chan struct{})}
	opened := make(chan error, 1)
	go c.thread(open, opened)
	if err := <-opened; err != nil {
		<-c.dead
		return nil, err
	}
	return c, nil
}

// thread is the life of the context's thread. It is never unlocked, so the
// thread ends with the goroutine, and what a driver keeps per thread with it.
func (c *Context) thread(open func() (surface, error), opened chan<- error) {
	runtime.LockOSThread()
	defer close(c.dead)
	s, err := open()
	if err != nil {
		opened <- err
		return
	}
	err = recovered(func() error { return c.begin(s) })
	if err != nil {
		opened <- also(err, s.destroy())
		return
	}
	// Deferred, because a function that ends its goroutine (as t.FailNow does)
	// must not leave the context behind.
	defer func() {
		forgetProcs()
		c.err = s.destroy()
	}()
	opened <- nil
	for f := range c.queue {
		f()
	}
}

// begin makes the context current, loads OpenGL's functions and asks the
// driver who it is.
func (c *Context) begin(s surface) error {
	if err := s.makeCurrent(); err != nil {
		return err
	}
	if err := loadProcs(s.procAddress); err != nil {
		return err
	}
	if err := c.describe(s.path()); err != nil {
		forgetProcs()
		return err
	}
	return nil
}

func (c *Context) describe(path string) error {
	i := Info{
		Renderer:        glString(gl.RENDERER),
		Vendor:          glString(gl.VENDOR),
		Version:         glString(gl.VERSION),
		ShadingLanguage: glString(gl.SHADING_LANGUAGE_VERSION),
		Path:            path,
	}
	i.Software = i.SoftwareName() != ""
	var err error
	if i.Major, i.Minor, err = parseVersion(i.Version); err != nil {
		return err
	}
	if i.Major < NeededMajor || i.Major == NeededMajor && i.Minor < NeededMinor {
		return &VersionError{Major: i.Major, Minor: i.Minor}
	}
	c.reset = resetStatus(i.Major, i.Minor)
	if c.reset != nil {
		var strategy int32
		gl.GetIntegerv(gl.RESET_NOTIFICATION_STRATEGY, &strategy)
		i.Robust = strategy == gl.LOSE_CONTEXT_ON_RESET
	}
	for gl.GetError() != gl.NO_ERROR {
		// A driver that does not know the strategy must not leave its error to
		// the caller's first check. The loop ends: nothing else is called.
	}
	c.info = i
	return nil
}

func glString(name uint32) string {
	p := gl.GetString(name)
	if p == nil {
		return ""
	}
	return gl.GoStr(p)
}

// resetStatus returns the driver's glGetGraphicsResetStatus: core since 4.5,
// an extension before.
func resetStatus(major, minor int) func() uint32 {
	if major > 4 || major == 4 && minor >= 5 {
		return gl.GetGraphicsResetStatus
	}
	var n int32
	gl.GetIntegerv(gl.NUM_EXTENSIONS, &n)
	for i := uint32(0); i < uint32(n); i++ {
		switch gl.GoStr(gl.GetStringi(gl.EXTENSIONS, i)) {
		case "GL_KHR_robustness":
			return gl.GetGraphicsResetStatus // the extension has no suffix on desktop OpenGL
		case "GL_ARB_robustness":
			return gl.GetGraphicsResetStatusARB
		}
	}
	return nil
}

// Info describes the context.
func (c *Context) Info() Info { return c.info }

// Lost asks the driver whether the GPU was reset and the context lost with it;
// such a context does nothing any more and can only be closed. It makes an
// OpenGL call: call it inside Do or Post. Where the driver has no way to say
// (Info.Robust is false) it returns nil.
func (c *Context) Lost() error {
	if c.reset == nil || !c.info.Robust {
		return nil
	}
	switch status := c.reset(); status {
	case gl.NO_ERROR:
		return nil
	case gl.GUILTY_CONTEXT_RESET_ARB:
		return errors.New("OpenGL context lost: the GPU was reset because of this program's work")
	case gl.INNOCENT_CONTEXT_RESET_ARB:
		return errors.New("OpenGL context lost: the GPU was reset because of another program's work")
	case gl.UNKNOWN_CONTEXT_RESET_ARB:
		return errors.New("OpenGL context lost: the GPU was reset")
	default:
		return fmt.Errorf("OpenGL context lost: reset status 0x%x", status)
	}
}

// Post enqueues f for the context's thread and returns at once; it blocks only
// while a few hundred functions are waiting. Functions run in the order in which
// Post and Do are called. The error is ErrClosed.
func (c *Context) Post(f func()) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return ErrClosed
	}
	select {
	case c.queue <- f:
		return nil
	case <-c.dead:
		return ErrClosed
	}
}

// Do runs f on the context's thread, after everything enqueued before, and
// returns when f has returned. The error is ErrClosed; f has not run then, or
// has ended its goroutine.
func (c *Context) Do(f func()) error {
	done := make(chan struct{})
	if err := c.Post(func() { f(); close(done) }); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-c.dead:
	}
	select {
	case <-done: // both had happened
		return nil
	default:
		return ErrClosed
	}
}

// Close runs what is enqueued, frees the context, its window or surface and
// its thread, and returns when that is done. Closing twice does nothing more.
func (c *Context) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	<-c.dead
	return c.err
}
