package judge

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

// Reference returns the reference as a backend: each op is computed in float64
// by the equations that the judge holds others to, and rounded to float32. It is
// slow. It serves tests of what is built on backends, and to judge the judge.
func Reference() compute.Backend { return &reference{live: make(map[compute.Buffer]bool)} }

type reference struct {
	live   map[compute.Buffer]bool
	double bool // matrices hold float64s
	closed bool
	err    error // the first failure of a run
}

// The buffers of the reference.
type (
	floatBuffer struct {
		data []float32
		wide []float64 // of a Double, which computes with these
		none []float64 // zeros, the bounds of a Double's matrices
	}
	byteBuffer struct {
		data   []byte
		shared bool // data is the caller's
	}
	indexBuffer struct{ data []uint32 }
)

func (b *floatBuffer) Elems() int { return len(b.data) }
func (b *byteBuffer) Elems() int  { return len(b.data) }
func (b *indexBuffer) Elems() int { return len(b.data) }

func (r *reference) Info() compute.Info {
	return compute.Info{Backend: "reference", Device: "float64", Driver: "gonum", HostMemory: true}
}

// size returns rows·cols, or an error if there can be no such matrix.
func (r *reference) size(rows, cols int) (int, error) {
	switch {
	case r.closed:
		return 0, compute.ErrClosed
	case rows <= 0 || cols <= 0:
		return 0, fmt.Errorf("no matrix is %d×%d: both must be positive", rows, cols)
	case rows > math.MaxInt32/cols:
		return 0, fmt.Errorf("a matrix of %d×%d has more than %d elements", rows, cols, math.MaxInt32)
	}
	return rows * cols, nil
}

func (r *reference) Alloc(rows, cols int) (compute.Mat, error) {
	n, err := r.size(rows, cols)
	if err != nil {
		return compute.Mat{}, err
	}
	b := &floatBuffer{data: make([]float32, n)}
	if r.double {
		b.wide = make([]float64, n)
	}
	r.live[b] = true
	return compute.Mat{Buf: b, Rows: rows, Cols: cols}, nil
}

func (r *reference) AllocBytes(rows, cols int) (compute.Bytes, error) {
	n, err := r.size(rows, cols)
	if err != nil {
		return compute.Bytes{}, err
	}
	b := &byteBuffer{data: make([]byte, n)}
	r.live[b] = true
	return compute.Bytes{Buf: b, Rows: rows, Cols: cols}, nil
}

func (r *reference) AllocIndex(n, limit int) (compute.Index, error) {
	if _, err := r.size(n, 1); err != nil {
		return compute.Index{}, err
	}
	if limit <= 0 {
		return compute.Index{}, fmt.Errorf("an index of rows below %d is empty", limit)
	}
	b := &indexBuffer{make([]uint32, n)}
	r.live[b] = true
	return compute.Index{Buf: b, Len: n, Limit: limit}, nil
}

func (r *reference) Free(b compute.Buffer) { delete(r.live, b) }

// buffer checks a transfer of n elements to or from a buffer of this backend.
func (r *reference) buffer(b compute.Buffer, of compute.Element, n, want int) error {
	switch {
	case r.closed:
		return compute.ErrClosed
	case !r.holds(b, of):
		return fmt.Errorf("not a buffer of %s of this backend, or freed", of)
	case n != want:
		return fmt.Errorf("%d values for %d elements", n, want)
	}
	return nil
}

// view returns the elements of m.
func (r *reference) view(m compute.Mat, n int) ([]float32, error) {
	if err := r.buffer(m.Buf, compute.Float32, n, m.Len()); err != nil {
		return nil, fmt.Errorf("matrix %s: %w", m, err)
	}
	if n < 0 || m.Off < 0 || m.Off > m.Buf.Elems()-n {
		return nil, fmt.Errorf("matrix %s at offset %d is outside its buffer of %d", m, m.Off, m.Buf.Elems())
	}
	b := m.Buf.(*floatBuffer)
	if b.wide != nil {
		b.round(m)
	}
	return b.data[m.Off : m.Off+n], nil
}

func (r *reference) Write(dst compute.Mat, src []float32) error {
	v, err := r.view(dst, len(src))
	copy(v, src)
	if err == nil && r.double {
		for e, x := range src {
			dst.Buf.(*floatBuffer).wide[dst.Off+e] = float64(x)
		}
	}
	return err
}

