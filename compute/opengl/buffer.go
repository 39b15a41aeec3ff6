//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"math"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
)

// sizeOf returns the size of n elements in bytes, rounded up to words. A word, GLSL's smallest
// type, holds four bytes.
func sizeOf(e compute.Element, n int) int64 {
	if e == compute.Byte {
		return (int64(n) + 3) / 4 * 4
	}
	return 4 * int64(n)
}

// A buffer is a shader storage buffer, or a part of one.
type buffer struct {
	owner  *Backend
	id     uint32
	base   int64 // the byte at which it begins
	of     compute.Element
	elems  int
	limit  int // row numbers are below it
	freed  bool
	shared bool // the caller must not write it
}

// Elems returns the number of elements.
func (b *buffer) Elems() int { return b.elems }

// owns reports whether a buffer belongs to this backend and was not freed.
func (b *Backend) owns(buf compute.Buffer) bool {
	own, ok := buf.(*buffer)
	return ok && own != nil && own.owner == b && !own.freed
}

// holds reports whether a buffer belongs to this backend, has elements e and was not freed.
func (b *Backend) holds(buf compute.Buffer, e compute.Element) bool {
	return b.owns(buf) && buf.(*buffer).of == e
}

// Alloc returns a new rows×cols matrix of zeros. The error is a *compute.LimitError if the
// matrix is larger than a storage block may be, or a *compute.MemoryError.
func (b *Backend) Alloc(rows, cols int) (compute.Mat, error) {
	buf, err := b.alloc(compute.Float32, rows, cols)
	if err != nil {
		return compute.Mat{}, err
	}
	return compute.Mat{Buf: buf, Rows: rows, Cols: cols}, nil
}

// AllocBytes returns a new rows×cols matrix of zero bytes. It returns the errors of Alloc.
func (b *Backend) AllocBytes(rows, cols int) (compute.Bytes, error) {
	buf, err := b.alloc(compute.Byte, rows, cols)
	if err != nil {
		return compute.Bytes{}, err
	}
	return compute.Bytes{Buf: buf, Rows: rows, Cols: cols}, nil
}

// Limit returns the limit of a list: its row numbers are less.
func (b *buffer) Limit() int { return b.limit }

// AllocIndex returns a new list of n row numbers, all 0, for numbers below limit. It returns the
// errors of Alloc.
func (b *Backend) AllocIndex(n, limit int) (compute.Index, error) {
	if limit <= 0 || limit > math.MaxInt32 {
		return compute.Index{}, fmt.Errorf("cannot allocate an index of rows below %d: the limit must be 1 to %d", limit, math.MaxInt32)
	}
	buf, err := b.alloc(compute.RowNumber, n, 1)
	if err != nil {
		return compute.Index{}, err
	}
	buf.limit = limit
	return compute.Index{Buf: buf, Len: n, Limit: limit}, nil
}

func (b *Backend) alloc(of compute.Element, rows, cols int) (*buffer, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	if rows <= 0 || cols <= 0 {
		return nil, fmt.Errorf("cannot allocate %d×%d %s: both must be positive", rows, cols, of)
	}
	if rows > math.MaxInt32/cols {
		// Computed in float64, since the product may not fit an int.
		asked := float64(rows) * float64(cols) * float64(sizeOf(of, 4)/4)
		return nil, &compute.MemoryError{Bytes: int64(min(asked, 1<<62)), Available: -1,
			Cause: fmt.Errorf("no matrix may have more than %d elements", math.MaxInt32)}
	}
	size := sizeOf(of, rows*cols)
	if size > b.limits.blockSize {
		return nil, &compute.LimitError{What: fmt.Sprintf("a matrix of %d×%d %s", rows, cols, of),
			Limit: "GL_MAX_SHADER_STORAGE_BLOCK_SIZE", Need: size, Have: b.limits.blockSize}
	}
	buf := &buffer{owner: b, of: of, elems: rows * cols}
	var err error
	if stalled := b.call(func(w *worker) { buf.id, buf.base, err = w.allocFor(of, size) }); stalled != nil {
		return nil, stalled
	}
	return buf, err
}

