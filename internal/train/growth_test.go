package train

import (
	"runtime"
	"testing"

	"shadegrad/cpu"
)

// held returns the live bytes of the heap and the number of goroutines.
func held() (bytes uint64, goroutines int) {
	runtime.GC()
	runtime.GC() // frees the memory that finalisers released
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

// TestGrowth trains on 50 backends one after another, 10,000 steps in all, and checks that
// neither memory nor goroutines are left.
func TestGrowth(t *testing.T) {
	d := squares(200, 20, 4)
	o := options(4)
	o.Batch, o.Epochs = 2, 2
	cycles := func(n int) (uint64, int) {
		for range n {
			trainOn(t, cpu.New(), o, d)
		}
		return held()
	}
	bytes, goroutines := cycles(5)
	bytesAfter, goroutinesAfter := cycles(50)
	t.Logf("%d bytes, %d goroutines; after 50 runs %d bytes, %d goroutines", bytes, goroutines, bytesAfter, goroutinesAfter)
	// A leak of the data of each run would exceed this bound.
	if bytesAfter > bytes+50*1000 {
		t.Errorf("%d bytes more", bytesAfter-bytes)
	}
	if goroutinesAfter > goroutines {
		t.Errorf("%d goroutines more", goroutinesAfter-goroutines)
	}
}
