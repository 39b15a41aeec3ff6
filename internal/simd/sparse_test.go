package simd

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

// digits returns n bytes like a row of MNIST: about a fifth are nonzero, in runs.
func digits(a *arena, n int) []byte {
	src := alloc[byte](a, n)
	clear(src)
	for i := 0; i < n; {
		i += a.rng.IntN(30)
		for run := a.rng.IntN(10); run > 0 && i < n; run-- {
			src[i] = byte(1 + a.rng.IntN(255))
			i++
		}
	}
	return src
}

// A sparseCase is a random Sparse and a matrix with a row for each of its columns,
// which ends with the last column that is used.
type sparseCase struct {
	Sparse
	n, ldm int
	m      []float32
}

// testValues maps bytes to the numbers they represent. No byte represents its own value, and 0 does
// not represent 0.
var testValues = func() (v [256]float32) {
	for b := range v {
		v[b] = float32(b-77) / 3
	}
	return v
}()

// newSparseCase makes rows of cols columns. The bits that fill up the last word are zero
// and have no row in the matrix.
func newSparseCase(a *arena, n, rows, cols int) sparseCase {
	words := (cols + WordBits - 1) / WordBits
	stride := (words + a.rng.IntN(2)) * WordBits
	c := sparseCase{n: n, ldm: n + a.rng.IntN(2)*a.rng.IntN(20)}
	size := max(0, (rows-1)*stride+words*WordBits)
	c.Sparse = Sparse{Rows: rows, Words: words, Stride: stride, Bytes: digits(a, size), Bits: alloc[uint64](a, size/WordBits), Value: &testValues}
	for i := range rows {
		clear(c.Bytes[i*stride:][cols : words*WordBits])
		if a.rng.IntN(8) == 0 {
			clear(c.Bytes[i*stride:][:cols])
		}
	}
	bitmapGo(c.Bits, c.Bytes)
	c.m = normals(a, max(0, (cols-1)*c.ldm+n))
	return c
}

func (c sparseCase) String() string {
	return fmt.Sprintf("%d columns, leading dimension %d, %d rows of %d words, %d bytes apart", c.n, c.ldm, c.Rows, c.Words, c.Stride)
}

// sum returns element k of row i of the product in float64, its terms' magnitudes, and
// how many they are.
func (c sparseCase) sum(i, k int) (sum, size float64, terms int) {
	for j, b := range c.Bytes[i*c.Stride:][:c.Words*WordBits] {
		if b == 0 {
			continue
		}
		p := float64(c.Value[b]) * float64(c.m[j*c.ldm+k])
		sum += p
		size += math.Abs(p)
		terms++
	}
	return sum, size, terms
}

// allowed is the error of a sum in which each term is rounded twice.
func allowed(terms int, size float64) float64 { return float64(terms+4) * unit * size }

// sparseCases visits all widths of block, partial words, and several rows.
func sparseCases(t *testing.T, a *arena, visit func(c sparseCase)) {
	for _, n := range lengths()[1:] {
		rows, cols := 1+a.rng.IntN(3), []int{1, 16, 63, 64, 65, 100, 128}[a.rng.IntN(7)]
		if n > 300 {
			cols = min(cols, 16)
		}
		c := newSparseCase(a, n, rows, cols)
		visit(c)
		a.check(t, "%v", c)
	}
	for _, c := range [][3]int{{64, 5, 784}, {128, 9, 64}, {10, 20, 784}, {33, 3, 0}} {
		c := newSparseCase(a, c[0], c[1], c[2])
		visit(c)
		a.check(t, "%v", c)
	}
}

// results are rows of n with leading dimension ld, and the same before a change.
func (c sparseCase) results(a *arena) (ld int, x, before []float32) {
	ld = c.n + a.rng.IntN(2)*a.rng.IntN(9)
	x = normals(a, max(0, (c.Rows-1)*ld+c.n))
	return ld, x, append([]float32{}, x...)
}

// each visits the elements of results, and checks that the elements between them did not change.
func (c sparseCase) each(t *testing.T, ld int, x, before []float32, visit func(i, k, at int)) {
	t.Helper()
	for at := range x {
		if i, k := at/ld, at%ld; k < c.n {
			visit(i, k, at)
		} else if !same(x[at], before[at]) {
			t.Fatalf("%v: leading dimension %d: element %d, between the rows, was written", c, ld, at)
		}
	}
}

