// Command peak measures the machine's FMA peak: what all its cores reach together
// when they do nothing but multiply-adds in registers, with the widest vectors
// that shadegrad uses here. It prints one JSON object.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"shadegrad/internal/simd"
)

// A result is what is printed.
type result struct {
	Level   string  `json:"level"`   // the instructions: off, avx2 or avx512
	Threads int     `json:"threads"` // all cores
	GFlops  float64 `json:"gflops"`  // 10⁹ operations a second, a multiply-add being two
}

func main() {
	if err := simd.Problem(); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
	}
	threads := runtime.GOMAXPROCS(0)
	var rates []float64
	for range 5 {
		rates = append(rates, together(threads))
	}
	slices.Sort(rates)
	err := json.NewEncoder(os.Stdout).Encode(result{simd.Current().String(), threads, rates[len(rates)/2] / 1e9})
	if err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(1)
	}
}

// together has that many threads compute at the same time for about a twentieth
// of a second and returns the sum of their rates in FLOP/s.
func together(threads int) float64 {
	const chunk, during = 10_000, 50 * time.Millisecond
	rates := make([]float64, threads)
	var ready, done sync.WaitGroup
	ready.Add(threads)
	for i := range rates {
		done.Add(1)
		go func() {
			defer done.Done()
			runtime.LockOSThread()
			simd.PeakFlops(chunk)
			ready.Done()
			ready.Wait()
			flops, begin := 0.0, time.Now()
			for time.Since(begin) < during {
				flops += simd.PeakFlops(chunk)
			}
			rates[i] = flops / time.Since(begin).Seconds()
		}()
	}
	done.Wait()
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum
}
