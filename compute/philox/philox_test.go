package philox

import (
	"math"
	"testing"
)

// TestBlockKnownAnswers checks the known answers for philox4x32-10 of the authors' library
// Random123.
func TestBlockKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		key       [2]uint32
		ctr, want [4]uint32
	}{
		{[2]uint32{}, [4]uint32{},
			[4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[2]uint32{0xffffffff, 0xffffffff}, [4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[2]uint32{0xa4093822, 0x299f31d0}, [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Block(c.key, c.ctr); got != c.want {
			t.Errorf("Block(%x, %x) = %x, want %x", c.key, c.ctr, got, c.want)
		}
	}
}

// BenchmarkShuffle shuffles the rows of an epoch of MNIST.
func BenchmarkShuffle(b *testing.B) {
	p := make([]uint32, 60000)
	for b.Loop() {
		Stream{Seed: 1, ID: 2}.Shuffle(p)
	}
}

// moments returns the mean and the variance of n draws.
func moments(n int, draw func(uint64) float64) (mean, variance float64) {
	for i := range n {
		x := draw(uint64(i))
		mean += x
		variance += x * x
	}
	mean /= float64(n)
	return mean, variance/float64(n) - mean*mean
}

func TestMoments(t *testing.T) {
	const n = 200_000
	s := Stream{Seed: 7, ID: 3}
	for _, c := range []struct {
		name           string
		draw           func(uint64) float64
		mean, variance float64
	}{
		{"uniform", s.Uniform, 0.5, 1. / 12},
		{"normal", s.Normal, 0, 1},
	} {
		mean, variance := moments(n, c.draw)
		// Five standard errors; the draws are fixed, so this never flickers.
		if math.Abs(mean-c.mean) > 5*math.Sqrt(c.variance/n) {
			t.Errorf("%s: mean %g, want %g", c.name, mean, c.mean)
		}
		if math.Abs(variance-c.variance) > 0.02*c.variance {
			t.Errorf("%s: variance %g, want %g", c.name, variance, c.variance)
		}
	}
}

func TestShuffle(t *testing.T) {
	p, q := make([]uint32, 1000), make([]uint32, 1000)
	Stream{Seed: 1, ID: 1}.Shuffle(p)
	Stream{Seed: 1, ID: 2}.Shuffle(q)
	seen := make(map[uint32]bool)
	fixed, equal := 0, 0
	for i := range p {
		seen[p[i]] = true
		if int(p[i]) == i {
			fixed++
		}
		if p[i] == q[i] {
			equal++
		}
	}
	if len(seen) != len(p) {
		t.Errorf("%d different entries of %d", len(seen), len(p))
	}
	// Either count has mean 1 and variance 1 for independent permutations.
	if fixed > 8 || equal > 8 {
		t.Errorf("%d entries in place, %d the same in two streams: not shuffled", fixed, equal)
	}
	r := make([]uint32, 1000)
	Stream{Seed: 1, ID: 1}.Shuffle(r)
	for i := range p {
		if p[i] != r[i] {
			t.Fatalf("the same stream gave two permutations")
		}
	}
}

// TestHalves draws halves one by one and many together, from any place within a block.
func TestHalves(t *testing.T) {
	s := Stream{Seed: 0x123456789abcdef0, ID: 1<<63 | 5}
	for _, first := range []uint64{0, 1, 7, 8, 13, 1<<35 - 3} {
		for _, n := range []int{0, 1, 7, 8, 9, 40} {
			got := make([]uint16, n)
			s.Halves(got, first)
			for i, h := range got {
				e := first + uint64(i)
				b := Block([2]uint32{0x9abcdef0, 0x12345678}, [4]uint32{uint32(e / 8), uint32(e / 8 >> 32), 5, 1 << 31})
				want := uint16(b[e%8/2])
				if e%2 == 1 {
					want = uint16(b[e%8/2] >> 16)
				}
				if h != want || s.Half(e) != want {
					t.Fatalf("half %d is %#x among %d from %d, %#x alone, want %#x", e, h, n, first, s.Half(e), want)
				}
			}
		}
	}
}

// TestHalf compares each half with the words of its block, at any index.
func TestHalf(t *testing.T) {
	s := Stream{Seed: 0x123456789abcdef0, ID: 0xfedcba9876543210}
	for _, i := range []uint64{0, 1, 1<<32 - 1, 1 << 32, 1<<61 - 1} {
		words := Block([2]uint32{0x9abcdef0, 0x12345678}, [4]uint32{uint32(i), uint32(i >> 32), 0x76543210, 0xfedcba98})
		for h := range uint64(8) {
			want := words[h/2] & 0xffff
			if h%2 == 1 {
				want = words[h/2] >> 16
			}
			if got := s.Half(8*i + h); uint32(got) != want {
				t.Errorf("half %d of block %d is %04x, want %04x", h, i, got, want)
			}
		}
	}
}

// TestHalfMoments checks that the halves are uniform: all together, at each place in a block, and
// independent of their neighbours.
func TestHalfMoments(t *testing.T) {
	const n = 80_000
	s := Stream{Seed: 11, ID: 5}
	u := func(e uint64) float64 { return (2*float64(s.Half(e))+1)/65536 - 1 }
	check := func(what string, draws int, draw func(uint64) float64, mean, variance float64) {
		t.Helper()
		m, v := moments(draws, draw)
		if math.Abs(m-mean) > 5*math.Sqrt(variance/float64(draws)) || math.Abs(v-variance) > 0.05*variance {
			t.Errorf("%s: mean %g and variance %g, want %g and %g", what, m, v, mean, variance)
		}
	}
	check("all", n, u, 0, 1./3)
	for h := range uint64(8) {
		check("one place", n/8, func(i uint64) float64 { return u(8*i + h) }, 0, 1./3)
		check("neighbours", n/8, func(i uint64) float64 { return u(8*i+h) * u(8*i+h+1) }, 0, 1./9)
	}
	other := Stream{Seed: 11, ID: 6}
	check("two streams", n, func(e uint64) float64 { return u(e) * ((2*float64(other.Half(e))+1)/65536 - 1) }, 0, 1./9)
	// All 2¹⁶ numbers are equally likely; 256 classes of them give enough draws for the test.
	var counts [256]int
	for e := range uint64(n) {
		counts[s.Half(e)>>8]++
	}
	chi := 0.
	for _, c := range counts {
		chi += (float64(c) - n/256.) * (float64(c) - n/256.) / (n / 256.)
	}
	// Five standard deviations of 255 degrees of freedom.
	if math.Abs(chi-255) > 5*math.Sqrt(2*255) {
		t.Errorf("χ² is %g, with 255 degrees of freedom", chi)
	}
}
