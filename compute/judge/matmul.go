package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.MatMul]{
		bound: boundMatMul,
		roundings: func(o compute.MatMul) int {
			if o.TransA {
				return 2 * o.A.Rows
			}
			return 2 * o.A.Cols
		},
		// The bound of a product with an unknown factor is infinite, unless the other factor is 0 and the backend
		// omits the term.
		unknown: func(o compute.MatMul, p *Problem) func(i, j int) bool {
			rows, cols := unknownLines(p.load(o.A), o.TransA), unknownLines(p.load(o.B), !o.TransB)
			return func(i, j int) bool { return rows[i] || cols[j] }
		},
		kernel: func(o compute.MatMul) string {
			letter := map[bool]string{false: "n", true: "t"}
			return "matmul_" + letter[o.TransA] + letter[o.TransB]
		},
	})
}

// boundMatMul bounds the sums of a product. If a and b may be off by ta and tb, then |a|·|b| plus the effect of
// the errors is at most (|a|+ta)·(|b|+tb), which is a product like the first.
func boundMatMul(o compute.MatMul, e *evaluation) {
	a, b, dst := e.load(o.A), e.load(o.B), e.result(o.Dst)
	dst.mag = reference.Product(a.plus(nil), b.plus(nil), o.TransA, o.TransB).Val
	worst := dst.mag
	if !zero(a.tol) || !zero(b.tol) {
		worst = reference.Product(a.plus(a.tol), b.plus(b.tol), o.TransA, o.TransB).Val
	}
	for i, w := range worst {
		dst.tol[i] = sumBound*w + (w - dst.mag[i])
	}
}

// plus returns |b|+tol. A nil tol is 0.
func (b *bounded) plus(tol []float64) *reference.Matrix {
	sum := reference.NewMatrix(b.Rows, b.Cols)
	for i, v := range b.Val {
		sum.Val[i] = math.Abs(v)
		if tol != nil {
			sum.Val[i] += tol[i]
		}
	}
	return sum
}

func zero(x []float64) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// unknownLines reports for each row of a matrix, or each column, whether an element has an infinite bound.
func unknownLines(m *bounded, columns bool) []bool {
	list := make([]bool, m.Rows)
	if columns {
		list = make([]bool, m.Cols)
	}
	for e, tol := range m.tol {
		if math.IsInf(tol, 1) {
			if columns {
				list[e%m.Cols] = true
			} else {
				list[e/m.Cols] = true
			}
		}
	}
	return list
}
