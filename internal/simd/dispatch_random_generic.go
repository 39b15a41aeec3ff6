//go:build !amd64

package simd

import "shadegrad/compute/philox"

func uniform(dst []float32, s philox.Stream, first uint64) { uniformGo(dst, s, first) }

func dropout(dst, src []float32, s philox.Stream, first uint64, threshold uint32, factor float32) {
	dropoutGo(dst, src, s, first, threshold, factor)
}

func warp(dst []byte, quads []uint32, fx, fy []float32, ldf, width, height int, p *Place) {
	warpGo(dst, quads, fx, fy, ldf, width, height, p)
}
