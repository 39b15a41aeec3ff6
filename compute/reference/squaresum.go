package reference

import "shadegrad/compute"

func init() { register(squareSum) }

func squareSum(o compute.SquareSum, _ compute.Args, m Memory) {
	dst := NewMatrix(1, 1)
	dst.Val[0] = Squares(m.Load(o.Src).Val)
	m.Store(o.Dst, dst)
}

// Squares returns Σx².
func Squares(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}
