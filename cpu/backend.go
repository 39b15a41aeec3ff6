package cpu

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"

	"github.com/klauspost/cpuid/v2"

	"shadegrad/compute"
	"shadegrad/internal/memory"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// A Backend computes on the processor. New returns one.
type Backend struct {
	failed  error // the first failure, which every later call returns
	closed  bool
	pool    *workers.Pool
	engine  *sgemm.Engine   // for products that all workers share
	engines []*sgemm.Engine // of each worker, for products of one worker
}

var _ compute.Backend = (*Backend)(nil)

// New returns a backend with as many threads as GOMAXPROCS allows at the time.
func New() *Backend {
	pool := workers.New(runtime.GOMAXPROCS(0))
	b := &Backend{pool: pool, engine: sgemm.NewEngine(pool)}
	for range pool.Size() {
		b.engines = append(b.engines, sgemm.NewEngine(workers.New(1)))
	}
	return b
}

// Info names the processor, what computes on it, and the number of threads with its limit.
func (b *Backend) Info() compute.Info {
	device := cpuid.CPU.BrandName
	if device == "" {
		device = runtime.GOARCH
	}
	threads := "1 thread"
	switch n, limit := b.pool.Size(), workers.Available(); {
	case limit.Limit != "" && n == limit.N:
		threads = fmt.Sprintf("%d of %d threads: %s", n, limit.Of, limit.Limit)
	case n > 1:
		threads = fmt.Sprintf("%d threads", n)
	}
	return compute.Info{Backend: "cpu", Device: device, Driver: library(simd.Current()), Detail: threads, HostMemory: true}
}

// library names what computes at a level of package simd. Without SIMD gonum
// computes the products.
func library(l simd.Level) string {
	switch l {
	case simd.AVX512:
		return "AVX-512 kernels"
	case simd.AVX2:
		return "AVX2 kernels"
	case simd.NEON:
		return "NEON kernels"
	}
	return "gonum" + gonumVersion()
}

// gonumVersion returns the version as " v0.17.0", or "" if the binary does not contain it.
func gonumVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == "gonum.org/v1/gonum" {
			return " " + m.Version
		}
	}
	return ""
}

// An element is a type that a buffer can hold.
type element interface{ float32 | byte | uint32 }

// A buffer is memory of one backend. data is nil once it is freed.
type buffer[T element] struct {
	owner *Backend
	data  []T
	// If transposed is set, data is the transpose of a rows×cols matrix, as toTransposed writes it.
	transposed bool
	rows, cols int
	shared     bool // data belongs to the caller and must not be written
	limit      int  // of a list of row numbers
}

// Elems returns the number of elements.
func (b *buffer[T]) Elems() int { return len(b.data) }

// ownable is implemented by every buffer.
type ownable interface {
	ownedBy(*Backend) bool
	free()
}

func (b *buffer[T]) ownedBy(o *Backend) bool { return b.owner == o && b.data != nil }

// Limit returns the number that all row numbers of a list are below.
func (b *buffer[T]) Limit() int { return b.limit }

func (b *buffer[T]) free() { b.data = nil }

// owns reports whether a buffer belongs to this backend and was not freed.
func (b *Backend) owns(buf compute.Buffer) bool {
	o, ok := buf.(ownable)
	return ok && o.ownedBy(b)
}

// holds reports whether a buffer of elements e belongs to this backend and was not freed.
func (b *Backend) holds(buf compute.Buffer, e compute.Element) (ok bool) {
	switch e {
	case compute.Float32:
		_, ok = buf.(*buffer[float32])
	case compute.Byte:
		_, ok = buf.(*buffer[byte])
	case compute.RowNumber:
		_, ok = buf.(*buffer[uint32])
	}
	return ok && b.owns(buf)
}

// newBuffer returns a buffer of rows·cols zeros.
func newBuffer[T element](b *Backend, rows, cols int, size int64) (*buffer[T], error) {
	if b.closed {
		return nil, compute.ErrClosed
	}
	if rows <= 0 || cols <= 0 {
		return nil, fmt.Errorf("cannot allocate a matrix of %d×%d: both must be positive", rows, cols)
	}
	// float64 cannot overflow, and is exact for every size that can be allocated.
	bytes := float64(rows) * float64(cols) * float64(size)
	if float64(rows)*float64(cols) > math.MaxInt32 {
		return nil, &compute.MemoryError{Bytes: int64(min(bytes, 1<<62)), Available: -1,
			Cause: fmt.Errorf("no matrix may have more than %d elements", math.MaxInt32)}
	}
	available := int64(-1)
	if bytes > 1<<20 { // a smaller one is allocated faster than memory.Available returns
		available = memory.Available()
	}
	if bytes > math.MaxInt || available >= 0 && bytes > float64(available) {
		return nil, &compute.MemoryError{Bytes: int64(min(bytes, 1<<62)), Available: available}
	}
	return &buffer[T]{owner: b, data: make([]T, rows*cols)}, nil
}

// Alloc returns a new rows×cols matrix of zeros.
func (b *Backend) Alloc(rows, cols int) (compute.Mat, error) {
	buf, err := newBuffer[float32](b, rows, cols, 4)
	if err != nil {
		return compute.Mat{}, err
	}
	return compute.Mat{Buf: buf, Rows: rows, Cols: cols}, nil
}

