package simd

import (
	"fmt"
	"os"
)

// A Level is a set of instructions that kernels use. A higher level includes the
// lower ones.
type Level int

const (
	Off    Level = iota // plain Go
	AVX2                // 256 bits: AVX2, FMA and BMI1
	AVX512              // 512 bits: AVX-512 F, VL, BW and DQ
)

var levelNames = [...]string{Off: "off", AVX2: "avx2", AVX512: "avx512"}

// String returns the level as in SHADEGRAD_SIMD.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("simd.Level(%d)", int(l))
	}
	return levelNames[l]
}

const environment = "SHADEGRAD_SIMD"

// level selects the kernels. problem is the reason if it is not the requested level.
var level, problem = choose(os.Getenv(environment), best())

// Current returns the level in use: the level of SHADEGRAD_SIMD if it is set, otherwise the best
// level of this machine.
func Current() Level { return level }

// Problem returns an error if SHADEGRAD_SIMD is invalid. Current is then the best
// level of this machine.
func Problem() error { return problem }

// Levels returns the levels that this machine supports, Off first.
func Levels() []Level {
	levels := []Level{Off}
	for l := AVX2; l <= best(); l++ {
		levels = append(levels, l)
	}
	return levels
}

// Set changes the level. It is for tests and benchmarks of each of Levels. No kernel
// may run at the same time. Set panics if this machine does not support the level.
func Set(l Level) {
	if l < Off || l > best() {
		panic(fmt.Sprintf("simd: Set: this machine has no %v", l))
	}
	level = l
}

// choose returns the level for a value of SHADEGRAD_SIMD on a machine with the given
// best level.
func choose(word string, best Level) (Level, error) {
	if word == "" {
		return best, nil
	}
	for l, name := range levelNames {
		if word != name {
			continue
		}
		if Level(l) > best {
			return best, fmt.Errorf("%s=%s: this machine does not have it; the best it has is %v", environment, word, best)
		}
		return Level(l), nil
	}
	return best, fmt.Errorf("%s=%q: must be off, avx2 or avx512", environment, word)
}
