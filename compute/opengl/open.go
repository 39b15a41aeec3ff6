//go:build cgo && !nogl && !darwin

package opengl

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/clock"
	"shadegrad/internal/glctx"
	"shadegrad/shaders"
)

// A Backend computes with OpenGL. Make one with Open.
type Backend struct {
	*shared
	ctx      *glctx.Context
	info     compute.Info
	options  Options
	planning fuse.Options
	tuner    tuner
	digest   string // of the shaders
	queue    chan command
	copies   chan []byte // memory of copies that have arrived, see copyOf
	closed   bool

	patience time.Duration // with a call of the driver
	ticker   *time.Ticker
}

var _ compute.Backend = (*Backend)(nil)

// shared is the state that the caller's thread and the context's thread share. Fields that are not
// atomic do not change.
type shared struct {
	device string // renderer and driver
	limits limits
	fault  fault
	waiting
	counts struct {
		runs, dispatches, barriers, batches, waits atomic.Uint64
		buffers, programs, fences                  atomic.Int64
	}
}

// limits are the limits of the device.
type limits struct {
	blockSize        int64 // bytes of a storage block
	groups           int   // in a direction of a grid
	uniformAlignment int   // of a uniform block, in bytes
	loops            int   // iterations of an invocation, 0 for any number
	slice            int   // terms of a sum of products in one dispatch
}

const (
	// llvmpipe silently ends an invocation's loops after 65,535 iterations of all its loops
	// together (LP_MAX_TGSI_LOOP_ITERATIONS in Mesa's source). Compile refuses ops that take
	// more.
	llvmpipeLoops = 65535
	// sumSlice is the largest number of terms of a sum in one dispatch. A product of longer
	// sums takes several dispatches, so that none keeps a GPU busy for seconds or exceeds
	// llvmpipe's limit.
	sumSlice = 16384
)

// A worker is the state of the context's thread.
type worker struct {
	*shared
	shaders    *shaders.Set
	fences     fences
	stall      time.Duration // for the device to finish a batch
	extensions map[string]bool

	programs map[string]*program
	started  map[string]glctx.Linking // kernels that the driver compiles, by the names of their programs
	buffers  map[uint32]bool
	slabs    []*slab
	spare    []staging

	current uint32    // the program in use
	bound   [8]uint32 // the buffers at the binding points of storage blocks
	// uniforms has what is bound for uniform blocks. OpenGL guarantees 36 binding points.
	uniforms [36]uniforms
	points   int // binding points given to programs
	hazards  fuse.Hazards

	profiler *profiler   // nil: nothing is timed
	timer    clock.Timer // by the host's clock, from the first rehearsal on

	instrument instrument // nil: dispatches and barriers go to OpenGL

	batches []batch // in flight, oldest first
	runs    int     // since the last batch ended
	work    float64
}

// seams are the parts that tests replace. The zero value replaces nothing.
type seams struct {
	fences    fences
	stall     time.Duration
	groups    int
	blockSize int64
	slice     int
	planning  fuse.Options
	hardware  bool // plan and tune as for a GPU, also on software OpenGL
	measure   func(list []fuse.Dispatch, enough time.Duration) (rehearsed, error)
	closing   func() // called on the context's thread when everything is deleted

	instrument instrument
}

// Open opens an OpenGL context and a backend on it. The error is a *VersionError, an *AbsentError, or a *SourceError of the
// kernels in SHADEGRAD_SHADERS. It may be called from any goroutine.
func Open(options Options) (*Backend, error) { return open(options, seams{}) }

func open(options Options, s seams) (*Backend, error) {
	set := options.Shaders
	if set == nil {
		var err error
		if set, err = shaders.FromEnvironment(); err != nil {
			return nil, err
		}
	}
	ctx, err := glctx.Open()
	if err != nil {
		return nil, err
	}
	gi := ctx.Info()
	b := &Backend{
		shared: &shared{device: fmt.Sprintf("%s (%s)", gi.Renderer, gi.Version)},
		ctx:    ctx,
		info: compute.Info{
			Backend:  "gpu",
			Device:   gi.Renderer,
			Driver:   "OpenGL " + gi.Version,
			Software: gi.Software,
			Detail:   gi.Path,
		},
		options: options,
		digest:  set.Digest(),
		queue:   make(chan command, queueLength),
		copies:  make(chan []byte, 4),
	}
	if origin := set.Origin(); origin != shaders.Embedded().Origin() {
		b.info.Detail += ", shaders of " + origin
	}
	w := &worker{
		shared:   b.shared,
		shaders:  set,
		fences:   s.fences.orDefault(ctx.Lost),
		programs: map[string]*program{},
		started:  map[string]glctx.Linking{},
		buffers:  map[uint32]bool{},
	}
	if err := ctx.Do(func() { w.query(); b.info.Memory = max(0, w.availableMemory()) }); err != nil {
		return nil, errors.Join(err, ctx.Close())
	}
	w.stall = cmp.Or(options.Timeout, deviceLimit)
	if gi.Software && options.Timeout == 0 {
		w.stall = softwareLimit
	}
	patience := w.stall
	if gi.SoftwareName() == "llvmpipe" {
		b.limits.loops = llvmpipeLoops
	}
	s.apply(w)
	b.info.MaxBuffer = min(w.limits.blockSize, math.MaxInt32) / 4 * 4 // the most elements, in whole words
	software := gi.Software && !s.hardware
	b.tuner = newTuner(options, software)
	if b.tuner.measure = s.measure; s.measure == nil {
		b.tuner.measure = b.rehearse
	}
	if options.Tune {
		b.tuner.memory = remembered(options.CacheDir, b.device, b.digest)
	}
	b.planning = s.planning
	b.planning.MaxTerms, b.planning.Plain, b.planning.Software = w.limits.slice, options.Plain, software
	b.setPatience(patience)
	// From here on the context's thread executes commands until the queue is closed.
	err = ctx.Post(func() {
		w.loop(b.queue)
		w.close()
		if s.closing != nil {
			s.closing()
		}
	})
	if err != nil {
		b.ticker.Stop()
		return nil, errors.Join(err, ctx.Close())
	}
	return b, nil
}