// AllocBytes returns a new rows×cols matrix of zero bytes.
func (b *Backend) AllocBytes(rows, cols int) (compute.Bytes, error) {
	buf, err := newBuffer[byte](b, rows, cols, 1)
	if err != nil {
		return compute.Bytes{}, err
	}
	return compute.Bytes{Buf: buf, Rows: rows, Cols: cols}, nil
}

// ShareBytes returns a new rows×cols matrix that uses data as its memory.
func (b *Backend) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	if err := b.usable(); err != nil {
		return compute.Bytes{}, err
	}
	if rows <= 0 || cols <= 0 || rows > len(data)/cols || len(data) != rows*cols {
		return compute.Bytes{}, fmt.Errorf("share bytes: %d bytes are not a matrix of %d×%d", len(data), rows, cols)
	}
	return compute.Bytes{Buf: &buffer[byte]{owner: b, data: data, shared: true}, Rows: rows, Cols: cols}, nil
}

// AllocIndex returns a new list of n row numbers, all 0, for numbers below limit.
func (b *Backend) AllocIndex(n, limit int) (compute.Index, error) {
	if limit <= 0 || limit > math.MaxInt32 {
		return compute.Index{}, fmt.Errorf("cannot allocate an index of rows below %d", limit)
	}
	buf, err := newBuffer[uint32](b, n, 1, 4)
	if err != nil {
		return compute.Index{}, err
	}
	buf.limit = limit
	return compute.Index{Buf: buf, Len: n, Limit: limit}, nil
}

// Free releases the memory of a buffer.
func (b *Backend) Free(buf compute.Buffer) {
	if b.owns(buf) {
		buf.(ownable).free()
	}
}

// usable returns an error if the backend is closed or has failed.
func (b *Backend) usable() error {
	if b.closed {
		return compute.ErrClosed
	}
	return b.failed
}

// slice returns the live memory of a view of n elements at off, or an error.
func slice[T element](b *Backend, what string, buf compute.Buffer, off, n, given int) ([]T, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	own, ok := buf.(*buffer[T])
	if !ok || !own.ownedBy(b) {
		return nil, fmt.Errorf("%s: not a buffer of this backend, or freed", what)
	}
	if off < 0 || n < 0 || off > len(own.data)-n {
		return nil, fmt.Errorf("%s: %d elements at offset %d lie outside a buffer of %d", what, n, off, len(own.data))
	}
	if given != n {
		return nil, fmt.Errorf("%s: %d values given for %d elements", what, given, n)
	}
	return own.data[off : off+n], nil
}

// Write copies src to dst.
func (b *Backend) Write(dst compute.Mat, src []float32) error {
	d, err := slice[float32](b, "write", dst.Buf, dst.Off, dst.Len(), len(src))
	if err != nil {
		return err
	}
	if buf := dst.Buf.(*buffer[float32]); buf.isTransposed(dst) {
		buf.toTransposed(d, src)
		return nil
	}
	copy(d, src)
	return nil
}

// WriteBytes copies src to dst.
func (b *Backend) WriteBytes(dst compute.Bytes, src []byte) error {
	d, err := slice[byte](b, "write bytes", dst.Buf, 0, dst.Rows*dst.Cols, len(src))
	if err != nil {
		return err
	}
	if dst.Buf.(*buffer[byte]).shared {
		return errors.New("write bytes: the matrix shares the caller's memory")
	}
	copy(d, src)
	return nil
}

// WriteIndex copies src to dst if every number is below dst.Limit.
func (b *Backend) WriteIndex(dst compute.Index, src []uint32) error {
	d, err := slice[uint32](b, "write index", dst.Buf, 0, dst.Len, len(src))
	if err != nil {
		return err
	}
	limit := min(dst.Limit, dst.Buf.(*buffer[uint32]).limit)
	for i, row := range src {
		if int64(row) >= int64(limit) {
			return fmt.Errorf("write index: entry %d is row %d, not below %d", i, row, limit)
		}
	}
	copy(d, src)
	return nil
}

// Read copies src to dst.
func (b *Backend) Read(dst []float32, src compute.Mat) error {
	s, err := slice[float32](b, "read", src.Buf, src.Off, src.Len(), len(dst))
	if err != nil {
		return err
	}
	if buf := src.Buf.(*buffer[float32]); buf.isTransposed(src) {
		buf.fromTransposed(dst, s)
		return nil
	}
	copy(dst, s)
	return nil
}

// Fetch reads src immediately: all work queued before it is done.
func (b *Backend) Fetch(src compute.Mat) compute.Fetch {
	s, err := slice[float32](b, "fetch", src.Buf, src.Off, src.Len(), src.Len())
	if err != nil {
		return &fetch{err: err}
	}
	values := make([]float32, len(s))
	return &fetch{values, b.Read(values, src)}
}

type fetch struct {
	values []float32
	err    error
}

func (f *fetch) Ready() bool { return true }

func (f *fetch) Wait() ([]float32, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.values, nil
}

// Sync returns the first failure. It does not wait: Run has done all work.
func (b *Backend) Sync() error { return b.usable() }

// Close ends the threads. Every later call returns compute.ErrClosed.
func (b *Backend) Close() error {
	b.closed = true
	b.pool.Close()
	return nil
}
