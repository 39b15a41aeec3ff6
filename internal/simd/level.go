package simd

import (
	"fmt"
	"os"
)

// A Level is a set of instructions that the kernels use. Higher levels include
// the lower ones.
type Level int

const (
	Off    Level = iota // plain Go
	AVX2                // 256 bits: AVX2, FMA and BMI1
	AVX512              // 512 bits: AVX-512 F, VL, BW and DQ
)

var levelNames = [...]string{Off: "off", AVX2: "avx2", AVX512: "avx512"}

// String returns the level as SHADEGRAD_SIMD spells it.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("simd.Level(%d)", int(l))
	}
	return levelNames[l]
}

const variable = "SHADEGRAD_SIMD"

// level is what the kernels are dispatched on, problem why it is not the one that
// was asked for.
var level, problem = choose(os.Getenv(variable), best())

// Current returns the level in use: the one that SHADEGRAD_SIMD names, otherwise
// the best that this machine has.
func Current() Level { return level }

// Problem returns nil, or why SHADEGRAD_SIMD could not be followed. Current is
// then the best level of this machine.
func Problem() error { return problem }

// Levels returns the levels that this machine has, Off first.
func Levels() []Level {
	levels := []Level{Off}
	for l := AVX2; l <= best(); l++ {
		levels = append(levels, l)
	}
	return levels
}

// Set changes the level. It is for tests and benchmarks, which visit each of
// Levels; nothing may be computing meanwhile. It panics for a level that this
// machine does not have.
func Set(l Level) {
	if l < Off || l > best() {
		panic(fmt.Sprintf("simd: Set: this machine has no %v", l))
	}
	level = l
}

// choose finds the level for the value of SHADEGRAD_SIMD on a machine whose best
// level is given.
func choose(word string, best Level) (Level, error) {
	if word == "" {
		return best, nil
	}
	for l, name := range levelNames {
		if word != name {
			continue
		}
		if Level(l) > best {
			return best, fmt.Errorf("%s=%s: this machine does not have it; the best it has is %v", variable, word, best)
		}
		return Level(l), nil
	}
	return best, fmt.Errorf("%s=%q: must be off, avx2 or avx512", variable, word)
}
