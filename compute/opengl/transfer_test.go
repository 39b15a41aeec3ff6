//go:build cgo && !nogl && !darwin

package opengl

import (
	"runtime"
	"testing"
)

// TestWriteBytesReuses checks that many writes leave little garbage.
func TestWriteBytesReuses(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	const size, times = 1 << 20, 50
	m, err := b.AllocBytes(size/64, 64)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, size)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range times {
		data[0] = byte(i)
		if err := b.WriteBytes(m, data); err != nil {
			t.Fatal(err)
		}
		if err := b.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > times*size/5 {
		t.Errorf("%d bytes were allocated to send %d", took, times*size)
	}
}
