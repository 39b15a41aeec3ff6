//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
)

func TestTooLarge(t *testing.T) {
	b := openTest(t, Options{}, seams{blockSize: 1 << 24})
	_, err := b.Alloc(4097, 1024)
	var limit *compute.LimitError
	if want := "a matrix of 4097×1024 float32s needs GL_MAX_SHADER_STORAGE_BLOCK_SIZE of 16781312, this device has 16777216"; !errors.As(err, &limit) || err.Error() != want {
		t.Errorf("Alloc(4097, 1024): %v, want %s", err, want)
	}
	for _, rows := range []int{math.MaxInt32, math.MaxInt} {
		_, err := b.Alloc(rows, rows)
		var memory *compute.MemoryError
		if !errors.As(err, &memory) || memory.Bytes != 1<<62 && float64(memory.Bytes) != 4*float64(rows)*float64(rows) {
			t.Errorf("Alloc(%d, %[1]d): %v, want a MemoryError of the bytes asked for", rows, err)
		}
	}
	if _, err := b.AllocBytes(1<<16, 1<<15); err == nil || !strings.HasPrefix(err.Error(), "out of memory: 2147483648 bytes (2.0 GiB) asked for") {
		t.Errorf("AllocBytes of 2 GiB: %v", err)
	}
	if _, err := b.Alloc(4096, 1024); err != nil {
		t.Errorf("a matrix as large as the limit: %v", err)
	}
	if _, err := b.AllocBytes(1<<14, 1<<10); err != nil {
		t.Errorf("bytes as many as the limit: %v", err)
	}
}

// TestMaxBuffer checks that a matrix of MaxBuffer bytes is possible, whatever the driver offers, so that
// larger sets go to the device in pieces.
func TestMaxBuffer(t *testing.T) {
	const most = math.MaxInt32 - 3 // in whole words
	for _, x := range []struct{ block, want int64 }{{1 << 24, 1 << 24}, {math.MaxInt32, most}, {1 << 31, most}, {math.MaxInt64, most}} {
		b := openTest(t, Options{}, seams{blockSize: x.block})
		if got := b.Info().MaxBuffer; got != x.want {
			t.Errorf("with blocks of %d bytes, bytes up to %d; want %d", x.block, got, x.want)
		}
		if _, err := b.AllocBytes(2, 1<<30); err == nil {
			t.Errorf("with blocks of %d bytes there is room for 2 GiB", x.block)
		}
	}
}

// TestOutOfMemory allocates more than the device has. Mesa's software renderer has no buffers
// of 4 GiB or more, and reports it immediately.
func TestOutOfMemory(t *testing.T) {
	b := openTest(t, Options{}, seams{blockSize: math.MaxInt64})
	if !b.Info().Software {
		t.Skip("a hardware GPU can have the 8 GiB that this test asks for")
	}
	_, err := b.Alloc(1<<20, 2047)
	var memory *compute.MemoryError
	if !errors.As(err, &memory) || memory.Bytes != 4*2047<<20 {
		t.Fatalf("Alloc of 8 GiB: %v, want a MemoryError of that size", err)
	}
	if c := b.Counts(); c.Buffers != 0 {
		t.Errorf("%d buffers are left of an allocation that failed", c.Buffers)
	}
	if err := b.Sync(); err != nil {
		t.Errorf("the backend fails after a failed allocation: %v", err)
	}
}

// TestIndexLimit checks an index whose buffer was made for more rows. It may contain row numbers that
// do not exist, whatever limit the caller states.
func TestIndexLimit(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err1 := b.Alloc(4, 4)
	octets, err2 := b.AllocBytes(4, 4)
	order, err3 := b.AllocIndex(4, 9)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	order.Limit = 4
	_, err := b.Compile(compute.Program{Name: "p", Ops: []compute.Op{compute.Gather{Dst: m, Src: octets, Index: order}}})
	var opErr *compute.OpError
	if want := "program \"p\", op 0 (gather): Index may hold rows below 9, but there are 4"; !errors.As(err, &opErr) || err.Error() != want {
		t.Errorf("Compile: %v, want %s", err, want)
	}
}

// TestLoopLimit checks ops with long loops. llvmpipe silently ends the loops of an invocation after too
// many iterations. Products are divided into slices; Compile refuses other ops that are too long.
func TestLoopLimit(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	const k = 70_000
	dst, x, y := compute.Mat{}, compute.Mat{}, compute.Mat{}
	for _, m := range []struct {
		mat        *compute.Mat
		rows, cols int
	}{{&dst, 2, 3}, {&x, k, 2}, {&y, k, 3}} {
		var err error
		if *m.mat, err = b.Alloc(m.rows, m.cols); err != nil {
			t.Fatal(err)
		}
	}
	mustCompile(t, b, "long sums", compute.Fill{Dst: x, Value: 1}, compute.Fill{Dst: y, Value: 2},
		compute.MatMul{Dst: dst, A: x, B: y, TransA: true}).Run(compute.Args{})
	got := make([]float32, 6)
	if err := b.Read(got, dst); err != nil {
		t.Fatal(err)
	}
	for _, v := range got {
		if v != 2*k {
			t.Fatalf("sums of %d twos are %v", k, got)
		}
	}

	b.limits.loops = 1000
	_, err := b.Compile(compute.Program{Name: "p", Ops: []compute.Op{compute.ColumnSum{
		Dst: compute.Mat{Buf: dst.Buf, Rows: 1, Cols: 2}, Src: x}}})
	var limit *compute.LimitError
	if want := `program "p", op 0 (column_sum): kernel column_sum needs LP_MAX_TGSI_LOOP_ITERATIONS of 2263, this device has 1000`; !errors.As(err, &limit) || err.Error() != want {
		t.Errorf("Compile: %v, want %s", err, want)
	}
}
