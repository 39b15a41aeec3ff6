package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// eachLevel runs a test at every level that the machine has.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	before := Current()
	defer Set(before)
	for _, l := range Levels() {
		t.Run(l.String(), func(t *testing.T) {
			Set(l)
			test(t)
		})
	}
}

// lengths are those up to 130, which reach every tail of every loop, and some more.
func lengths() []int {
	var n []int
	for i := range 131 {
		n = append(n, i)
	}
	return append(n, 200, 255, 256, 257, 511, 513, 800, 1000, 2500)
}

// An arena hands out slices in memory that is watched: bytes before and after each
// must keep their values, and where the system allows it (see newRegion) a slice
// ends or begins at a page that may not even be read. Slices begin at any multiple
// of their element's size.
type arena struct {
	rng     *rand.Rand
	regions [][]byte
	spans   [][2]int // the allocated part of each region
	used    int
}

const (
	regionSize = 1 << 18
	guardSize  = 256
	guardByte  = 0xa5
)

// idle are regions that no test uses: a system has only so many mappings.
var idle [][]byte

func newArena(t *testing.T, seed uint64) *arena {
	a := &arena{rng: rand.New(rand.NewPCG(seed, 1))}
	t.Cleanup(func() { idle = append(idle, a.regions...) })
	return a
}

func alloc[T float32 | uint64 | uint32 | byte](a *arena, n int) []T {
	if a.used == len(a.regions) {
		if len(idle) == 0 {
			idle = append(idle, newRegion(regionSize))
		}
		a.regions = append(a.regions, idle[len(idle)-1])
		idle = idle[:len(idle)-1]
		a.spans = append(a.spans, [2]int{})
	}
	region := a.regions[a.used]
	size := int(unsafe.Sizeof(*new(T)))
	bytes := n * size
	if bytes > len(region)-2*guardSize {
		panic(fmt.Sprintf("%d bytes do not fit in a region", bytes))
	}
	var begin int
	switch a.rng.IntN(3) {
	case 0:
		begin = 0
	case 1:
		begin = len(region) - bytes
	case 2:
		begin = guardSize + size*a.rng.IntN(min(64, (len(region)-bytes-2*guardSize)/size+1))
	}
	a.spans[a.used] = [2]int{begin, begin + bytes}
	a.used++
	for i := max(0, begin-guardSize); i < begin; i++ {
		region[i] = guardByte
	}
	for i := begin + bytes; i < min(len(region), begin+bytes+guardSize); i++ {
		region[i] = guardByte
	}
	if n == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&region[begin])), n)
}

// check reports bytes changed round the slices handed out, which it takes back.
func (a *arena) check(t *testing.T, format string, args ...any) {
	t.Helper()
	for k, span := range a.spans[:a.used] {
		region := a.regions[k]
		for i := max(0, span[0]-guardSize); i < min(len(region), span[1]+guardSize); i++ {
			if (i < span[0] || i >= span[1]) && region[i] != guardByte {
				t.Fatalf("%s: slice %d of %d bytes: byte %d was written", fmt.Sprintf(format, args...), k, span[1]-span[0], i-span[0])
			}
		}
	}
	a.used = 0
}

// normals are n numbers from the standard normal distribution.
func normals(a *arena, n int) []float32 {
	x := alloc[float32](a, n)
	for i := range x {
		x[i] = float32(a.rng.NormFloat64())
	}
	return x
}

// copyOf copies x to another place.
func copyOf(a *arena, x []float32) []float32 {
	y := alloc[float32](a, len(x))
	copy(y, x)
	return y
}

// specials are values where arithmetic has corners.
var specials = []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.NaN()),
	float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32,
	math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-39, -1e-39, 0.5, 1e-20, 3e38, 88, -88, 104, -104}

// same reports whether two numbers have the same bits, or are both NaN.
func same(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

// near reports whether got is within tol of want, or the same infinity or NaN.
func near(got float32, want, tol float64) bool {
	if math.IsNaN(want) {
		return got != got
	}
	if math.IsInf(want, 0) || math.Abs(want) > math.MaxFloat32 {
		return math.IsInf(float64(got), int(math.Copysign(1, want)))
	}
	return math.Abs(float64(got)-want) <= tol
}

// unit is float32's rounding error.
const unit = 1.0 / (1 << 24)
