package simd

import (
	"fmt"
	"math/bits"
	"slices"
)

// WordBits is the number of columns that a word of a bitmap stands for. Rows of
// bytes begin at multiples of it.
const WordBits = 64

// A Sparse is a matrix of bytes, most of them zero, with a bitmap of those that are
// not. Each byte stands for a number:
//
//	S[i,j] = Value[Bytes[i·Stride + j]] if bit j mod 64 of Bits[(i·Stride + j)/64] is set, else 0
//
// for i < Rows and j < 64·Words. A batch of images is one, its rows padded with zeros;
// so is a batch transposed, which tells for each pixel the samples in which it is
// not zero.
type Sparse struct {
	Rows, Words int
	Stride      int // from row to row, a multiple of WordBits
	Bytes       []byte
	Bits        []uint64
	Value       *[256]float32
}

// Part returns the part of s of rows from row and words from word on.
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

// check panics unless the bytes and bitmap are there, the results, Rows of n with
// leading dimension ldo, are within size elements, and m, rows of n with leading
// dimension ldm, has a row for each bit.
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

// checkBits panics if there is a bit for which m has no row.
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

// nothing reports whether there is nothing to do for n columns.
func (s Sparse) nothing(n int) bool { return n == 0 || s.Rows == 0 }

// SparseMul is the product of s and a dense matrix m of n columns.
//
//	dst[i,:n] = Σⱼ S[i,j]·m[j,:n]
//
// dst and m are row-major with leading dimensions ldd and ldm. With the weights of
// a pixel as a row of m, it is the first layer forward. The terms are added in their
// order. m needs rows only up to the last bit that is set.
//
// Where m does not fit in the inner cache it pays to go over a few words of all rows
// at a time, with SparseMulAdd: see Part.
func SparseMul(dst []float32, n, ldd int, s Sparse, m []float32, ldm int) {
	s.check("SparseMul", len(dst), n, ldd, m, ldm)
	switch {
	case s.nothing(n):
	case s.Words == 0:
		for i := range s.Rows {
			clear(dst[i*ldd:][:n])
		}
	default:
		sparseMul(dst, n, ldd, s, m, ldm, false)
	}
}

// SparseMulAdd is SparseMul added to what is in dst:
//
//	dst[i,:n] = dst[i,:n] + Σⱼ S[i,j]·m[j,:n]
//
// The sum starts with dst[i,:n], so that words may be divided among several calls without a
// change in the result.
func SparseMulAdd(dst []float32, n, ldd int, s Sparse, m []float32, ldm int) {
	s.check("SparseMulAdd", len(dst), n, ldd, m, ldm)
	if !s.nothing(n) && s.Words > 0 {
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

// SparseSGD is a step of gradient descent whose gradient is the product that SparseMul
// makes, and that is never stored:
//
//	w[i,:n] = w[i,:n] − rate·Σⱼ S[i,j]·m[j,:n]
//
// With s a batch transposed and m its deltas, w are the weights of the first layer, a
// row for each pixel. A row of s without bits leaves w as it is.
func SparseSGD(w []float32, n, ldw int, s Sparse, m []float32, ldm int, rate float32) {
	s.check("SparseSGD", len(w), n, ldw, m, ldm)
	if !s.nothing(n) && s.Words > 0 {
		sparseSGD(w, n, ldw, s, m, ldm, rate)
	}
}

// goColumns is how many sums the Go kernels make at a time.
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

// SparseMomentum is Momentum whose gradient is the product that SparseMul makes:
//
//	v[i,:n] = mu·v[i,:n] + Σⱼ S[i,j]·m[j,:n]
//	w[i,:n] = w[i,:n] − rate·v[i,:n]
//
// w and v have the same leading dimension. For a row of s without bits v decays and w
// moves on.
func SparseMomentum(w, v []float32, n, ldw int, s Sparse, m []float32, ldm int, rate, mu float32) {
	sameLength("SparseMomentum", len(w), len(v))
	s.check("SparseMomentum", len(w), n, ldw, m, ldm)
	switch {
	case s.nothing(n):
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

// SparseRank1 is a rank-1 update, Sger of BLAS with a sparse x: s has one row, which
// adds
//
//	m[j,k] = m[j,k] + S[0,j]·(alpha·x[k])
//
// for k < len(x) and each j whose bit is set; other rows of m are not touched. It is the first layer's
// update when one sample is learnt at a time.
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

// Bitmap tells which bytes of src are not zero: bit b of dst[w] is set if src[64w + b]
// is not. src has 64 bytes for each word of dst.
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
