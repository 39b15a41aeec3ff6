//go:build cgo && !nogl && !darwin

package opengl

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/glctx/gltest"
	"shadegrad/internal/sample"
)

// resident returns the resident bytes of this process, including the driver's, after Go has returned
// unused memory.
func resident(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestGrowth checks that thousands of steps, and opening and closing backends, do not make the process
// grow. Counts of buffers would not show this.
func TestGrowth(t *testing.T) {
	steps := func(n *net, epochs int) {
		for range epochs {
			n.epoch()
		}
	}
	t.Run("steps", func(t *testing.T) {
		b := openTest(t, Options{}, seams{})
		n := newNet(t, b)
		measure := func(epochs int) int64 {
			steps(n, epochs)
			if err := b.Sync(); err != nil {
				t.Fatal(err)
			}
			return resident(t)
		}
		before := measure(sample.Count(500, 50))
		after := measure(sample.Count(2500, 250)) // of four steps each
		t.Logf("%d steps: %d KiB before, %+d KiB", sample.Count(10000, 1000), before>>10, (after-before)>>10)
		if after-before > 4<<20 {
			t.Errorf("%d bytes more after %d steps", after-before, sample.Count(10000, 1000))
		}
	})
	if testing.Short() {
		return // Mesa's memory stops growing only after some forty backends
	}
	t.Run("backends", func(t *testing.T) {
		const backends = 50
		cycles := func(n int) int64 {
			for range n {
				b, err := Open(Options{})
				gltest.Require(t, err)
				steps(newNet(t, b), 2)
				if err := b.Sync(); err != nil {
					t.Fatal(err)
				}
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
			}
			return resident(t)
		}
		// Drivers keep some memory of the first backends for later ones. A leak grows in every round.
		before := cycles(backends)
		for round := range 6 {
			after := cycles(backends)
			t.Logf("%d backends: %d KiB before, %+d KiB", backends, before>>10, (after-before)>>10)
			if after-before <= backends*100<<10 {
				return
			}
			if before = after; round == 5 {
				t.Errorf("the process grew by more than 100 KiB per backend in each round")
			}
		}
	})
}
