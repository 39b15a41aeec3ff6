// Package philox draws counter-based random numbers with Philox4x32-10, from
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (SC 2011). A number is a function of a seed, a stream and an index. It does not depend on the
// order of the draws or on the number of threads, so initial weights and shuffles are the same
// on every backend.
package philox

import (
	"math"
	"runtime"
	"sync"
)

// The multipliers and the Weyl increments of the paper's table 2.
const (
	m0 = 0xD2511F53
	m1 = 0xCD9E8D57
	w0 = 0x9E3779B9
	w1 = 0xBB67AE85
)

// Block returns the four words of a counter under a key.
func Block(key [2]uint32, ctr [4]uint32) [4]uint32 {
	for round := 0; round < 10; round++ {
		p0 := uint64(m0) * uint64(ctr[0])
		p1 := uint64(m1) * uint64(ctr[2])
		ctr = [4]uint32{
			uint32(p1>>32) ^ ctr[1] ^ key[0], uint32(p1),
			uint32(p0>>32) ^ ctr[3] ^ key[1], uint32(p0),
		}
		key[0] += w0
		key[1] += w1
	}
	return ctr
}

// A Stream is one of 2⁶⁴ independent sequences of a seed.
type Stream struct {
	Seed uint64 // the key
	ID   uint64 // the upper half of the counter
}

// block returns four words at index i of the stream.
func (s Stream) block(i uint64) [4]uint32 {
	return Block([2]uint32{uint32(s.Seed), uint32(s.Seed >> 32)},
		[4]uint32{uint32(i), uint32(i >> 32), uint32(s.ID), uint32(s.ID >> 32)})
}

// Uint64 returns the bits at index i.
func (s Stream) Uint64(i uint64) uint64 {
	b := s.block(i)
	return uint64(b[1])<<32 | uint64(b[0])
}

// Half returns 16 bits at index e: half e%8 of the four words at index e/8, where the lower half of
// a word comes first.
func (s Stream) Half(e uint64) uint16 {
	b := s.block(e / 8)
	return uint16(b[e%8/2] >> (16 * (e % 2)))
}

// Halves writes the results of Half at indices e, e+1, … to dst. It computes each block once.
func (s Stream) Halves(dst []uint16, e uint64) {
	var b [4]uint32
	for i := range dst {
		at := e + uint64(i)
		if i == 0 || at%8 == 0 {
			b = s.block(at / 8)
		}
		dst[i] = uint16(b[at%8/2] >> (16 * (at % 2)))
	}
}

// Uniform returns a number in [0, 1), a multiple of 2⁻⁵³.
func (s Stream) Uniform(i uint64) float64 { return float64(s.Uint64(i)>>11) * 0x1p-53 }

// Normal returns a number from the standard normal distribution, by the
// transformation of Box and Muller (1958).
func (s Stream) Normal(i uint64) float64 {
	b := s.block(i)
	// u is in (0, 1], so that its logarithm is finite.
	u := (float64(uint64(b[1])<<32|uint64(b[0])) + 1) * 0x1p-64
	v := float64(uint64(b[3])<<32|uint64(b[2])) * 0x1p-64
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}

// Shuffle puts a random permutation of 0 … len(p)−1 into p, by the algorithm of
// Fisher and Yates in the form of Durstenfeld (1964).
func (s Stream) Shuffle(p []uint32) {
	// The draws take longer than the swaps and do not depend on each other, so all
	// processors share them. The swaps are sequential.
	drawn := make([]uint32, len(p))
	const minDraws = 1 << 13 // that are worth a goroutine
	parts := max(1, min(runtime.GOMAXPROCS(0), len(p)/minDraws))
	var wg sync.WaitGroup
	for part := range parts {
		lo, hi := part*len(p)/parts, (part+1)*len(p)/parts
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := lo; i < hi; i++ {
				// The remainder favours low numbers by less than n/2⁶⁴.
				drawn[i] = uint32(s.Uint64(uint64(i)) % uint64(i+1))
				p[i] = uint32(i)
			}
		}()
	}
	wg.Wait()
	for i := len(p) - 1; i > 0; i-- {
		j := drawn[i]
		p[i], p[j] = p[j], p[i]
	}
}
