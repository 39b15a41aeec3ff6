package sgemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"

	"shadegrad/internal/simd"
)

// eachKernel runs a test on every level of this machine.
func eachKernel(t *testing.T, f func(t *testing.T, k *kernels)) {
	for _, l := range simd.Levels() {
		t.Run(l.String(), func(t *testing.T) { f(t, kernelsFor(l)) })
	}
}

// smallCache is so small that engines divide small products too.
const smallCache = 16 << 10

// guard is the number of elements before and after a matrix of a test.
const guard = 40

// A matrix lies within memory that must be neither read nor changed: its elements
// begin at x[guard], its rows are ld apart, and everything else is filled.
type matrix struct {
	rows, cols, ld int
	x              []float32
}

// newMatrix returns a matrix of zeros whose surroundings are NaN with a mark.
func newMatrix(rows, cols, padding int) *matrix {
	m := &matrix{rows: rows, cols: cols, ld: max(cols+padding, 1)}
	m.x = make([]float32, 2*guard+max(rows*m.ld, 1))
	for i := range m.x {
		m.x[i] = math.Float32frombits(0x7fc00000 | uint32(i)&0xffff)
	}
	for i := range rows {
		clear(m.row(i))
	}
	return m
}

func (m *matrix) row(i int) []float32 { return m.x[guard+i*m.ld : guard+i*m.ld+m.cols] }

// data returns the slice that a caller passes, with the minimum length.
func (m *matrix) data() []float32 {
	n := max((m.rows-1)*m.ld+m.cols, 0)
	return m.x[guard : guard+n : guard+n]
}

// fill sets each element.
func (m *matrix) fill(f func() float32) *matrix {
	for i := range m.rows {
		row := m.row(i)
		for j := range row {
			row[j] = f()
		}
	}
	return m
}

func (m *matrix) clone() *matrix {
	c := *m
	c.x = append([]float32(nil), m.x...)
	return &c
}

// at is element (i, j) of op(m).
func (m *matrix) at(t blas.Transpose, i, j int) float64 {
	if t != blas.NoTrans {
		i, j = j, i
	}
	return float64(m.x[guard+i*m.ld+j])
}

// wide is op(m), rows×cols, in float64.
func (m *matrix) wide(t blas.Transpose, rows, cols int) []float64 {
	x := make([]float64, 0, rows*cols)
	for i := range rows {
		for j := range cols {
			x = append(x, m.at(t, i, j))
		}
	}
	return x
}

// sameBits reports the first place at which the memory of two matrices differs, or -1.
func sameBits(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

// sameOutside reports whether the memory around the elements of two matrices is equal.
func sameOutside(a, b *matrix) bool {
	a, b = a.clone(), b.clone()
	zero := func() float32 { return 0 }
	return sameBits(a.fill(zero).x, b.fill(zero).x) < 0
}

// A problem is a call of Sgemm.
type problem struct {
	tA, tB      blas.Transpose
	m, n, k     int
	alpha, beta float32
	a, b, c     *matrix
}

// newProblem makes matrices of random values.
func newProblem(tA, tB blas.Transpose, m, n, k, padding int, alpha, beta float32, value func() float32) *problem {
	p := &problem{tA: tA, tB: tB, m: m, n: n, k: k, alpha: alpha, beta: beta}
	rows, cols, _ := stored(tA, m, k)
	p.a = newMatrix(rows, cols, padding).fill(value)
	rows, cols, _ = stored(tB, k, n)
	p.b = newMatrix(rows, cols, 2*padding).fill(value)
	p.c = newMatrix(m, n, padding/2).fill(value)
	if beta == 0 {
		p.c.fill(func() float32 { return float32(math.NaN()) })
	}
	return p
}

// normal returns a source of normally distributed values.
func normal(seed uint64) func() float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	return func() float32 { return float32(r.NormFloat64()) }
}

// check compares c, which an implementation made of p, with float64 arithmetic:
// |err| ≤ 16·2⁻²⁴·(|α|·Σ|aᵢbᵢ| + |β·c|). NaN and infinities must be where they are
// there; overflow is none of the tests' business.
func (p *problem) check(t *testing.T, c *matrix) {
	t.Helper()
	p.checkWithin(t, c, 16)
}

// checkWithin is check with another factor than 16.
func (p *problem) checkWithin(t *testing.T, c *matrix, factor float64) {
	t.Helper()
	if !sameOutside(p.c, c) {
		t.Fatalf("%v: changed memory around C", p)
	}
	sums, sizes := make([]float64, p.n), make([]float64, p.n)
	b := p.b.wide(p.tB, p.k, p.n)
	for i := range p.m {
		clear(sums)
		clear(sizes)
		for l := 0; l < p.k && p.alpha != 0; l++ {
			a := float64(p.alpha) * p.a.at(p.tA, i, l)
			for j, b := range b[l*p.n : l*p.n+p.n] {
				sums[j] += a * b
				sizes[j] += math.Abs(a * b)
			}
		}
		for j, want := range sums {
			size := sizes[j]
			if p.beta != 0 {
				x := float64(p.beta) * p.c.at(blas.NoTrans, i, j)
				want += x
				size += math.Abs(x)
			}
			got := c.at(blas.NoTrans, i, j)
			switch {
			case math.IsNaN(want) && math.IsNaN(got), want == got:
			case math.Abs(got-want) <= factor*size/(1<<24):
			default:
				t.Fatalf("%v: element (%d, %d): got %v, want %v, which is %.1f times 2⁻²⁴Σ|ab| away",
					p, i, j, got, want, math.Abs(got-want)/size*(1<<24))
			}
		}
	}
}
