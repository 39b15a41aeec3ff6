package simd

import "unsafe"

func add(dst, x []float32) {
	switch level {
	case AVX512:
		addAVX512(&dst[0], &x[0], len(dst))
	case AVX2:
		addAVX2(&dst[0], &x[0], len(dst))
	default:
		addGo(dst, x)
	}
}

func addBias(dst, bias []float32) {
	switch level {
	case AVX512:
		addBiasAVX512(&dst[0], &bias[0], len(dst)/len(bias), len(bias))
	case AVX2:
		addBiasAVX2(&dst[0], &bias[0], len(dst)/len(bias), len(bias))
	default:
		addBiasGo(dst, bias)
	}
}

func biasReLU(dst, bias []float32) {
	switch level {
	case AVX512:
		biasReLUAVX512(&dst[0], &bias[0], len(dst)/len(bias), len(bias))
	case AVX2:
		biasReLUAVX2(&dst[0], &bias[0], len(dst)/len(bias), len(bias))
	default:
		biasReLUGo(dst, bias)
	}
}

func relu(dst []float32) {
	switch level {
	case AVX512:
		reluAVX512(&dst[0], len(dst))
	case AVX2:
		reluAVX2(&dst[0], len(dst))
	default:
		reluGo(dst)
	}
}

func deltaReLU(dst, back, y []float32) {
	switch level {
	case AVX512:
		deltaReLUAVX512(&dst[0], &back[0], &y[0], len(dst))
	case AVX2:
		deltaReLUAVX2(&dst[0], &back[0], &y[0], len(dst))
	default:
		deltaReLUGo(dst, back, y)
	}
}

func deltaSigmoid(dst, back, y []float32) {
	switch level {
	case AVX512:
		deltaSigmoidAVX512(&dst[0], &back[0], &y[0], len(dst))
	case AVX2:
		deltaSigmoidAVX2(&dst[0], &back[0], &y[0], len(dst))
	default:
		deltaSigmoidGo(dst, back, y)
	}
}

func deltaTanh(dst, back, y []float32) {
	switch level {
	case AVX512:
		deltaTanhAVX512(&dst[0], &back[0], &y[0], len(dst))
	case AVX2:
		deltaTanhAVX2(&dst[0], &back[0], &y[0], len(dst))
	default:
		deltaTanhGo(dst, back, y)
	}
}

func sgd(w, g []float32, rate float32) {
	switch level {
	case AVX512:
		sgdAVX512(&w[0], &g[0], len(w), rate)
	case AVX2:
		sgdAVX2(&w[0], &g[0], len(w), rate)
	default:
		sgdGo(w, g, rate)
	}
}

func momentum(w, v, g []float32, rate, mu float32) {
	switch level {
	case AVX512:
		momentumAVX512(&w[0], &v[0], &g[0], len(w), rate, mu)
	case AVX2:
		momentumAVX2(&w[0], &v[0], &g[0], len(w), rate, mu)
	default:
		momentumGo(w, v, g, rate, mu)
	}
}

func exp(dst []float32) {
	switch level {
	case AVX512:
		expAVX512(&dst[0], len(dst))
	case AVX2:
		expAVX2(&dst[0], len(dst))
	default:
		expGo(dst)
	}
}

func sigmoid(dst []float32) {
	switch level {
	case AVX512:
		sigmoidAVX512(&dst[0], len(dst))
	case AVX2:
		sigmoidAVX2(&dst[0], len(dst))
	default:
		sigmoidGo(dst)
	}
}

func tanh(dst []float32) {
	switch level {
	case AVX512:
		tanhAVX512(&dst[0], len(dst))
	case AVX2:
		tanhAVX2(&dst[0], len(dst))
	default:
		tanhGo(dst)
	}
}

