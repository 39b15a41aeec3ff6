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

func sumRows(dst []float32, n, ldo int, rows []float32, ld int, l Lists, keep bool) int {
	switch level {
	case AVX512:
		return sumRowsAVX512(&dst[0], unsafe.SliceData(rows), n, ldo, ld, len(rows)-n,
			&l.Start[0], l.Step, l.Len(), unsafe.SliceData(l.Idx), unsafe.SliceData(l.Val), keep)
	case AVX2:
		return sumRowsAVX2(&dst[0], unsafe.SliceData(rows), n, ldo, ld, len(rows)-n,
			&l.Start[0], l.Step, l.Len(), unsafe.SliceData(l.Idx), unsafe.SliceData(l.Val), keep)
	}
	return sumRowsGo(dst, n, ldo, rows, ld, l, keep)
}

func sumRowsSGD(w []float32, n, ldo int, rows []float32, ld int, l Lists, rate float32) int {
	switch level {
	case AVX512:
		return sumRowsSGDAVX512(&w[0], unsafe.SliceData(rows), n, ldo, ld, len(rows)-n,
			&l.Start[0], l.Step, l.Len(), unsafe.SliceData(l.Idx), unsafe.SliceData(l.Val), rate)
	case AVX2:
		return sumRowsSGDAVX2(&w[0], unsafe.SliceData(rows), n, ldo, ld, len(rows)-n,
			&l.Start[0], l.Step, l.Len(), unsafe.SliceData(l.Idx), unsafe.SliceData(l.Val), rate)
	}
	return sumRowsSGDGo(w, n, ldo, rows, ld, l, rate)
}

func sumRowsMomentum(w, v []float32, n, ldo int, rows []float32, ld int, l Lists, rate, mu float32) int {
	switch level {
	case AVX512:
		return sumRowsMomentumAVX512(&w[0], &v[0], unsafe.SliceData(rows), n, ldo, ld, len(rows)-n,
			&l.Start[0], l.Step, l.Len(), unsafe.SliceData(l.Idx), unsafe.SliceData(l.Val), rate, mu)
	case AVX2:
		return sumRowsMomentumAVX2(&w[0], &v[0], unsafe.SliceData(rows), n, ldo, ld, len(rows)-n,
			&l.Start[0], l.Step, l.Len(), unsafe.SliceData(l.Idx), unsafe.SliceData(l.Val), rate, mu)
	}
	return sumRowsMomentumGo(w, v, n, ldo, rows, ld, l, rate, mu)
}

func addScaledRows(w []float32, ld int, idx []int32, val, x []float32, alpha float32) int {
	switch level {
	case AVX512:
		return addScaledRowsAVX512(unsafe.SliceData(w), len(x), ld, len(w)-len(x), &idx[0], &val[0], len(idx), &x[0], alpha)
	case AVX2:
		return addScaledRowsAVX2(unsafe.SliceData(w), len(x), ld, len(w)-len(x), &idx[0], &val[0], len(idx), &x[0], alpha)
	default:
		return addScaledRowsGo(w, ld, idx, val, x, alpha)
	}
}

func compactRows(start, idx []int32, val []float32, src []byte, cols int, scale float32) {
	switch level {
	case AVX512:
		compactRowsAVX512(&start[0], &idx[0], &val[0], &src[0], len(src)/cols, cols, scale)
	case AVX2:
		compactRowsAVX2(&start[0], &idx[0], &val[0], &src[0], len(src)/cols, cols, scale)
	default:
		compactRowsGo(start, idx, val, src, cols, scale)
	}
}

func compact(idx []int32, val []float32, src []byte, scale float32) int {
	var start [2]int32
	switch level {
	case AVX512:
		compactRowsAVX512(&start[0], &idx[0], &val[0], &src[0], 1, len(src), scale)
	case AVX2:
		compactRowsAVX2(&start[0], &idx[0], &val[0], &src[0], 1, len(src), scale)
	default:
		return compactGo(idx, val, src, scale)
	}
	return int(start[1])
}

// gatherTranspose leaves to Go the rows that make no group, and AVX2's columns that
// make no vector.
func gatherTranspose(dst, src []byte, cols, lo, hi int, index []uint32) {
	group, vector := 0, 1
	switch level {
	case AVX512:
		group = 16
	case AVX2:
		group, vector = 8, 32
	default:
		gatherTransposeGo(dst, src, cols, lo, hi, index)
		return
	}
	m := len(index)
	rows, width := m/group*group, (hi-lo)/vector*vector
	if rows > 0 && width > 0 {
		if level == AVX512 {
			gatherTransposeAVX512(&dst[0], &src[lo], cols, width, &index[0], rows/group, m)
		} else {
			gatherTransposeAVX2(&dst[0], &src[lo], cols, width, &index[0], rows/group, m)
		}
	}
	for i, r := range index {
		from := lo
		if i < rows {
			from += width
		}
		for j := from; j < hi; j++ {
			dst[(j-lo)*m+i] = src[int(r)*cols+j]
		}
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
