//go:build cgo && !nogl && !darwin

package glctx

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// queueLength is the number of waiting functions at which Post blocks.
const queueLength = 256

// A Context is an OpenGL context and the thread that it is current on. Its methods
// may be called from any goroutine. A function that runs on the context's thread
// must not call Do, Post or Close: it would wait for itself.
type Context struct {
	info  Info
	reset func() uint32 // glGetGraphicsResetStatus, or nil

	mu     sync.RWMutex // held for reading while a function is enqueued
	closed bool
	queue  chan func()
	dead   chan struct{} // closed when the thread ends
	err    error         // of the teardown; valid once dead is closed
}

// A surface is a window or an EGL surface, with its context. Its methods are called
// on the context's thread.
type surface interface {
	makeCurrent() error
	procAddress(name string) unsafe.Pointer
	path() string
	destroy() error // also makes the context not current
}

// start makes a surface and its context on a new thread, and returns when the
// context is ready.
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

// thread opens a context and runs the functions in the queue. The goroutine never
// unlocks its thread, so the thread ends with it and releases what the driver keeps
// per thread.
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
	// Deferred, because a function may end the goroutine, as t.FailNow does.
	defer func() {
		forgetProcs()
		c.err = s.destroy()
	}()
	opened <- nil
	for f := range c.queue {
		f()
	}
}

// begin makes the context current, loads OpenGL's functions and describes the
// driver.
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

// describe sets info and reset. It returns a *VersionError if the driver is too old.
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
	if err := enough(i.Major, i.Minor); err != nil {
		return err
	}
	c.reset = resetStatus(i.Major, i.Minor)
	if c.reset != nil {
		var strategy int32
		gl.GetIntegerv(gl.RESET_NOTIFICATION_STRATEGY, &strategy)
		i.Robust = strategy == gl.LOSE_CONTEXT_ON_RESET
	}
	for gl.GetError() != gl.NO_ERROR {
		// A driver that does not know the strategy reports an error, which must not
		// surprise the caller's first check.
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

// resetStatus returns the driver's glGetGraphicsResetStatus, or nil. It is core in
// OpenGL 4.5 and an extension before.
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

// Lost returns an error if the GPU was reset and the context is lost. A lost context
// can only be closed. Call Lost on the context's thread. It returns nil if the
// driver does not report resets (Info.Robust is false).
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

// Post enqueues f for the context's thread. It blocks only while a few hundred
// functions are waiting. Functions run in the order of the calls of Post and Do.
// The error is ErrClosed.
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

// Do runs f on the context's thread, after the functions enqueued before, and waits
// for it. The error is ErrClosed if f did not run, or ended its goroutine.
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
	case <-done: // both channels were closed
		return nil
	default:
		return ErrClosed
	}
}

// Close runs the enqueued functions, then frees the context, its surface and its
// thread. Closing twice has no further effect.
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
