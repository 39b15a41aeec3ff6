package cpu_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

func TestMemoryRefused(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	// More elements than a matrix can have, whatever the machine.
	const rows, cols = 1 << 16, 1 << 16
	_, err1 := b.Alloc(rows, cols)
	_, err2 := b.AllocBytes(rows, cols)
	_, err3 := b.AllocIndex(math.MaxInt, 1)
	for i, err := range []error{err1, err2, err3} {
		want := []int64{4 * rows * cols, rows * cols, int64(min(4*float64(math.MaxInt), 1<<62))}[i]
		var memory *compute.MemoryError
		if !errors.As(err, &memory) {
			t.Errorf("%d: error %v, want a *compute.MemoryError", i, err)
			continue
		}
		if memory.Bytes != want {
			t.Errorf("%d: %d bytes asked for, want %d", i, memory.Bytes, want)
		}
	}
	// The limit is that of a matrix, not the memory of the machine.
	const text = "out of memory: 17179869184 bytes (16.0 GiB) asked for (no matrix may have more than 2147483647 elements); try a smaller batch or network"
	if s := err1.Error(); s != text {
		t.Errorf("the error is %q, want %q", s, text)
	}
	// A refusal does not make the backend fail.
	if _, err := b.Alloc(2, 2); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	if err := b.Sync(); err != nil {
		t.Errorf("sync after a refusal: %v", err)
	}
}

// The buffer of an index may hold larger row numbers than the Limit of the Index that refers to it.
func TestIndexLimit(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	m, err1 := b.Alloc(4, 4)
	octets, err2 := b.AllocBytes(4, 4)
	order, err3 := b.AllocIndex(4, 9)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	narrow, wide := order, order
	narrow.Limit, wide.Limit = 4, 100
	_, err := b.Compile(compute.Program{Name: "p", Ops: []compute.Op{compute.Gather{Dst: m, Src: octets, Index: narrow}}})
	var opErr *compute.OpError
	if want := "program \"p\", op 0 (gather): Index may hold rows below 9, but there are 4"; !errors.As(err, &opErr) || err.Error() != want {
		t.Errorf("Compile: %v, want %s", err, want)
	}
	if err := b.WriteIndex(wide, []uint32{0, 0, 0, 9}); err == nil || err.Error() != "write index: entry 3 is row 9, not below 9" {
		t.Errorf("writing row 9 to an index of rows below 9: %v", err)
	}
}

func TestRunAfterFree(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	m, err := b.Alloc(10, 10)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Compile(compute.Program{Name: "fill", Ops: []compute.Op{compute.Fill{Dst: m, Value: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	b.Free(m.Buf)
	e.Run(compute.Args{})
	if err := b.Sync(); err == nil || err.Error() != `program "fill" was run after one of its buffers was freed` {
		t.Errorf("a run after Free: %v", err)
	}
}

// TestInfo checks Info at each SIMD level.
func TestInfo(t *testing.T) {
	before, level := runtime.GOMAXPROCS(0), simd.Current()
	defer runtime.GOMAXPROCS(before)
	defer simd.Set(level)
	drivers := map[simd.Level]string{simd.Off: "gonum", simd.AVX2: "AVX2 kernels", simd.AVX512: "AVX-512 kernels", simd.NEON: "NEON kernels"}
	for threads, want := range map[int]string{1: "1 thread", 3: "3 threads"} {
		if limit := workers.Available(); limit.Limit != "" && limit.N == threads {
			want = fmt.Sprintf("%d of %d threads: %s", threads, limit.Of, limit.Limit)
		}
		runtime.GOMAXPROCS(threads)
		b := cpu.New()
		defer b.Close()
		for _, l := range simd.Levels() {
			simd.Set(l)
			i := b.Info()
			// Test binaries do not know gonum's version.
			if i.Backend != "cpu" || i.Device == "" || i.Driver != drivers[l] || i.Detail != want || i.Software {
				t.Errorf("%d threads, level %v: %+v, want driver %q, detail %q", threads, l, i, drivers[l], want)
			}
		}
	}
}
