package compute

import (
	"errors"
	"fmt"
)

// A Backend is a device that runs programs. It owns memory and a queue of work, which it does in
// order.
type Backend interface {
	// Info describes what the backend runs on.
	Info() Info

	// Alloc returns a new rows×cols matrix of zeros. The error is a *MemoryError if
	// there is not enough memory.
	Alloc(rows, cols int) (Mat, error)
	// AllocBytes returns a new rows×cols matrix of zero bytes.
	AllocBytes(rows, cols int) (Bytes, error)
	// ShareBytes returns a new rows×cols matrix that holds data. A backend may use
	// the memory of data without a copy, so the caller must not change it until the
	// matrix is freed. Writing to the matrix is an error. len(data) must be rows·cols.
	ShareBytes(rows, cols int, data []byte) (Bytes, error)
	// AllocIndex returns a new list of n row numbers, all 0. It can hold numbers
	// below limit.
	AllocIndex(n, limit int) (Index, error)
	// Free releases the memory of a buffer after the work that was queued before.
	// The caller must not use the buffer again, nor run an executable that was
	// compiled with it. Freeing nil does nothing.
	Free(Buffer)

	// Write queues a copy of src to dst, row by row. The caller may change src when
	// Write returns. len(src) must be dst.Len().
	Write(dst Mat, src []float32) error
	// WriteBytes is Write for bytes.
	WriteBytes(dst Bytes, src []byte) error
	// WriteIndex is Write for row numbers. It returns an error and writes nothing if
	// one is not below dst.Limit.
	WriteIndex(dst Index, src []uint32) error
	// Read waits for the work queued before it and copies src to dst.
	Read(dst []float32, src Mat) error
	// Fetch queues a read of src and does not wait. The values are those after the
	// work queued before.
	Fetch(src Mat) Fetch

	// Compile checks a program and prepares it to run. The caller keeps the
	// program's matrices. The error is an *OpError if an op is wrong.
	Compile(Program) (Executable, error)

	// Sync waits until all queued work is done and returns the first failure.
	Sync() error
	// Close releases everything. Later calls return ErrClosed. Closing twice does
	// nothing.
	Close() error
}

// A Peaker is a Backend that can measure the peak rate of its device.
type Peaker interface {
	// PeakFlops returns the floating-point operations a second that the device reaches
	// with arithmetic alone, or 0 if it cannot be timed. A multiply-add counts as two.
	PeakFlops() (float64, error)
}

// A Prefetcher is a Backend that can compile several programs at a time.
type Prefetcher interface {
	// Prefetch starts to compile what programs need and returns, so that a later
	// Compile waits less. The buffers of the programs may be of another backend.
	Prefetch([]Program)
}

// An Executable is a compiled program.
type Executable interface {
	// Run queues one run of the program and returns.
	Run(Args)
	// Release frees what Compile allocated. The caller must not run the executable
	// again.
	Release()
}

// A Fetch is a queued read.
type Fetch interface {
	// Ready reports whether Wait would return immediately. It does not wait.
	Ready() bool
	// Wait waits for the values and returns them.
	Wait() ([]float32, error)
}

// Args is everything that may differ between two runs of an executable.
type Args struct {
	// Row is the first row of the batch: ops Gather, Take, Warp and Loss read entries
	// Row, Row+1, … of their Index, and Loss writes these rows of its Stats.
	Row int
	// LearningRate is η in op Update.
	LearningRate float32
	// Momentum is μ in op Update.
	Momentum float32
	// Step is the number of steps before this one: t of Update and Average. Random
	// numbers depend on it, and so differ from step to step.
	Step uint32
	// Seed seeds the random numbers of ops Dropout, Noise and Warp.
	Seed uint64
}

// Info describes what a backend runs on, for people.
type Info struct {
	Backend  string // "cpu" or "gpu"
	Device   string // the processor, or OpenGL's renderer
	Driver   string // what computes: "AVX2 kernels", or the library or driver with its version
	Software bool   // a GPU backend whose OpenGL runs on the CPU
	// HostMemory is true if the backend computes on the CPU in the memory of the program:
	// ShareBytes does not copy, and Memory is 0.
	HostMemory bool
	Detail     string // further facts: "2 threads", "EGL surfaceless"
	// Memory is the number of bytes of the device's own memory that were free when the
	// backend was opened, or 0 if unknown or if the device has none.
	Memory int64
	// MaxBuffer is the largest size of a matrix of bytes, or 0 if only memory limits it.
	MaxBuffer int64
}

// ErrClosed is returned by the methods of a closed Backend.
var ErrClosed = errors.New("the backend is closed")

// A MemoryError reports that a device does not have enough memory.
type MemoryError struct {
	Bytes     int64 // asked for
	Available int64 // bytes that the device reports as free, or −1 if unknown
	Cause     error // the driver's error, or nil
}

func (e *MemoryError) Error() string {
	s := fmt.Sprintf("out of memory: %s asked for", FormatBytes(e.Bytes))
	if e.Available >= 0 {
		s += fmt.Sprintf(", %s available", FormatBytes(e.Available))
	}
	if e.Cause != nil {
		s += fmt.Sprintf(" (%v)", e.Cause)
	}
	return s + "; try a smaller batch or network"
}

// Unwrap returns the cause.
func (e *MemoryError) Unwrap() error { return e.Cause }

// A LimitError reports that a limit of the device is too small.
type LimitError struct {
	Limit string // the name in the device's interface, as GL_MAX_SHADER_STORAGE_BLOCK_SIZE
	Need  int64
	Have  int64
	What  string // the buffer or kernel that needs it
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s needs %s of %d, this device has %d", e.What, e.Limit, e.Need, e.Have)
}

// FormatBytes formats a number of bytes exactly and in a rounded unit, as
// "188160000 bytes (179.4 MiB)".
func FormatBytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d bytes", n)
	}
	v, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	// A value just below 1024 would be formatted as 1024.0.
	for v >= unit-0.05 && i < len(names)-1 {
		v, i = v/unit, i+1
	}
	return fmt.Sprintf("%d bytes (%.1f %s)", n, v, names[i])
}
