package compute

import "fmt"

// A Buffer is a piece of a backend's memory. Only the backend that made it can access the
// elements.
type Buffer interface {
	// Elems returns the number of elements: float32s of Alloc, bytes of AllocBytes or
	// ShareBytes, uint32s of AllocIndex.
	Elems() int
}

// An Element is the type of a buffer's elements.
type Element int

// The types of the elements in buffers of Alloc, AllocBytes and AllocIndex.
const (
	Float32 Element = iota
	Byte
	RowNumber
)

// String returns the element in the plural, as "row numbers".
func (e Element) String() string {
	return enumName([]string{"float32s", "bytes", "row numbers"}, int(e), "element")
}

// A Mat is a dense row-major matrix of float32 in a backend's memory: element (i, j) is element
// Off + i·Cols + j of Buf. It is a view and is copied by value; several may share a buffer. The
// zero Mat means "none" for an optional operand.
type Mat struct {
	Buf  Buffer
	Off  int // index in Buf of element (0, 0)
	Rows int
	Cols int
}

// IsZero reports whether m is the zero Mat, which means "none".
func (m Mat) IsZero() bool { return m.Buf == nil }

// Len returns the number of elements, Rows·Cols.
func (m Mat) Len() int { return m.Rows * m.Cols }

// RowRange returns the view of rows i to i+n−1. It panics if m does not have them.
func (m Mat) RowRange(i, n int) Mat {
	if i < 0 || n < 0 || i > m.Rows-n {
		panic(fmt.Sprintf("compute: rows [%d, %d) of a matrix of %d rows", i, i+n, m.Rows))
	}
	return Mat{Buf: m.Buf, Off: m.Off + i*m.Cols, Rows: n, Cols: m.Cols}
}

// String returns the shape, as "64×784".
func (m Mat) String() string {
	if m.IsZero() {
		return "none"
	}
	return fmt.Sprintf("%d×%d", m.Rows, m.Cols)
}

// Bytes is a row-major matrix of bytes: one image a row, or labels in one column. It fills its
// buffer.
type Bytes struct {
	Buf  Buffer
	Rows int
	Cols int
}

// String returns the shape, as "60000×784 bytes".
func (b Bytes) String() string { return fmt.Sprintf("%d×%d bytes", b.Rows, b.Cols) }

// An Index is a list of Len row numbers, each below Limit: the order in which an epoch visits the
// rows of its data set. The zero Index means the natural order 0, 1, 2, …
type Index struct {
	Buf   Buffer
	Len   int
	Limit int
}

// IsZero reports whether x is the zero Index, the natural order.
func (x Index) IsZero() bool { return x.Buf == nil }

// String returns the length and the limit, as "index of 60000 rows below 60000".
func (x Index) String() string {
	if x.IsZero() {
		return "natural order"
	}
	return fmt.Sprintf("index of %d rows below %d", x.Len, x.Limit)
}