func TestSparseMul(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 10)
		sparseCases(t, a, func(c sparseCase) {
			ld, dst, before := c.results(a)
			SparseMul(dst, c.n, ld, c.Sparse, c.m, c.ldm)
			c.each(t, ld, dst, before, func(i, k, at int) {
				if sum, size, terms := c.sum(i, k); !near(dst[at], sum, allowed(terms, size)) {
					t.Fatalf("SparseMul: %v: element %d,%d is %g, want %g", c, i, k, dst[at], sum)
				}
			})
			ld, dst, before = c.results(a)
			SparseMulAdd(dst, c.n, ld, c.Sparse, c.m, c.ldm)
			c.each(t, ld, dst, before, func(i, k, at int) {
				sum, size, terms := c.sum(i, k)
				b := float64(before[at])
				if !near(dst[at], b+sum, allowed(terms, size+math.Abs(b))) {
					t.Fatalf("SparseMulAdd: %v: element %d,%d is %g, want %g", c, i, k, dst[at], b+sum)
				}
			})
		})
	})
}

// TestSparseDivided checks that results are bit-identical however columns, words and rows are
// divided among calls.
func TestSparseDivided(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 11)
		for range 200 {
			c := newSparseCase(a, 1+a.rng.IntN(300), 1+a.rng.IntN(5), 1+a.rng.IntN(150))
			whole, pieces := alloc[float32](a, c.Rows*c.n), alloc[float32](a, c.Rows*c.n)
			SparseMul(whole, c.n, c.n, c.Sparse, c.m, c.ldm)
			col, word, row := a.rng.IntN(c.n+1), a.rng.IntN(c.Words), a.rng.IntN(c.Rows)
			for _, cols := range [][2]int{{0, col}, {col, c.n}} {
				for _, rows := range [][2]int{{0, row}, {row, c.Rows}} {
					dst, n := pieces[rows[0]*c.n+cols[0]:], cols[1]-cols[0]
					SparseMul(dst, n, c.n, c.Part(rows[0], rows[1]-rows[0], 0, word), c.m[cols[0]:], c.ldm)
					SparseMulAdd(dst, n, c.n, c.Part(rows[0], rows[1]-rows[0], word, c.Words-word), c.m[word*WordBits*c.ldm+cols[0]:], c.ldm)
				}
			}
			for at := range whole {
				if !same(whole[at], pieces[at]) {
					t.Fatalf("%v, cut at column %d, word %d and row %d: element %d is %g in pieces, %g in one", c, col, word, row, at, pieces[at], whole[at])
				}
			}
			a.check(t, "%v", c)
		}
	})
}

// TestSparseUpdates compares the updates with float64. They must be bit-identical to the separate
// functions.
func TestSparseUpdates(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 12)
		sparseCases(t, a, func(c sparseCase) {
			rate, mu := float64(float32(testRate)), float64(float32(testMu))
			ld, w, w0 := c.results(a)
			plain, v, v0 := copyOf(a, w), normals(a, len(w)), []float32(nil)
			v0 = append(v0, v...)
			SparseSGD(plain, c.n, ld, c.Sparse, c.m, c.ldm, testRate)
			SparseMomentum(w, v, c.n, ld, c.Sparse, c.m, c.ldm, testRate, testMu)
			c.each(t, ld, plain, w0, func(i, k, at int) {
				sum, size, terms := c.sum(i, k)
				b, s := float64(w0[at]), math.Abs(float64(w0[at]))
				if want := b - rate*sum; !near(plain[at], want, allowed(terms, s+rate*size)) || terms == 0 && !same(plain[at], w0[at]) {
					t.Fatalf("SparseSGD: %v: w[%d,%d] is %g, want %g", c, i, k, plain[at], want)
				}
				velocity, size := mu*float64(v0[at])+sum, mu*math.Abs(float64(v0[at]))+size
				if !near(v[at], velocity, allowed(terms, size)) {
					t.Fatalf("SparseMomentum: %v: v[%d,%d] is %g, want %g", c, i, k, v[at], velocity)
				}
				if want := b - rate*velocity; !near(w[at], want, allowed(terms, s+rate*size)) {
					t.Fatalf("SparseMomentum: %v: w[%d,%d] is %g, want %g", c, i, k, w[at], want)
				}
			})
			c.each(t, ld, w, w0, func(int, int, int) {})
			c.each(t, ld, v, v0, func(int, int, int) {})

			g := make([]float32, c.n)
			for i := range c.Rows {
				SparseMul(g, c.n, c.n, c.Part(i, 1, 0, c.Words), c.m, c.ldm)
				wantW, wantV := append([]float32{}, w0[i*ld:][:c.n]...), append([]float32{}, v0[i*ld:][:c.n]...)
				wantPlain := append([]float32{}, wantW...)
				SGD(wantPlain, g, testRate)
				Momentum(wantW, wantV, g, testRate, testMu)
				for k := range c.n {
					if at := i*ld + k; c.Words > 0 && (!same(plain[at], wantPlain[k]) || !same(w[at], wantW[k]) || !same(v[at], wantV[k])) {
						t.Fatalf("%v: row %d, column %d: %g, %g, %g; from the sums %g, %g, %g", c, i, k, plain[at], w[at], v[at], wantPlain[k], wantW[k], wantV[k])
					}
				}
			}
		})
	})
}

