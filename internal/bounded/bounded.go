// Package bounded limits the CPU time and the memory of a call in a fuzz test.
package bounded

import (
	"runtime/metrics"
	"testing"
	"time"
)

// The limits of Check. The memory is all that the call allocates, whether it is freed or not.
const (
	MaxTime   = time.Second
	MaxMemory = 512 << 20
)

// Check calls f, and reports an error to t if the process used more than MaxTime or MaxMemory meanwhile. On Unix and Windows the
// time is CPU time, so that other processes do not matter.
func Check(t testing.TB, f func()) {
	t.Helper()
	time, memory := used(), allocated()
	f()
	time, memory = used()-time, allocated()-memory
	if time > MaxTime {
		t.Errorf("took %v of CPU time, expected at most %v", time, MaxTime)
	}
	if memory > MaxMemory {
		t.Errorf("allocated %d bytes, expected at most %d", memory, MaxMemory)
	}
}

// allocated returns the number of bytes that the process has allocated. Unlike runtime.ReadMemStats it does not stop it.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
