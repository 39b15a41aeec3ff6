package compute

import (
	"errors"
	"fmt"
)

// A Backend computes. It owns memory and a queue in which work is done in
// order. Package compute tells the rules for all of them.
type Backend interface {
	// Info says what the backend runs on.
	Info() Info

	// Alloc returns a new rows×cols matrix of zeros. An error names the bytes
	// asked for.
	Alloc(rows, cols int) (Mat, error)
	// AllocBytes returns a new rows×cols matrix of zero bytes.
	AllocBytes(rows, cols int) (Bytes, error)
	// ShareBytes returns a new rows×cols matrix that holds data, which the caller
	// must not change until the matrix is freed: a backend that computes in the
	// same memory need not copy it. Writing to the matrix is an error.
	// len(data) must be rows·cols.
	ShareBytes(rows, cols int, data []byte) (Bytes, error)
	// AllocIndex returns a new list of n row numbers, all 0, that can hold
	// numbers below limit.
	AllocIndex(n, limit int) (Index, error)
	// Free gives the memory of a buffer back once the work that was queued
	// before has been done. The buffer, and each executable compiled with it,
	// must not be used again. Freeing nil does nothing.
	Free(Buffer)

	// Write queues a copy of src to dst, row by row. It has taken src when it
	// returns. len(src) must be dst.Len().
	Write(dst Mat, src []float32) error
	// WriteBytes is Write for bytes.
	WriteBytes(dst Bytes, src []byte) error
	// WriteIndex is Write for row numbers; one that is not below dst.Limit is
	// an error, and nothing is written.
	WriteIndex(dst Index, src []uint32) error
	// Read waits for the work queued before it and copies src to dst.
	Read(dst []float32, src Mat) error
	// Fetch queues a read of src as it will be when the work queued before is
	// done, and does not wait.
	Fetch(src Mat) Fetch

	// Compile checks a program and makes it ready to run. The program's
	// matrices stay the caller's.
	Compile(Program) (Executable, error)

	// Sync waits until all queued work is done and returns the first failure.
	Sync() error
	// Close releases all the backend holds. Later calls return ErrClosed.
	// Closing twice does nothing.
	Close() error
}

// A Peaker is a Backend that can measure what its device can do at most.
type Peaker interface {
	// PeakFlops returns the floating-point operations a second, a multiply-add being
	// two, that the device reaches where nothing but arithmetic is asked of it.
	PeakFlops() (float64, error)
}

// An Executable is a compiled program.
type Executable interface {
	// Run queues one run of the program and returns.
	Run(Args)
	// Release gives back what Compile took. The executable must not be run
	// again.
	Release()
}

// A Fetch is a read under way.
type Fetch interface {
	// Ready reports, without waiting, whether Wait would return at once.
	Ready() bool
	// Wait waits for the values and returns them.
	Wait() ([]float32, error)
}

// Args is all that may differ between two runs of one executable.
type Args struct {
	// Row is the first row of this batch: ops Gather, Take, Warp and Loss read the
	// entries Row, Row+1, … of their Index, and Loss writes these rows of its Stats.
	Row int
	// LearningRate is η in op Update.
	LearningRate float32
	// Momentum is μ in op Update.
	Momentum float32
	// Step is how many steps the run has made before this one: Update's and Average's t,
	// and what makes random numbers other ones in each step.
	Step uint32
	// Seed is that of the random numbers of ops Dropout, Noise and Warp.
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
	Detail     string // what else matters: "2 threads", "EGL surfaceless"
	// Memory is how many bytes of the device's own memory were free when the
	// backend was opened, or 0 where it has none or does not say.
	Memory int64
	// MaxBuffer is the most bytes that a matrix of bytes may have, or 0 where only memory
	// bounds it.
	MaxBuffer int64
}

// ErrClosed is returned by the methods of a closed Backend.
var ErrClosed = errors.New("the backend is closed")

// A MemoryError says that a device has not enough memory.
type MemoryError struct {
	Bytes     int64 // asked for
	Available int64 // what the device says it has, in bytes, or −1 if it does not say
	Cause     error // what the driver said, or nil
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

// A LimitError says that a device's limit is too small for what was asked.
type LimitError struct {
	Limit string // by the name its interface gives it, as GL_MAX_SHADER_STORAGE_BLOCK_SIZE
	Need  int64
	Have  int64
	What  string // what needs it
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s needs %s of %d, this device has %d", e.What, e.Limit, e.Need, e.Have)
}

// FormatBytes writes a number of bytes for people, exactly and in a round unit:
// "188160000 bytes (179.4 MiB)".
func FormatBytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d bytes", n)
	}
	v, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	// A little below 1024 would be written as 1024.0.
	for v >= unit-0.05 && i < len(names)-1 {
		v, i = v/unit, i+1
	}
	return fmt.Sprintf("%d bytes (%.1f %s)", n, v, names[i])
}