func (r *reference) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	n, err := r.size(rows, cols)
	if err == nil && n != len(data) {
		err = fmt.Errorf("share bytes: %d bytes are no matrix of %d×%d", len(data), rows, cols)
	}
	if err != nil {
		return compute.Bytes{}, err
	}
	b := &byteBuffer{data: data, shared: true}
	r.live[b] = true
	return compute.Bytes{Buf: b, Rows: rows, Cols: cols}, nil
}

func (r *reference) WriteBytes(dst compute.Bytes, src []byte) error {
	if err := r.buffer(dst.Buf, compute.Byte, len(src), dst.Rows*dst.Cols); err != nil {
		return fmt.Errorf("%s: %w", dst, err)
	}
	b := dst.Buf.(*byteBuffer)
	if b.shared {
		return errors.New("write bytes: the matrix shares the memory of another")
	}
	copy(b.data, src)
	return nil
}

func (r *reference) WriteIndex(dst compute.Index, src []uint32) error {
	if err := r.buffer(dst.Buf, compute.RowNumber, len(src), dst.Len); err != nil {
		return fmt.Errorf("%s: %w", dst, err)
	}
	for i, row := range src {
		if uint64(row) >= uint64(dst.Limit) {
			return fmt.Errorf("%s: entry %d is %d", dst, i, row)
		}
	}
	copy(dst.Buf.(*indexBuffer).data, src)
	return nil
}

func (r *reference) Read(dst []float32, src compute.Mat) error {
	v, err := r.view(src, len(dst))
	if err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	copy(dst, v)
	return nil
}

// A fetched is a Fetch whose values are there already.
type fetched struct {
	values []float32
	err    error
}

func (f fetched) Ready() bool              { return true }
func (f fetched) Wait() ([]float32, error) { return f.values, f.err }

func (r *reference) Fetch(src compute.Mat) compute.Fetch {
	v, err := r.view(src, src.Len())
	if err == nil {
		err = r.err
	}
	if err != nil {
		return fetched{err: err}
	}
	return fetched{values: slices.Clone(v)}
}

// holds tells whether a buffer is a live one of this backend, made of e.
func (r *reference) holds(b compute.Buffer, e compute.Element) (ok bool) {
	switch e {
	case compute.Float32:
		_, ok = b.(*floatBuffer)
	case compute.Byte:
		_, ok = b.(*byteBuffer)
	case compute.RowNumber:
		_, ok = b.(*indexBuffer)
	}
	return ok && r.live[b]
}

func (r *reference) Compile(p compute.Program) (compute.Executable, error) {
	if r.closed {
		return nil, compute.ErrClosed
	}
	if err := p.Check(r.holds); err != nil {
		return nil, err
	}
	p.Ops = slices.Clone(p.Ops)
	return &refProgram{r, p}, nil
}

func (r *reference) Sync() error {
	if r.closed {
		return compute.ErrClosed
	}
	return r.err
}

func (r *reference) Close() error {
	r.closed = true
	clear(r.live)
	return nil
}

type refProgram struct {
	r    *reference
	prog compute.Program
}

func (e *refProgram) Run(args compute.Args) {
	if e.r.closed || e.r.err != nil {
		return
	}
	if e.r.err = e.prog.CheckArgs(args); e.r.err != nil {
		return
	}
	for _, op := range e.prog.Ops {
		evaluate(op, args, refMemory{})
	}
}

func (e *refProgram) Release() {}

// refMemory reads and writes the buffers of the reference.
type refMemory struct{}

func (refMemory) load(m compute.Mat) *grid {
	if m.IsZero() {
		return nil
	}
	if b := m.Buf.(*floatBuffer); b.wide != nil {
		return b.plain(m)
	}
	g := newGrid(m.Rows, m.Cols)
	for e, v := range m.Buf.(*floatBuffer).data[m.Off : m.Off+m.Len()] {
		g.val[e] = float64(v)
	}
	return g
}

func (refMemory) store(m compute.Mat, g *grid) {
	if b := m.Buf.(*floatBuffer); b.wide != nil {
		copy(b.wide[m.Off:], g.val)
		return
	}
	data := m.Buf.(*floatBuffer).data[m.Off : m.Off+m.Len()]
	for e, v := range g.val {
		data[e] = float32(v)
	}
}

func (refMemory) bytes(b compute.Bytes) []byte { return b.Buf.(*byteBuffer).data }

func (refMemory) index(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*indexBuffer).data[:x.Len]
}