// apply replaces the limits that a test sets.
func (s seams) apply(w *worker) {
	if s.stall > 0 {
		w.stall = s.stall
	}
	if s.groups > 0 {
		w.limits.groups = s.groups
	}
	if s.blockSize > 0 {
		w.limits.blockSize = s.blockSize
	}
	if s.slice > 0 {
		w.limits.slice = s.slice
	}
	if s.instrument != nil {
		w.instrument = s.instrument
	}
}

// query asks the device for its limits.
func (w *worker) query() {
	gl.GetInteger64v(gl.MAX_SHADER_STORAGE_BLOCK_SIZE, &w.limits.blockSize)
	w.limits.blockSize = max(w.limits.blockSize, 1<<24) // what OpenGL guarantees
	var x, y, alignment int32
	gl.GetIntegeri_v(gl.MAX_COMPUTE_WORK_GROUP_COUNT, 0, &x)
	gl.GetIntegeri_v(gl.MAX_COMPUTE_WORK_GROUP_COUNT, 1, &y)
	gl.GetIntegerv(gl.UNIFORM_BUFFER_OFFSET_ALIGNMENT, &alignment)
	// Some drivers allow four billion groups. Steps by such a grid would overflow a uint.
	w.limits.groups = min(int(x), int(y), 65535)
	w.limits.uniformAlignment = int(max(alignment, 4))
	w.limits.slice = sumSlice

	w.extensions = map[string]bool{}
	var n int32
	gl.GetIntegerv(gl.NUM_EXTENSIONS, &n)
	for i := range uint32(n) {
		w.extensions[gl.GoStr(gl.GetStringi(gl.EXTENSIONS, i))] = true
	}
}

// Info names the renderer, OpenGL's version and the way to the context.
func (b *Backend) Info() compute.Info { return b.info }

// Counts returns the numbers of things done and held. It may be called at any time and does not
// wait.
func (b *Backend) Counts() Counts {
	c := &b.counts
	return Counts{
		Runs:       c.runs.Load(),
		Dispatches: c.dispatches.Load(),
		Barriers:   c.barriers.Load(),
		Batches:    c.batches.Load(),
		Waits:      c.waits.Load(),
		Buffers:    c.buffers.Load(),
		Programs:   c.programs.Load(),
		Fences:     c.fences.Load(),
	}
}

// usable returns an error if the backend cannot take more work.
func (b *Backend) usable() error {
	if b.closed {
		return compute.ErrClosed
	}
	return b.fault.get()
}

// Sync waits until all queued work is done and returns the first failure.
func (b *Backend) Sync() error {
	if b.closed {
		return compute.ErrClosed
	}
	if err := b.call((*worker).drain); err != nil {
		return err
	}
	return b.fault.get()
}

// Close releases everything that the backend holds, including the OpenGL context. Queued work is
// given to the device first, but Close does not wait for the device. A fetch without its values
// returns ErrClosed.
func (b *Backend) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	close(b.queue)
	done, err := make(chan struct{}), error(nil)
	go func() { err = b.ctx.Close(); close(done) }()
	defer b.ticker.Stop()
	if b.stuck() {
		return nil // another call has returned the failure; the thread closes the context if it ever can
	}
	if stalled := b.await(done); stalled != nil {
		return stalled
	}
	return err
}

// close deletes all OpenGL objects.
func (w *worker) close() {
	for _, b := range w.batches {
		w.deleteFence(b.fence)
		w.finish(b.fetches, compute.ErrClosed)
	}
	w.batches = nil
	w.deletePrograms("")
	for id := range w.buffers {
		w.deleteBuffer(id)
	}
}

// unbind forgets the bindings of a deleted buffer.
func (w *worker) unbind(id uint32) {
	for i, bound := range w.bound {
		if bound == id {
			w.bound[i] = 0
		}
	}
	for i, u := range w.uniforms {
		if u.buffer == id {
			w.uniforms[i] = uniforms{}
		}
	}
}
