//go:build !amd64

package simd

import "shadegrad/compute/philox"

func uniform(dst []float32, s philox.Stream, first uint64) { uniformGo(dst, s, first) }

func dropout(dst, src []float32, s philox.Stream, first uint64, threshold uint32, factor float32) {
	dropoutGo(dst, src, s, first, threshold, factor)
}

func dropBytes(x []byte, s philox.Stream, first uint64, threshold uint32) {
	dropBytesGo(x, s, first, threshold)
}

func (s *Sampler) makeQuads() { s.quadsGo() }

func (s *Sampler) warp(dst []byte, fx, fy []float32, ldf int, p *Place) {
	s.warpGo(dst, fx, fy, ldf, p)
}
