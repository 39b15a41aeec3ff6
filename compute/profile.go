package compute

import "time"

// A Profiler is a Backend that can tell where its device's time goes.
type Profiler interface {
	// StartProfile begins to time every piece of work that the device is given, by
	// the device's own clock where it has one. It costs time itself: a little on a
	// GPU, where nothing waits for it, more where work must be timed from outside.
	StartProfile() error
	// StopProfile waits for what is on its way, ends the timing and returns what was
	// timed, and what the device can do at most.
	StopProfile() (Profile, error)
}

// A Profile is where a device's time went.
type Profile struct {
	Kernels []KernelTime // the one that took longest first
	// Busy is the sum of the kernels' times, Wall the time from the first one's
	// beginning to the last one's end: the rest the device was idle, or did other
	// things.
	Busy, Wall time.Duration
	// Device tells that the times are by the device's clock; otherwise by the host's,
	// which waited for each kernel.
	Device bool
	// PeakFlops and PeakBytes are the operations and bytes a second that a kernel
	// reaches which does nothing but multiply-adds, and nothing but copying; a byte
	// that is read and written counts twice.
	PeakFlops, PeakBytes float64
}

// A KernelTime is what a kernel took, of all its calls.
type KernelTime struct {
	Kernel string // with its variant
	Ops    string // the names of the ops that it does
	Calls  int
	Time   time.Duration
	Flops  float64 // operations, roughly
	Bytes  float64 // of the matrices and pixels that it works on, each counted once a call
}
