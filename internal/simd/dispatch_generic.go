//go:build !amd64

package simd

// Without kernels for this processor everything runs in Go.

func add(dst, x []float32)                         { addGo(dst, x) }
func addBias(dst, bias []float32)                  { addBiasGo(dst, bias) }
func biasReLU(dst, bias []float32)                 { biasReLUGo(dst, bias) }
func relu(dst []float32)                           { reluGo(dst) }
func deltaReLU(dst, back, y []float32)             { deltaReLUGo(dst, back, y) }
func deltaSigmoid(dst, back, y []float32)          { deltaSigmoidGo(dst, back, y) }
func deltaTanh(dst, back, y []float32)             { deltaTanhGo(dst, back, y) }
func sgd(w, g []float32, rate float32)             { sgdGo(w, g, rate) }
func momentum(w, v, g []float32, rate, mu float32) { momentumGo(w, v, g, rate, mu) }
func exp(dst []float32)                            { expGo(dst) }
func sigmoid(dst []float32)                        { sigmoidGo(dst) }
func tanh(dst []float32)                           { tanhGo(dst) }
func softmax(z []float32, cols int)                { softmaxGo(z, cols) }
func columnSum(dst, src []float32)                 { columnSumGo(dst, src) }
func dot(x, y []float32) float32                   { return dotGo(x, y) }
func addScaledRows(w []float32, ld int, idx []int32, val, x []float32, alpha float32) int {
	return addScaledRowsGo(w, ld, idx, val, x, alpha)
}
func compact(idx []int32, val []float32, src []byte, scale float32) int {
	return compactGo(idx, val, src, scale)
}
func compactRows(start, idx []int32, val []float32, src []byte, cols int, scale float32) {
	compactRowsGo(start, idx, val, src, cols, scale)
}
func gatherTranspose(dst, src []byte, cols, lo, hi int, index []uint32) {
	gatherTransposeGo(dst, src, cols, lo, hi, index)
}
func fmaPeak(iterations int) int { return fmaPeakGo(iterations) }

func sumRows(dst []float32, n, ldo int, rows []float32, ld int, l Lists, keep bool) int {
	return sumRowsGo(dst, n, ldo, rows, ld, l, keep)
}

func sumRowsSGD(w []float32, n, ldo int, rows []float32, ld int, l Lists, rate float32) int {
	return sumRowsSGDGo(w, n, ldo, rows, ld, l, rate)
}

func sumRowsMomentum(w, v []float32, n, ldo int, rows []float32, ld int, l Lists, rate, mu float32) int {
	return sumRowsMomentumGo(w, v, n, ldo, rows, ld, l, rate, mu)
}
