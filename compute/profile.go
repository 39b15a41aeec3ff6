package compute

import "time"

// A Profiler is a Backend that can time its kernels.
type Profiler interface {
	// StartProfile begins to time every kernel, by the clock of the device if it has
	// one. Timing itself takes time: little on a GPU, where nothing waits for it, more
	// if the host has to time the kernels.
	StartProfile() error
	// StopProfile waits for queued work, ends the timing and returns the times and the
	// peak rates of the device.
	StopProfile() (Profile, error)
}

// A Profile is the time that a device spent in each kernel.
type Profile struct {
	Kernels []KernelTime // the longest first
	// Busy is the sum of the kernels' times. Wall is the time from the start of the
	// first kernel to the end of the last. In the rest the device was idle or did other
	// work.
	Busy, Wall time.Duration
	// Device reports whether the device's clock was used. Otherwise the host waited for
	// each kernel and timed it.
	Device bool
	// PeakFlops is the operations a second of a kernel of multiply-adds, and PeakBytes
	// the bytes a second of a kernel that copies. A copied byte counts twice. They are 0 if
	// unknown.
	PeakFlops, PeakBytes float64
}

// A KernelTime is the time of all calls of a kernel.
type KernelTime struct {
	Kernel string // with its variant
	Ops    string // the names of the ops that it does
	Calls  int
	Time   time.Duration
	Flops  float64 // operations, roughly
	Bytes  float64 // of its matrices and pixels, each counted once a call
}
