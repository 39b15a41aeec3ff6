package reference

import "shadegrad/compute"

func init() {
	register(columnSum)
	register(squareSum)
}

func columnSum(o compute.ColumnSum, _ compute.Args, m Memory) {
	src := m.Load(o.Src)
	dst := NewMatrix(1, src.Cols)
	for e, v := range src.Val {
		dst.Val[e%src.Cols] += v
	}
	m.Store(o.Dst, dst)
}

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
