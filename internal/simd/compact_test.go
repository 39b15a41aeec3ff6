package simd

import (
	"bytes"
	"testing"
)

// digits are n bytes of which about a fifth are not zero, in runs, as a row of
// MNIST is.
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

func TestCompact(t *testing.T) {
	const scale = 1.0 / 255
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 20)
		for _, n := range append(lengths(), 784, 784, 784) {
			full := alloc[byte](a, n)
			for i := range full {
				full[i] = byte(i%255 + 1)
			}
			none := alloc[byte](a, n)
			clear(none)
			for _, src := range [][]byte{digits(a, n), full, none} {
				idx, val := alloc[int32](a, n), alloc[float32](a, n)
				count := Compact(idx, val, src, scale)
				checkList(t, idx[:count], val[:count], src, scale)
			}
			a.check(t, "%d bytes", n)
		}
	})
}

// checkList fails unless a list is that of src.
func checkList(t *testing.T, idx []int32, val []float32, src []byte, scale float32) {
	t.Helper()
	n := 0
	for i, b := range src {
		if b == 0 {
			continue
		}
		if n == len(idx) {
			t.Fatalf("%d bytes: the list ends before byte %d", len(src), i)
		}
		if want := float32(b) * scale; idx[n] != int32(i) || val[n] != want {
			t.Fatalf("%d bytes: entry %d is %d: %g, want %d: %g", len(src), n, idx[n], val[n], i, want)
		}
		n++
	}
	if n != len(idx) {
		t.Fatalf("%d bytes: %d entries, want %d", len(src), len(idx), n)
	}
}

func TestCompactRows(t *testing.T) {
	const scale = 0.99 / 255
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 21)
		for _, cols := range append(lengths()[1:], 784) {
			for _, rows := range []int{0, 1, 2, 3, 17} {
				src := digits(a, rows*cols)
				start := alloc[int32](a, rows+1)
				idx, val := alloc[int32](a, len(src)), alloc[float32](a, len(src))
				CompactRows(start, idx, val, src, cols, scale)
				if start[0] != 0 {
					t.Fatalf("%d×%d: start[0] = %d", rows, cols, start[0])
				}
				for i := range rows {
					from, to := start[i], start[i+1]
					checkList(t, idx[from:to], val[from:to], src[i*cols:(i+1)*cols], scale)
				}
				a.check(t, "%d×%d", rows, cols)
			}
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
				dst := alloc[byte](a, (hi-lo)*m)
				GatherTranspose(dst, src, cols, lo, hi, index)
				want := make([]byte, len(dst))
				gatherTransposeGo(want, src, cols, lo, hi, index)
				for i, b := range want {
					if dst[i] != b {
						t.Fatalf("%d rows of %d, columns %d to %d: byte %d is %d, want %d", m, cols, lo, hi, i, dst[i], b)
					}
				}
				a.check(t, "%d rows of %d, columns %d to %d", m, cols, lo, hi)
			}
		}
	})
}

// FuzzCompact compares the levels on any bytes.
func FuzzCompact(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2}, 2)
	f.Add(bytes.Repeat([]byte{0, 0, 0, 7}, 100), 40)
	f.Fuzz(func(t *testing.T, src []byte, cols int) {
		src = src[:min(len(src), 1<<14)]
		if len(src) == 0 {
			return
		}
		cols = 1 + int(uint(cols)%uint(len(src)))
		rows := len(src) / cols
		a := newArena(t, uint64(cols))
		copied := alloc[byte](a, rows*cols)
		copy(copied, src)
		defer Set(Current())
		for _, l := range Levels() {
			Set(l)
			start, idx, val := alloc[int32](a, rows+1), alloc[int32](a, len(copied)), alloc[float32](a, len(copied))
			CompactRows(start, idx, val, copied, cols, 1)
			for i := range rows {
				from, to := start[i], start[i+1]
				checkList(t, idx[from:to], val[from:to], copied[i*cols:(i+1)*cols], 1)
			}
		}
		a.check(t, "%d×%d", rows, cols)
	})
}
