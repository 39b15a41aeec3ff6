package simd

import (
	"fmt"
	"os"
	"slices"
)

// A Level is a set of instructions that kernels use. Of the levels of one machine, a higher
// level includes the lower ones.
type Level int

const (
	Off    Level = iota // plain Go
	AVX2                // amd64, 256 bits: AVX2, FMA and BMI1
	AVX512              // amd64, 512 bits: AVX-512 F, VL, BW and DQ
	NEON                // arm64, 128 bits: Advanced SIMD, which every arm64 processor has
)

var levelNames = [...]string{Off: "off", AVX2: "avx2", AVX512: "avx512", NEON: "neon"}

// String returns the level as in SHADEGRAD_SIMD.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("simd.Level(%d)", int(l))
	}
	return levelNames[l]
}

const environment = "SHADEGRAD_SIMD"

// level selects the kernels. problem is the reason if it is not the requested level.
var level, problem = choose(os.Getenv(environment), Levels())

// Current returns the level in use: the level of SHADEGRAD_SIMD if it is set, otherwise the best
// level of this machine.
func Current() Level { return level }

// Problem returns an error if SHADEGRAD_SIMD is invalid. Current is then the best
// level of this machine.
func Problem() error { return problem }

// Levels returns the levels that this machine supports, Off first and the best last.
func Levels() []Level { return append([]Level{Off}, vectorLevels()...) }

// Set changes the level. It is for tests and benchmarks of each of Levels. No kernel
// may run at the same time. Set panics if this machine does not support the level.
func Set(l Level) {
	if !slices.Contains(Levels(), l) {
		panic(fmt.Sprintf("simd: Set: this machine has no %v", l))
	}
	level = l
}

// choose returns the level for a value of SHADEGRAD_SIMD on a machine with the given levels.
func choose(word string, levels []Level) (Level, error) {
	best := levels[len(levels)-1]
	if word == "" {
		return best, nil
	}
	l := Level(slices.Index(levelNames[:], word))
	switch {
	case l < 0:
		return best, fmt.Errorf("%s=%q: must be off, avx2, avx512 or neon", environment, word)
	case !slices.Contains(levels, l):
		return best, fmt.Errorf("%s=%s: this machine does not have it; the best it has is %v", environment, word, best)
	}
	return l, nil
}
