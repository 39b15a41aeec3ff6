package simd

import (
	"math"

	"shadegrad/compute/philox"
)

// philoxKeys returns the two words that each round of a seed's blocks has.
func philoxKeys(seed uint64) (keys [20]uint32) {
	k0, k1 := uint32(seed), uint32(seed>>32)
	for round := 0; round < len(keys); round += 2 {
		keys[round], keys[round+1] = k0, k1
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return keys
}

// mostDrawn is how many numbers the widest kernel draws at a time.
const mostDrawn = 64

// drawnAtOnce is how many numbers the level's kernel does.
func drawnAtOnce() int {
	if level == AVX512 {
		return mostDrawn
	}
	return mostDrawn / 2
}

// ends divides n elements from number first on into those before the first whole group of
// the kernels, which are numbers skip, skip+1, … of one, and groups; what is left is the
// beginning of another.
func ends(first uint64, n, group int) (skip, head, groups int) {
	if skip = int(first % drawn); skip != 0 {
		head = min(n, group-skip)
	}
	return skip, head, (n - head) / group
}

func uniform(dst []float32, s philox.Stream, first uint64) {
	if level == Off {
		uniformGo(dst, s, first)
		return
	}
	keys, group := philoxKeys(s.Seed), drawnAtOnce()
	skip, head, groups := ends(first, len(dst), group)
	var few [mostDrawn]float32
	if head > 0 {
		uniformGroups(few[:], 1, &keys, s.ID, first/drawn)
		copy(dst[:head], few[skip:])
		dst, first = dst[head:], first+uint64(head)
	}
	if groups > 0 {
		uniformGroups(dst, groups, &keys, s.ID, first/drawn)
		dst, first = dst[groups*group:], first+uint64(groups*group)
	}
	if len(dst) > 0 {
		uniformGroups(few[:], 1, &keys, s.ID, first/drawn)
		copy(dst, few[:])
	}
}

func uniformGroups(dst []float32, groups int, keys *[20]uint32, id, block uint64) {
	if level == AVX512 {
		uniformAVX512(&dst[0], groups, &keys[0], id, block)
	} else {
		uniformAVX2(&dst[0], groups, &keys[0], id, block)
	}
}

func dropout(dst, src []float32, s philox.Stream, first uint64, threshold uint32, factor float32) {
	if level == Off {
		dropoutGo(dst, src, s, first, threshold, factor)
		return
	}
	keys, group := philoxKeys(s.Seed), drawnAtOnce()
	least := int32(min(threshold, 1<<16)) - 1
	skip, head, groups := ends(first, len(dst), group)
	var few [mostDrawn]float32
	if head > 0 {
		copy(few[skip:], src[:head])
		dropoutGroups(few[:], few[:], 1, &keys, s.ID, first/drawn, least, factor)
		copy(dst[:head], few[skip:])
		dst, src, first = dst[head:], src[head:], first+uint64(head)
	}
	if groups > 0 {
		dropoutGroups(dst, src, groups, &keys, s.ID, first/drawn, least, factor)
		dst, src, first = dst[groups*group:], src[groups*group:], first+uint64(groups*group)
	}
	if len(dst) > 0 {
		copy(few[:], src)
		dropoutGroups(few[:], few[:], 1, &keys, s.ID, first/drawn, least, factor)
		copy(dst, few[:])
	}
}

func dropoutGroups(dst, src []float32, groups int, keys *[20]uint32, id, block uint64, least int32, factor float32) {
	if level == AVX512 {
		dropoutAVX512(&dst[0], &src[0], groups, &keys[0], id, block, least, factor)
	} else {
		dropoutAVX2(&dst[0], &src[0], groups, &keys[0], id, block, least, factor)
	}
}

func dropBytes(x []byte, s philox.Stream, first uint64, threshold uint32) {
	if level == Off {
		dropBytesGo(x, s, first, threshold)
		return
	}
	keys, group := philoxKeys(s.Seed), drawnAtOnce()
	least := int32(min(threshold, 1<<16)) - 1
	skip, head, groups := ends(first, len(x), group)
	var few [mostDrawn]byte
	if head > 0 {
		copy(few[skip:], x[:head])
		dropByteGroups(few[:], 1, &keys, s.ID, first/drawn, least)
		copy(x[:head], few[skip:])
		x, first = x[head:], first+uint64(head)
	}
	if groups > 0 {
		dropByteGroups(x, groups, &keys, s.ID, first/drawn, least)
		x, first = x[groups*group:], first+uint64(groups*group)
	}
	if len(x) > 0 {
		copy(few[:], x)
		dropByteGroups(few[:], 1, &keys, s.ID, first/drawn, least)
		copy(x, few[:])
	}
}

func dropByteGroups(x []byte, groups int, keys *[20]uint32, id, block uint64, least int32) {
	if level == AVX512 {
		dropBytesAVX512(&x[0], groups, &keys[0], id, block, least)
	} else {
		dropBytesAVX2(&x[0], groups, &keys[0], id, block, least)
	}
}

// mostWide is the largest side of an image whose sums are whole numbers that float32 has.
const mostWide = 1 << 20

// small tells whether the kernels' 32 bits are enough for an image.
func (s *Sampler) small() bool {
	return s.width <= mostWide && s.height <= mostWide && len(s.quads) <= 1<<30
}

func (s *Sampler) makeQuads() {
	vectors := ((s.height+2)*s.ld + 15) / 16
	switch level {
	case AVX512:
		quadsAVX512(&s.quads[0], &s.bytes[0], vectors, s.ld)
	case AVX2:
		quadsAVX2(&s.quads[0], &s.bytes[0], 2*vectors, s.ld)
	default:
		s.quadsGo()
	}
}

func (s *Sampler) warp(dst []byte, fx, fy []float32, ldf int, p *Place) {
	if level == Off || !s.small() {
		s.warpGo(dst, fx, fy, ldf, p)
		return
	}
	place := [12]float32{p.XX, p.XY, p.X0, p.YX, p.YY, p.Y0, p.Alpha, float32(s.width-1) / 2, float32(s.height-1) / 2,
		float32(s.width), float32(s.height), math.Float32frombits(uint32(s.ld))}
	if quads := &s.quads[s.ld+1]; level == AVX512 {
		warpAVX512(&dst[0], quads, &fx[0], &fy[0], ldf, s.width, s.height, &place[0])
	} else {
		warpAVX2(&dst[0], quads, &fx[0], &fy[0], ldf, s.width, s.height, &place[0])
	}
}
