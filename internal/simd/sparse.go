package simd

import (
	"fmt"
	"math/bits"
	"slices"
)

// WordBits is the number of columns that a word of a bitmap represents. Rows of bytes
// begin at multiples of it.
const WordBits = 64

// A Sparse is a matrix of bytes, most of which are zero, with a bitmap of the nonzero
// bytes. Each byte represents a number:
//
//	S[i,j] = Value[Bytes[i·Stride + j]] if bit j mod 64 of Bits[(i·Stride + j)/64] is set, else 0
//
// for i < Rows and j < 64·Words. Examples are a batch of images whose rows are padded
// with zeros, and a transposed batch, whose rows are pixels and whose columns are samples.
type Sparse struct {
	Rows, Words int
	Stride      int // bytes from row to row, a multiple of WordBits
	Bytes       []byte
	Bits        []uint64
	Value       *[256]float32
}

// Part returns the submatrix of s with rows rows, from row, and words words, from word.
func (s Sparse) Part(row, rows, word, words int) Sparse {
	at := row*s.Stride + word*WordBits
	s.Bytes, s.Bits = s.Bytes[at:], s.Bits[at/WordBits:]
	s.Rows, s.Words = rows, words
	return s
}

// row returns the bytes and the bitmap of row i.
func (s Sparse) row(i int) ([]byte, []uint64) {
	at := i * s.Stride
	return s.Bytes[at : at+s.Words*WordBits], s.Bits[at/WordBits:][:s.Words]
}

// check panics unless s has all its bytes and bits, a result of Rows rows of n with
// leading dimension ldo fits in size elements, and m, of rows of n with leading dimension
// ldm, has a row for each bit that is set.
func (s Sparse) check(name string, size, n, ldo int, m []float32, ldm int) {
	if s.Rows < 0 || s.Words < 0 || s.Stride%WordBits != 0 || s.Rows > 1 && s.Stride < s.Words*WordBits {
		panic(fmt.Sprintf("simd: %s: %d rows of %d words, %d bytes apart", name, s.Rows, s.Words, s.Stride))
	}
	if n < 0 || ldo < n || ldm < n {
		panic(fmt.Sprintf("simd: %s: rows of %d columns have leading dimensions %d and %d", name, n, ldo, ldm))
	}
	if s.Rows == 0 {
		return
	}
	if (s.Rows-1)*ldo+n > size {
		panic(fmt.Sprintf("simd: %s: %d rows of %d columns, leading dimension %d, are not within %d elements", name, s.Rows, n, ldo, size))
	}
	if need := (s.Rows-1)*s.Stride + s.Words*WordBits; len(s.Bytes) < need || len(s.Bits) < need/WordBits {
		panic(fmt.Sprintf("simd: %s: %d rows of %d words, %d bytes apart, in %d bytes and %d words", name, s.Rows, s.Words, s.Stride, len(s.Bytes), len(s.Bits)))
	}
	s.checkBits(name, n, m, ldm)
}

// checkBits panics if a bit is set for which m does not have a row.
func (s Sparse) checkBits(name string, n int, m []float32, ldm int) {
	have := 0
	if len(m) >= n {
		have = (len(m)-n)/max(ldm, 1) + 1
	}
	for w := have / WordBits; w < s.Words; w++ {
		for i := range s.Rows {
			beyond := s.Bits[i*s.Stride/WordBits+w]
			if w == have/WordBits {
				beyond &^= 1<<(have%WordBits) - 1
			}
			if beyond != 0 {
				panic(fmt.Sprintf("simd: %s: bit %d of row %d: that row of %d columns, leading dimension %d, is not within %d elements",
					name, w*WordBits+bits.TrailingZeros64(beyond), i, n, ldm, len(m)))
			}
		}
	}
}

// empty reports whether a product with n columns has no elements.
func (s Sparse) empty(n int) bool { return n == 0 || s.Rows == 0 }

// SparseMul computes the product of s and a dense matrix m of n columns:
//
//	dst[i,:n] = Σⱼ S[i,j]·m[j,:n]
//
// dst and m are row-major with leading dimensions ldd and ldm. It is the forward pass of
// a first layer whose weights for pixel j are row j of m. The terms are added in the order
// of j. m must have a row for each bit that is set.
//
// If m does not fit in the first-level cache, it is faster to process a few words of all
// rows at a time, with Part and SparseMulAdd.
func SparseMul(dst []float32, n, ldd int, s Sparse, m []float32, ldm int) {
	s.check("SparseMul", len(dst), n, ldd, m, ldm)
	switch {
	case s.empty(n):
	case s.Words == 0:
		for i := range s.Rows {
			clear(dst[i*ldd:][:n])
		}
	default:
		sparseMul(dst, n, ldd, s, m, ldm, false)
	}
}

// SparseMulAdd adds the product of s and m to dst:
//
//	dst[i,:n] = dst[i,:n] + Σⱼ S[i,j]·m[j,:n]
//
// The sum starts with dst[i,:n], so dividing the words among several calls does not change
// the result.
func SparseMulAdd(dst []float32, n, ldd int, s Sparse, m []float32, ldm int) {
	s.check("SparseMulAdd", len(dst), n, ldd, m, ldm)
	if !s.empty(n) && s.Words > 0 {
		sparseMul(dst, n, ldd, s, m, ldm, true)
	}
}

