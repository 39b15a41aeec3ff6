package fuse

import "shadegrad/compute"

// A fakeBuffer is a buffer of no backend: planning only asks where one lies.
type fakeBuffer struct {
	name         uint32
	first, elems int
}

func (b *fakeBuffer) Elems() int   { return b.elems }
func (b *fakeBuffer) Name() uint32 { return b.name }
func (b *fakeBuffer) First() int   { return b.first }

// A memory places matrices as the backend does: small ones share a buffer, in which each
// begins at a multiple of 64 elements, and large ones, bytes and row numbers have one of their own.
type memory struct {
	compute.Backend        // for the methods that planning does not need
	used            int    // elements of the shared buffer, which is number 1
	names           uint32 // of buffers that are not shared
}

const largestShared = 1 << 19 // elements: 2 MiB

func (m *memory) own(elems int) compute.Buffer {
	m.names++
	return &fakeBuffer{name: 1 + m.names, elems: elems}
}

// Alloc returns a rows×cols matrix.
func (m *memory) Alloc(rows, cols int) (compute.Mat, error) {
	n := rows * cols
	if n > largestShared {
		return compute.Mat{Buf: m.own(n), Rows: rows, Cols: cols}, nil
	}
	b := &fakeBuffer{name: 1, first: m.used, elems: n}
	m.used += (n + 63) / 64 * 64
	return compute.Mat{Buf: b, Rows: rows, Cols: cols}, nil
}

// AllocBytes returns a rows×cols matrix of bytes.
func (m *memory) AllocBytes(rows, cols int) (compute.Bytes, error) {
	return compute.Bytes{Buf: m.own(rows * cols), Rows: rows, Cols: cols}, nil
}

// AllocIndex returns a list of n row numbers below limit.
func (m *memory) AllocIndex(n, limit int) (compute.Index, error) {
	return compute.Index{Buf: m.own(n), Len: n, Limit: limit}, nil
}
