//go:build cgo && !nogl && !darwin

package opengl

import (
	"slices"

	"github.com/go-gl/gl/v4.3-core/gl"
)

const (
	// slabSize is the size that OpenGL guarantees for a storage block.
	slabSize = 16 << 20
	// largestInSlab is the largest matrix, in bytes, that shares a buffer.
	largestInSlab = 2 << 20
	// slabAlignment is the number of bytes at whose multiples matrices begin. It suits all
	// vector loads.
	slabAlignment = 256
)

// A slab is a buffer that several matrices share. OpenGL guarantees only eight storage blocks
// for a kernel, and a block is bound to one buffer. So a kernel that works on the matrices of
// several layers needs them in the same buffer.
type slab struct {
	id   uint32
	used []extent // in order
}

// An extent is a part of a slab, in bytes.
type extent struct{ lo, hi int64 }

// take reserves a part of the slab and returns the byte where it begins, or −1 if it does not fit.
func (s *slab) take(size, limit int64) int64 {
	size = (size + slabAlignment - 1) / slabAlignment * slabAlignment
	at := int64(0)
	for i, e := range s.used {
		if e.lo-at >= size {
			s.used = slices.Insert(s.used, i, extent{at, at + size})
			return at
		}
		at = e.hi
	}
	if at+size > limit {
		return -1
	}
	s.used = append(s.used, extent{at, at + size})
	return at
}

// give releases the part that begins at byte lo.
func (s *slab) give(lo int64) {
	s.used = slices.DeleteFunc(s.used, func(e extent) bool { return e.lo == lo })
}

// alloc allocates memory and fills it with zeros. It returns a buffer, and the byte of the
// buffer where the memory begins.
func (w *worker) alloc(size int64) (id uint32, base int64, err error) {
	w.check("work before an allocation")
	if err := w.fault.get(); err != nil {
		return 0, 0, err
	}
	limit := min(slabSize, w.limits.blockSize)
	if size > min(largestInSlab, limit) {
		id, err = w.allocBuffer(size, true)
		return id, 0, err
	}
	for _, s := range w.slabs {
		if at := s.take(size, limit); at >= 0 {
			return s.id, at, w.clear(s.id, at, size)
		}
	}
	s := &slab{}
	if s.id, err = w.allocBuffer(limit, false); err != nil {
		id, err = w.allocBuffer(size, true) // there may be room for this matrix alone
		return id, 0, err
	}
	w.slabs = append(w.slabs, s)
	return s.id, s.take(size, limit), w.clear(s.id, 0, size)
}

// clear fills a part of a slab with zeros. Other matrices may have used it before.
func (w *worker) clear(id uint32, at, size int64) error {
	w.settle()
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, id)
	gl.ClearBufferSubData(gl.COPY_WRITE_BUFFER, gl.R32UI, int(at), int(size), gl.RED_INTEGER, gl.UNSIGNED_INT, nil)
	return w.check("clearing memory")
}

// free releases memory that alloc returned. It keeps the last slab for later allocations, since
// some drivers take milliseconds to make one.
func (w *worker) free(id uint32, base int64) {
	for i, s := range w.slabs {
		if s.id != id {
			continue
		}
		s.give(base)
		if len(s.used) > 0 || len(w.slabs) == 1 {
			return
		}
		w.slabs = slices.Delete(w.slabs, i, i+1)
		break
	}
	w.deleteBuffer(id)
}