// TestSparseEmpty checks that rows without bits do not change the weights, whatever the
// rate and the contents of the matrix.
func TestSparseEmpty(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		inf := float32(math.Inf(1))
		s := Sparse{Rows: 2, Words: 1, Stride: WordBits, Bytes: make([]byte, 2*WordBits), Bits: make([]uint64, 2), Value: &testValues}
		w, m := []float32{1, 2, 3, 4}, []float32{inf, inf}
		SparseSGD(w, 2, 2, s, m, 2, inf)
		if fmt.Sprint(w) != "[1 2 3 4]" {
			t.Errorf("weights are %v", w)
		}
		SparseMul(w, 2, 2, s, m, 2)
		if fmt.Sprint(w) != "[0 0 0 0]" {
			t.Errorf("sums are %v", w)
		}
	})
}

func TestSparseRank1(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 14)
		sparseCases(t, a, func(c sparseCase) {
			c.Sparse = c.Part(c.Rows-1, 1, 0, c.Words)
			x, before := normals(a, c.n), append([]float32{}, c.m...)
			alpha := float32(-0.3)
			SparseRank1(c.m, c.ldm, c.Sparse, x, alpha)
			for at := range c.m {
				j, k := at/c.ldm, at%c.ldm
				want, size := float64(before[at]), math.Abs(float64(before[at]))
				if k < c.n && c.Bytes[j] != 0 {
					p := float64(c.Value[c.Bytes[j]]) * float64(alpha) * float64(x[k])
					want += p
					size += math.Abs(p)
				} else if !same(c.m[at], before[at]) {
					t.Fatalf("%v: element %d,%d of the matrix was changed", c, j, k)
				}
				if !near(c.m[at], want, allowed(2, size)) {
					t.Fatalf("%v: element %d,%d of the matrix is %g, want %g", c, j, k, c.m[at], want)
				}
			}
		})
	})
}

// TestSparseOutside sets bits for which the matrix has no row. The panic must name the bit, and
// nothing may be stored.
func TestSparseOutside(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 15)
		for _, have := range []int{0, 1, 63, 64, 65, 100} {
			for _, n := range []int{1, 16, 130, 300} {
				c := newSparseCase(a, n, 2, 128)
				c.m = c.m[:max(0, (have-1)*c.ldm+n)]
				clear(c.Bits)
				c.Bits[c.Stride/WordBits+have/WordBits] = 1 << (have % WordBits)
				w, v := normals(a, 2*n), normals(a, 2*n)
				w0, v0 := copyOf(a, w), copyOf(a, v)
				want := fmt.Sprintf("bit %d of row 1", have)
				wantPanic(t, want, func() { SparseMul(w, n, n, c.Sparse, c.m, c.ldm) })
				wantPanic(t, want, func() { SparseMulAdd(w, n, n, c.Sparse, c.m, c.ldm) })
				wantPanic(t, want, func() { SparseSGD(w, n, n, c.Sparse, c.m, c.ldm, 1) })
				wantPanic(t, want, func() { SparseMomentum(w, v, n, n, c.Sparse, c.m, c.ldm, 1, 1) })
				want = fmt.Sprintf("bit %d of row 0", have)
				wantPanic(t, want, func() { SparseRank1(c.m, c.ldm, c.Part(1, 1, 0, c.Words), w[:n], 1) })
				for j := range w {
					if !same(w[j], w0[j]) || !same(v[j], v0[j]) {
						t.Fatalf("%v: element %d was changed", c, j)
					}
				}
				a.check(t, "%v", c)
			}
		}
	})
}