func softmax(z []float32, cols int) {
	switch level {
	case AVX512:
		softmaxAVX512(&z[0], len(z)/cols, cols)
	case AVX2:
		softmaxAVX2(&z[0], len(z)/cols, cols)
	default:
		softmaxGo(z, cols)
	}
}

func columnSum(dst, src []float32) {
	switch level {
	case AVX512:
		columnSumAVX512(&dst[0], unsafe.SliceData(src), len(src)/len(dst), len(dst))
	case AVX2:
		columnSumAVX2(&dst[0], unsafe.SliceData(src), len(src)/len(dst), len(dst))
	default:
		columnSumGo(dst, src)
	}
}

func dot(x, y []float32) float32 {
	switch level {
	case AVX512:
		return dotAVX512(&x[0], &y[0], len(x))
	case AVX2:
		return dotAVX2(&x[0], &y[0], len(x))
	default:
		return dotGo(x, y)
	}
}

func deltaScaledTanh(dst, back, y []float32, a, slope float32) {
	switch level {
	case AVX512:
		deltaScaledTanhAVX512(&dst[0], &back[0], &y[0], len(dst), a, slope)
	case AVX2:
		deltaScaledTanhAVX2(&dst[0], &back[0], &y[0], len(dst), a, slope)
	default:
		deltaScaledTanhGo(dst, back, y, a, slope)
	}
}

func leakyReLU(dst []float32, leak float32) {
	switch level {
	case AVX512:
		leakyReLUAVX512(&dst[0], len(dst), leak)
	case AVX2:
		leakyReLUAVX2(&dst[0], len(dst), leak)
	default:
		leakyReLUGo(dst, leak)
	}
}

func deltaLeakyReLU(dst, back, y []float32, leak float32) {
	switch level {
	case AVX512:
		deltaLeakyReLUAVX512(&dst[0], &back[0], &y[0], len(dst), leak)
	case AVX2:
		deltaLeakyReLUAVX2(&dst[0], &back[0], &y[0], len(dst), leak)
	default:
		deltaLeakyReLUGo(dst, back, y, leak)
	}
}

func scaledTanh(dst []float32, a, b float32) {
	switch level {
	case AVX512:
		scaledTanhAVX512(&dst[0], len(dst), a, b)
	case AVX2:
		scaledTanhAVX2(&dst[0], len(dst), a, b)
	default:
		scaledTanhGo(dst, a, b)
	}
}

func columnSquares(dst, src []float32) {
	switch level {
	case AVX512:
		columnSquaresAVX512(&dst[0], unsafe.SliceData(src), len(src)/len(dst), len(dst))
	case AVX2:
		columnSquaresAVX2(&dst[0], unsafe.SliceData(src), len(src)/len(dst), len(dst))
	default:
		columnSquaresGo(dst, src)
	}
}

func squareSum(x []float32) float64 {
	switch level {
	case AVX512:
		return float64(dotAVX512(&x[0], &x[0], len(x)))
	case AVX2:
		return float64(dotAVX2(&x[0], &x[0], len(x)))
	default:
		return squareSumGo(x)
	}
}

func sparseMul(dst []float32, n, ldd int, s Sparse, m []float32, ldm int, keep bool) {
	switch level {
	case AVX512:
		sparseMulAVX512(&dst[0], n, ldd, &s.Bytes[0], &s.Bits[0], s.Rows, s.Words, s.Stride, &s.Value[0], unsafe.SliceData(m), ldm, keep)
	case AVX2:
		sparseMulAVX2(&dst[0], n, ldd, &s.Bytes[0], &s.Bits[0], s.Rows, s.Words, s.Stride, &s.Value[0], unsafe.SliceData(m), ldm, keep)
	default:
		sparseMulGo(dst, n, ldd, s, m, ldm, keep)
	}
}

