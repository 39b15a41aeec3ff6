package cpu_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/simd"
)

func TestMemoryRefused(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	// More elements than a matrix can have, whatever the machine.
	const rows, cols = 1 << 16, 1 << 16
	_, err1 := b.Alloc(rows, cols)
	_, err2 := b.AllocBytes(rows, cols)
	_, err3 := b.AllocIndex(rows*cols, 1)
	for i, err := range []error{err1, err2, err3} {
		want := []int64{4, 1, 4}[i] * rows * cols
		var memory *compute.MemoryError
		if !errors.As(err, &memory) {
			t.Errorf("%d: error %v, want a *compute.MemoryError", i, err)
			continue
		}
		if memory.Bytes != want {
			t.Errorf("%d: %d bytes asked for, want %d", i, memory.Bytes, want)
		}
	}
	const text = "out of memory: 17179869184 bytes (16.0 GiB) asked for"
	if s := err1.Error(); !strings.HasPrefix(s, text) || !strings.HasSuffix(s, "; try a smaller batch or network") {
		t.Errorf("the error is %q, want %q, and what to do", s, text)
	}
	// A refusal is the caller's to handle; it does not stick.
	if _, err := b.Alloc(2, 2); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	if err := b.Sync(); err != nil {
		t.Errorf("sync after a refusal: %v", err)
	}
}

func TestInfo(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for threads, want := range map[int]string{1: "1 thread, ", 3: "3 threads, "} {
		runtime.GOMAXPROCS(threads)
		b := cpu.New()
		defer b.Close()
		i := b.Info()
		if i.Backend != "cpu" || i.Device == "" || !strings.HasPrefix(i.Driver, "gonum") || i.Software {
			t.Errorf("info is %+v", i)
		}
		level := simd.Current()
		if level != simd.Off && i.Detail != want+level.String() {
			t.Errorf("with GOMAXPROCS %d the detail is %q", threads, i.Detail)
		}
		simd.Set(simd.Off)
		if i := b.Info(); i.Detail != want+"no SIMD" {
			t.Errorf("without SIMD the detail is %q", i.Detail)
		}
		simd.Set(level)
	}
}