// Name returns the name of the OpenGL buffer that b lies in.
func (b *buffer) Name() uint32 { return b.id }

// elementOf returns the element of the OpenGL buffer at which a matrix begins.
func elementOf(m compute.Mat) int { return m.Buf.(*buffer).First() + m.Off }

// First returns the element of the OpenGL buffer at which b begins.
func (b *buffer) First() int { return int(b.base / sizeOf(b.of, 1)) }

// Free releases a buffer once the work queued before is done.
func (b *Backend) Free(buf compute.Buffer) {
	if b.closed || !b.owns(buf) {
		return
	}
	own := buf.(*buffer)
	own.freed = true
	b.submit(command{do: func(w *worker) { w.free(own.id, own.base) }})
}

// allocFor allocates memory and fills it with zeros. Matrices of float32 share buffers. Bytes and
// row numbers, which few kernels read and none writes, have separate buffers.
func (w *worker) allocFor(of compute.Element, size int64) (id uint32, base int64, err error) {
	if of == compute.Float32 {
		return w.alloc(size)
	}
	w.check("work before an allocation")
	if err := w.fault.get(); err != nil {
		return 0, 0, err
	}
	id, err = w.allocBuffer(size, true)
	return id, 0, err
}

// allocBuffer allocates an OpenGL buffer, and fills it with zeros if cleared is set.
func (w *worker) allocBuffer(size int64, cleared bool) (uint32, error) {
	id := w.newBuffer()
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, id)
	gl.BufferData(gl.COPY_WRITE_BUFFER, int(size), nil, gl.DYNAMIC_COPY)
	code := gl.GetError()
	if code == gl.NO_ERROR && cleared {
		gl.ClearBufferData(gl.COPY_WRITE_BUFFER, gl.R32UI, gl.RED_INTEGER, gl.UNSIGNED_INT, nil)
		code = gl.GetError()
	}
	if code == gl.NO_ERROR {
		return id, nil
	}
	w.deleteBuffer(id)
	if code == gl.OUT_OF_MEMORY {
		return 0, &compute.MemoryError{Bytes: size, Available: w.availableMemory(), Cause: errors.New("GL_OUT_OF_MEMORY")}
	}
	return 0, &GLError{Code: code, After: "an allocation of " + compute.FormatBytes(size), Device: w.device}
}

func (w *worker) newBuffer() uint32 {
	var id uint32
	gl.GenBuffers(1, &id)
	w.buffers[id] = true
	w.counts.buffers.Add(1)
	return id
}

func (w *worker) deleteBuffer(id uint32) {
	if !w.buffers[id] {
		return
	}
	if w.instrument != nil {
		w.instrument.deleting(w)
	}
	delete(w.buffers, id)
	gl.DeleteBuffers(1, &id)
	w.counts.buffers.Add(-1)
	// OpenGL unbinds a deleted buffer and may reuse its name.
	w.unbind(id)
}

// availableMemory returns the free bytes of the GPU's memory, or −1 if the driver does not report
// them.
func (w *worker) availableMemory() int64 {
	// Values of GL_NVX_gpu_memory_info and GL_ATI_meminfo, both in KiB.
	const (
		currentAvailableVidmemNVX = 0x9049
		vboFreeMemoryATI          = 0x87fb
	)
	var kib [4]int32
	switch {
	case w.extensions["GL_NVX_gpu_memory_info"]:
		gl.GetIntegerv(currentAvailableVidmemNVX, &kib[0])
	case w.extensions["GL_ATI_meminfo"]:
		gl.GetIntegerv(vboFreeMemoryATI, &kib[0])
	default:
		return -1
	}
	return int64(kib[0]) * 1024
}