// TestSparsePanics checks that arguments that do not match panic.
func TestSparsePanics(t *testing.T) {
	good := func() Sparse {
		return Sparse{Rows: 2, Words: 1, Stride: WordBits, Bytes: make([]byte, 2*WordBits), Bits: make([]uint64, 2), Value: &testValues}
	}
	x := make([]float32, 64*8)
	for want, change := range map[string]func(s *Sparse){
		"-1 rows":           func(s *Sparse) { s.Rows = -1 },
		"63 bytes apart":    func(s *Sparse) { s.Stride = 63 },
		"0 bytes apart":     func(s *Sparse) { s.Stride = 0 },
		"in 127 bytes":      func(s *Sparse) { s.Bytes = s.Bytes[:127] },
		"and 1 words":       func(s *Sparse) { s.Bits = s.Bits[:1] },
		"9 rows of 8":       func(s *Sparse) { s.Rows = 9 },
		"2 rows of 2 words": func(s *Sparse) { s.Words = 2 },
	} {
		s := good()
		change(&s)
		wantPanic(t, want, func() { SparseMul(x[:64], 8, 8, s, x, 8) })
	}
	wantPanic(t, "leading dimensions 7 and 8", func() { SparseMul(x, 8, 7, good(), x, 8) })
	wantPanic(t, "leading dimensions 8 and 7", func() { SparseMul(x, 8, 8, good(), x, 7) })
	wantPanic(t, "SparseRank1: 2 rows", func() { SparseRank1(x, 8, good(), x[:8], 1) })
	wantPanic(t, "SparseMomentum", func() { SparseMomentum(x, x[:8], 8, 8, good(), x, 8, 1, 1) })
	wantPanic(t, "Bitmap: 2 words for 127 bytes", func() { Bitmap(make([]uint64, 2), make([]byte, 127)) })
	wantPanic(t, "not 2×3 with leading dimension 2", func() { GatherTranspose(make([]byte, 9), 2, make([]byte, 6), 2, 0, 2, []uint32{0, 1, 2}) })
	wantPanic(t, "index[1] = 3", func() { GatherTranspose(make([]byte, 9), 2, make([]byte, 6), 2, 0, 2, []uint32{0, 3}) })
}

func TestBitmap(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 20)
		for words := range 20 {
			src, dst := digits(a, words*WordBits), alloc[uint64](a, words)
			if words > 3 {
				for i := range WordBits {
					src[i] = byte(i + 1)
					src[WordBits+i] = 0x80
				}
			}
			Bitmap(dst, src)
			for i, b := range src {
				if set := dst[i/WordBits]>>(i%WordBits)&1 == 1; set != (b != 0) {
					t.Fatalf("%d words: bit %d is %v, the byte %d", words, i, set, b)
				}
			}
			a.check(t, "%d words", words)
		}
	})
}

func TestGatherTranspose(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 22)
		for _, cols := range []int{1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 784} {
			for m := range 70 {
				rows := 1 + a.rng.IntN(100)
				src := alloc[byte](a, rows*cols)
				for i := range src {
					src[i] = byte(a.rng.Uint32())
				}
				index := alloc[uint32](a, m)
				for i := range index {
					index[i] = uint32(a.rng.IntN(rows))
				}
				lo := a.rng.IntN(2) * a.rng.IntN(cols+1)
				hi := cols - a.rng.IntN(2)*a.rng.IntN(cols-lo+1)
				ldd := m + a.rng.IntN(2)*a.rng.IntN(64)
				dst := alloc[byte](a, max(0, (hi-lo-1)*ldd+m))
				for i := range dst {
					dst[i] = 0xee
				}
				want := bytes.Clone(dst)
				GatherTranspose(dst, ldd, src, cols, lo, hi, index)
				gatherTransposeGo(want, ldd, src, cols, lo, hi, index)
				if !bytes.Equal(dst, want) {
					t.Fatalf("%d rows of %d, columns %d to %d, leading dimension %d: not the transpose", m, cols, lo, hi, ldd)
				}
				a.check(t, "%d rows of %d, columns %d to %d", m, cols, lo, hi)
			}
		}
	})
}