func sparseMulGo(dst []float32, n, ldd int, s Sparse, m []float32, ldm int, keep bool) {
	for i := range s.Rows {
		sum := dst[i*ldd:][:n]
		if !keep {
			clear(sum)
		}
		s.addRow(sum, i, m, ldm)
	}
}

// addRow adds the product of row i and m to sum.
func (s Sparse) addRow(sum []float32, i int, m []float32, ldm int) {
	bytes, bitmap := s.row(i)
	for w, set := range bitmap {
		for ; set != 0; set &= set - 1 {
			j := w*WordBits + bits.TrailingZeros64(set)
			v := s.Value[bytes[j]]
			for k, x := range m[j*ldm:][:len(sum)] {
				sum[k] += v * x
			}
		}
	}
}

// SparseSGD is a step of gradient descent whose gradient is the product of SparseMul. It
// does not store the gradient:
//
//	w[i,:n] = w[i,:n] − rate·Σⱼ S[i,j]·m[j,:n]
//
// If s is a transposed batch and m its deltas, w are the weights of the first layer, with a
// row for each pixel. If a row of s has no bits set, its row of w does not change.
func SparseSGD(w []float32, n, ldw int, s Sparse, m []float32, ldm int, rate float32) {
	s.check("SparseSGD", len(w), n, ldw, m, ldm)
	if !s.empty(n) && s.Words > 0 {
		sparseSGD(w, n, ldw, s, m, ldm, rate)
	}
}

// goColumns is the number of columns that the Go kernels sum at a time.
const goColumns = 64

func sparseSGDGo(w []float32, n, ldw int, s Sparse, m []float32, ldm int, rate float32) {
	var sums [goColumns]float32
	for i := range s.Rows {
		if _, bitmap := s.row(i); slices.Max(bitmap) == 0 {
			continue
		}
		for k := 0; k < n; k += goColumns {
			g := sums[:min(goColumns, n-k)]
			clear(g)
			s.addRow(g, i, m[k:], ldm)
			sgdGo(w[i*ldw+k:][:len(g)], g, rate)
		}
	}
}

// SparseMomentum is Momentum whose gradient is the product of SparseMul:
//
//	v[i,:n] = mu·v[i,:n] + Σⱼ S[i,j]·m[j,:n]
//	w[i,:n] = w[i,:n] − rate·v[i,:n]
//
// w and v have the same leading dimension. For a row of s without bits, v decays and w
// still moves.
func SparseMomentum(w, v []float32, n, ldw int, s Sparse, m []float32, ldm int, rate, mu float32) {
	sameLength("SparseMomentum", len(w), len(v))
	s.check("SparseMomentum", len(w), n, ldw, m, ldm)
	switch {
	case s.empty(n):
	case s.Words == 0:
		sparseMomentumGo(w, v, n, ldw, s, m, ldm, rate, mu)
	default:
		sparseMomentum(w, v, n, ldw, s, m, ldm, rate, mu)
	}
}

func sparseMomentumGo(w, v []float32, n, ldw int, s Sparse, m []float32, ldm int, rate, mu float32) {
	var sums [goColumns]float32
	for i := range s.Rows {
		for k := 0; k < n; k += goColumns {
			g := sums[:min(goColumns, n-k)]
			clear(g)
			s.addRow(g, i, m[k:], ldm)
			at := i*ldw + k
			momentumGo(w[at:at+len(g)], v[at:at+len(g)], g, rate, mu)
		}
	}
}

// SparseRank1 is a rank-1 update with a sparse vector, the only row of s:
//
//	m[j,k] = m[j,k] + S[0,j]·(alpha·x[k])
//
// for k < len(x) and each j whose bit is set. Other rows of m do not change. It updates the
// first layer for a batch of one sample.
func SparseRank1(m []float32, ldm int, s Sparse, x []float32, alpha float32) {
	if s.Rows != 1 {
		panic(fmt.Sprintf("simd: SparseRank1: %d rows", s.Rows))
	}
	s.check("SparseRank1", len(x), len(x), len(x), m, ldm)
	if len(x) > 0 && s.Words > 0 {
		sparseRank1(m, ldm, s, x, alpha)
	}
}

func sparseRank1Go(m []float32, ldm int, s Sparse, x []float32, alpha float32) {
	bytes, bitmap := s.row(0)
	for w, set := range bitmap {
		for ; set != 0; set &= set - 1 {
			j := w*WordBits + bits.TrailingZeros64(set)
			v := s.Value[bytes[j]]
			for k, y := range m[j*ldm:][:len(x)] {
				m[j*ldm+k] = y + v*(alpha*x[k])
			}
		}
	}
}

// Bitmap marks the nonzero bytes of src: bit b of dst[w] is set if src[64w + b] is not
// zero. src has 64 bytes for each word of dst.
func Bitmap(dst []uint64, src []byte) {
	if len(src) != len(dst)*WordBits {
		panic(fmt.Sprintf("simd: Bitmap: %d words for %d bytes", len(dst), len(src)))
	}
	bitmap(dst, src)
}

func bitmapGo(dst []uint64, src []byte) {
	for w := range dst {
		set := uint64(0)
		for b, x := range src[w*WordBits:][:WordBits] {
			if x != 0 {
				set |= 1 << b
			}
		}
		dst[w] = set
	}
}
