package simd

// sumBlock is the number of rows that ColumnSum adds in float32.
const sumBlock = 16

// ColumnSum sums the columns of src, which is rows×len(dst), row-major:
//
//	dst[j] = Σᵢ src[i,j]
//
// It adds blocks of 16 rows in float32, and the sums of the blocks in float64. The error
// is below 16·2⁻²⁴·Σᵢ|src[i,j]| for any number of rows. The order is fixed.
func ColumnSum(dst, src []float32) {
	wholeRows("ColumnSum", len(src), len(dst))
	columnSum(dst, src)
}

func columnSumGo(dst, src []float32) {
	cols := len(dst)
	for j := range dst {
		total := 0.0
		for block := src; len(block) > 0; {
			n := min(sumBlock*cols, len(block))
			sum := float32(0)
			for i := j; i < n; i += cols {
				sum += block[i]
			}
			total += float64(sum)
			block = block[n:]
		}
		dst[j] = float32(total)
	}
}

// ColumnSquares sums the squares of each column of src, which is rows×len(dst), row-major:
//
//	dst[j] = Σᵢ src[i,j]²
//
// It adds in the blocks of ColumnSum.
func ColumnSquares(dst, src []float32) {
	wholeRows("ColumnSquares", len(src), len(dst))
	columnSquares(dst, src)
}

func columnSquaresGo(dst, src []float32) {
	cols := len(dst)
	for j := range dst {
		total := 0.0
		for i := j; i < len(src); i += cols {
			total += float64(src[i]) * float64(src[i])
		}
		dst[j] = float32(total)
	}
}

// squareBlock is the number of elements whose squares SquareSum adds in float32.
const squareBlock = 1024

// SquareSum returns Σᵢ x[i]². It adds blocks of 1024 elements in float32, in at least 32
// parallel sums, and the sums of the blocks in float64. The order is fixed.
func SquareSum(x []float32) float64 {
	total := 0.0
	for ; len(x) > squareBlock; x = x[squareBlock:] {
		total += squareSum(x[:squareBlock])
	}
	return total + squareSum(x)
}

func squareSum(x []float32) float64 {
	if level == Off {
		return squareSumGo(x)
	}
	return float64(dot(x, x))
}

func squareSumGo(x []float32) float64 {
	total := 0.0
	for _, v := range x {
		total += float64(v) * float64(v)
	}
	return total
}

// Dot returns the scalar product Σᵢ x[i]·y[i].
func Dot(x, y []float32) float32 {
	sameLength("Dot", len(x), len(y))
	return dot(x, y)
}

func dotGo(x, y []float32) float32 {
	sum := float32(0)
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}