// TestPrefetchRows prefetches rows up to the end of memory that is followed by inaccessible
// pages. The rows must not change.
func TestPrefetchRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 23)
		for _, cols := range []int{0, 1, 63, 64, 65, 784} {
			src := digits(a, 3*cols)
			before := bytes.Clone(src)
			PrefetchRows(src, cols, []uint32{2, 0, 1, 2})
			if !bytes.Equal(src, before) {
				t.Fatalf("rows of %d bytes were changed", cols)
			}
			a.check(t, "rows of %d", cols)
			if cols > 0 {
				wantPanic(t, "index[1] = 3", func() { PrefetchRows(src, cols, []uint32{0, 3}) })
			}
		}
	})
}

// FuzzSparse compares all levels with float64 for arbitrary bytes and values.
func FuzzSparse(f *testing.F) {
	f.Add(uint64(1), 128, []byte{1, 2, 0, 200, 2})
	f.Add(uint64(2), 10, []byte{})
	f.Add(uint64(3), 801, []byte("bytes of which none is zero, over more than a single word of the bitmap, of which some are partial"))
	f.Fuzz(func(t *testing.T, seed uint64, n int, src []byte) {
		n = 1 + int(uint(n)%900)
		src = src[:min(len(src), 60)]
		a := newArena(t, seed)
		c := newSparseCase(a, n, 1, max(1, len(src)))
		clear(c.Bytes)
		copy(c.Bytes, src)
		bitmapGo(c.Bits, c.Bytes)
		w0, v0 := normals(a, n), normals(a, n)
		defer Set(Current())
		for _, l := range Levels() {
			Set(l)
			w, v := copyOf(a, w0), copyOf(a, v0)
			Bitmap(c.Bits, c.Bytes)
			SparseMomentum(w, v, n, n, c.Sparse, c.m, c.ldm, testRate, testMu)
			for k := range w {
				sum, size, terms := c.sum(0, k)
				rate, mu := float64(float32(testRate)), float64(float32(testMu))
				velocity := mu*float64(v0[k]) + sum
				size += mu * math.Abs(float64(v0[k]))
				if !near(v[k], velocity, allowed(terms, size)) {
					t.Fatalf("%v at %v: v[%d] is %g, want %g", c, l, k, v[k], velocity)
				}
				if want := float64(w0[k]) - rate*velocity; !near(w[k], want, allowed(terms, math.Abs(float64(w0[k]))+rate*size)) {
					t.Fatalf("%v at %v: w[%d] is %g, want %g", c, l, k, w[k], want)
				}
			}
		}
		a.check(t, "%v", c)
	})
}

// TestNoAllocation checks that the functions of a step do not allocate.
func TestNoAllocation(t *testing.T) {
	x, y, z := make([]float32, 1024), make([]float32, 1024), make([]float32, 1024)
	src, dst, index := make([]byte, 64), make([]byte, 8*64), make([]uint32, 8)
	s := Sparse{Rows: 8, Words: 1, Stride: WordBits, Bytes: dst, Bits: make([]uint64, 8), Value: &testValues}
	eachLevel(t, func(t *testing.T) {
		allocations := testing.AllocsPerRun(10, func() {
			Add(x, y)
			AddBias(x, y[:8])
			BiasReLU(x, y[:8])
			ReLU(x)
			Exp(x)
			Sigmoid(x)
			Tanh(x)
			Softmax(x, 8)
			DeltaReLU(x, y, z)
			DeltaSigmoid(x, y, z)
			DeltaTanh(x, y, z)
			SGD(x, y, 1)
			Momentum(x, y, z, 1, 1)
			ColumnSum(x[:8], y)
			x[0] = Dot(y, z)
			GatherTranspose(dst, 64, src, 8, 0, 8, index)
			Bitmap(s.Bits, s.Bytes)
			PrefetchRows(src, 8, index)
			SparseMul(x, 16, 16, s, y, 16)
			SparseMulAdd(x, 16, 16, s, y, 16)
			SparseSGD(x, 16, 16, s, y, 16, 1)
			SparseMomentum(x, z, 16, 16, s, y, 16, 1, 1)
			SparseRank1(x, 16, s.Part(0, 1, 0, 1), y[:16], 1)
		})
		if allocations != 0 {
			t.Errorf("%g allocations", allocations)
		}
	})
}
