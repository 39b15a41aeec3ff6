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
func bitmap(dst []uint64, src []byte)              { bitmapGo(dst, src) }
func fmaPeak(iterations int) int                   { return fmaPeakGo(iterations) }

func average(dst, x []float32, weight float32) { averageGo(dst, x, weight) }
func scale(dst []float32, factor float32)      { scaleGo(dst, factor) }
func mulRows(dst, factors []float32)           { mulRowsGo(dst, factors) }
func columnSquares(dst, src []float32)         { columnSquaresGo(dst, src) }
func squareSum(x []float32) float64            { return squareSumGo(x) }
func leakyReLU(dst []float32, leak float32)    { leakyReLUGo(dst, leak) }
func scaledTanh(dst []float32, a, b float32)   { scaledTanhGo(dst, a, b) }
func stepSGD(p *Step, w, g []float32)          { stepSGDGo(p, w, g) }
func stepMomentum(p *Step, w, v, g []float32)  { stepMomentumGo(p, w, v, g) }
func stepNesterov(p *Step, w, v, g []float32)  { stepNesterovGo(p, w, v, g) }
func stepRMSProp(p *Step, w, s, g []float32)   { stepRMSPropGo(p, w, s, g) }
func stepAdam(p *Step, w, v, s, g []float32)   { stepAdamGo(p, w, v, s, g) }

func deltaLeakyReLU(dst, back, y []float32, leak float32) { deltaLeakyReLUGo(dst, back, y, leak) }

func deltaScaledTanh(dst, back, y []float32, a, slope float32) {
	deltaScaledTanhGo(dst, back, y, a, slope)
}

func prefetchRows(src []byte, cols int, index []uint32) {}

func gatherTranspose(dst []byte, ldd int, src []byte, cols, lo, hi int, index []uint32) {
	gatherTransposeGo(dst, ldd, src, cols, lo, hi, index)
}

func sparseMul(dst []float32, n, ldd int, s Sparse, m []float32, ldm int, keep bool) {
	sparseMulGo(dst, n, ldd, s, m, ldm, keep)
}

func sparseSGD(w []float32, n, ldw int, s Sparse, m []float32, ldm int, rate float32) {
	sparseSGDGo(w, n, ldw, s, m, ldm, rate)
}

func sparseMomentum(w, v []float32, n, ldw int, s Sparse, m []float32, ldm int, rate, mu float32) {
	sparseMomentumGo(w, v, n, ldw, s, m, ldm, rate, mu)
}

func sparseRank1(m []float32, ldm int, s Sparse, x []float32, alpha float32) {
	sparseRank1Go(m, ldm, s, x, alpha)
}
