//go:build cgo && !nogl && !darwin

package opengl

import (
	"testing"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/internal/glctx/gltest"
	"shadegrad/internal/sample"
)

// TestNothingIsLeft checks that no OpenGL objects are left after a backend is closed: by the
// backend's counts, and by asking OpenGL.
func TestNothingIsLeft(t *testing.T) {
	for range sample.Count(20, 3) {
		left := 0
		b, err := open(Options{}, seams{closing: func() {
			for name := uint32(1); name < 4096; name++ {
				if gl.IsBuffer(name) || gl.IsProgram(name) || gl.IsShader(name) {
					left++
				}
			}
		}})
		gltest.Require(t, err)
		n := newNet(t, b)
		n.epoch()
		if err := b.Sync(); err != nil {
			t.Fatal(err)
		}
		c := b.Counts()
		if c.Buffers == 0 || c.Programs == 0 {
			t.Fatalf("a network in use has the counts %+v", c)
		}
		n.epoch()
		f := b.Fetch(n.total) // under way when the backend is closed
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if c := b.Counts(); left != 0 || c.Buffers != 0 || c.Programs != 0 || c.Fences != 0 {
			t.Fatalf("after Close OpenGL has %d objects, and the counts are %+v", left, c)
		}
		if _, err := f.Wait(); err != nil && err != compute.ErrClosed {
			t.Fatalf("a fetch that Close cut off returned %v, want its values or ErrClosed", err)
		}
	}
}

func TestFreeAndRelease(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(10, 10)
	if err != nil {
		t.Fatal(err)
	}
	e := mustCompile(t, b, "fill", compute.Fill{Dst: m, Value: 3})
	e.Run(compute.Args{})
	e.Release()
	e.Release()
	b.Free(m.Buf)
	b.Free(m.Buf)
	b.Free(nil)
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	if c := b.Counts(); c.Buffers > 1 {
		t.Errorf("%d buffers are left when all are freed, want none but a slab", c.Buffers)
	}
	e.Run(compute.Args{})
	if err := b.Sync(); err == nil || err.Error() != `program "fill" was run after its release` {
		t.Errorf("a run after Release: %v", err)
	}
}

func TestRunAfterFree(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(10, 10)
	if err != nil {
		t.Fatal(err)
	}
	e := mustCompile(t, b, "fill", compute.Fill{Dst: m, Value: 3})
	b.Free(m.Buf)
	e.Run(compute.Args{})
	if err := b.Sync(); err == nil || err.Error() != `program "fill" was run after one of its buffers was freed` {
		t.Errorf("a run after Free: %v", err)
	}
}
