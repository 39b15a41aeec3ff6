// Command peak measures the machine's FMA peak: what all its cores reach together
// when they do nothing but multiply-adds in registers, with the widest vectors
// that shadegrad uses here. It prints one JSON object.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	"shadegrad/cpu"
	"shadegrad/internal/simd"
)

// A result is the printed JSON object.
type result struct {
	Level   string  `json:"level"`   // the instructions: off, avx2, avx512 or neon
	Threads int     `json:"threads"` // all cores
	GFlops  float64 `json:"gflops"`  // 10⁹ operations a second, a multiply-add being two
}

func main() {
	if err := simd.Problem(); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
	}
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(1)
	}
}

// measure prints what the CPU backend's threads reach.
func measure() error {
	b := cpu.New()
	defer b.Close()
	peak, err := b.PeakFlops()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result{simd.Current().String(), runtime.GOMAXPROCS(0), peak / 1e9})
}