func sparseSGD(w []float32, n, ldw int, s Sparse, m []float32, ldm int, rate float32) {
	switch level {
	case AVX512:
		sparseSGDAVX512(&w[0], n, ldw, &s.Bytes[0], &s.Bits[0], s.Rows, s.Words, s.Stride, &s.Value[0], unsafe.SliceData(m), ldm, rate)
	case AVX2:
		sparseSGDAVX2(&w[0], n, ldw, &s.Bytes[0], &s.Bits[0], s.Rows, s.Words, s.Stride, &s.Value[0], unsafe.SliceData(m), ldm, rate)
	default:
		sparseSGDGo(w, n, ldw, s, m, ldm, rate)
	}
}

func sparseMomentum(w, v []float32, n, ldw int, s Sparse, m []float32, ldm int, rate, mu float32) {
	switch level {
	case AVX512:
		sparseMomentumAVX512(&w[0], &v[0], n, ldw, &s.Bytes[0], &s.Bits[0], s.Rows, s.Words, s.Stride, &s.Value[0], unsafe.SliceData(m), ldm, rate, mu)
	case AVX2:
		sparseMomentumAVX2(&w[0], &v[0], n, ldw, &s.Bytes[0], &s.Bits[0], s.Rows, s.Words, s.Stride, &s.Value[0], unsafe.SliceData(m), ldm, rate, mu)
	default:
		sparseMomentumGo(w, v, n, ldw, s, m, ldm, rate, mu)
	}
}

func sparseRank1(m []float32, ldm int, s Sparse, x []float32, alpha float32) {
	switch level {
	case AVX512:
		sparseRank1AVX512(unsafe.SliceData(m), len(x), ldm, &s.Bytes[0], &s.Bits[0], s.Words, &s.Value[0], &x[0], alpha)
	case AVX2:
		sparseRank1AVX2(unsafe.SliceData(m), len(x), ldm, &s.Bytes[0], &s.Bits[0], s.Words, &s.Value[0], &x[0], alpha)
	default:
		sparseRank1Go(m, ldm, s, x, alpha)
	}
}

func bitmap(dst []uint64, src []byte) {
	switch level {
	case AVX512:
		bitmapAVX512(&dst[0], &src[0], len(dst))
	case AVX2:
		bitmapAVX2(&dst[0], &src[0], len(dst))
	default:
		bitmapGo(dst, src)
	}
}

// gatherTranspose leaves to Go the rows that make no group, and AVX2's columns that
// make no vector.
func gatherTranspose(dst []byte, ldd int, src []byte, cols, lo, hi int, index []uint32) {
	group, vector := 0, 1
	switch level {
	case AVX512:
		group = 16
	case AVX2:
		group, vector = 8, 32
	default:
		gatherTransposeGo(dst, ldd, src, cols, lo, hi, index)
		return
	}
	m := len(index)
	rows, width := m/group*group, (hi-lo)/vector*vector
	if rows > 0 && width > 0 {
		if level == AVX512 {
			gatherTransposeAVX512(&dst[0], &src[lo], cols, width, &index[0], rows/group, ldd)
		} else {
			gatherTransposeAVX2(&dst[0], &src[lo], cols, width, &index[0], rows/group, ldd)
		}
	}
	for i, r := range index {
		from := lo
		if i < rows {
			from += width
		}
		for j := from; j < hi; j++ {
			dst[(j-lo)*ldd+i] = src[int(r)*cols+j]
		}
	}
}

func prefetchRows(src []byte, cols int, index []uint32) {
	switch level {
	case AVX512:
		prefetchRowsAVX512(&src[0], cols, &index[0], len(index))
	case AVX2:
		prefetchRowsAVX2(&src[0], cols, &index[0], len(index))
	}
}

// fmaPeak returns the floating-point operations of a round.
func fmaPeak(iterations int) int {
	switch level {
	case AVX512:
		fmaPeakAVX512(iterations)
		return 24 * 16 * 2
	case AVX2:
		fmaPeakAVX2(iterations)
		return 24 * 8 * 2
	}
	return fmaPeakGo(iterations)
}
