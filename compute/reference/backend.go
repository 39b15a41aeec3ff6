package reference

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

// New returns the reference as a backend: it computes each op in float64 and rounds the result to float32. It is slow,
// and meant for tests.
func New() compute.Backend { return &backend{live: make(map[compute.Buffer]bool)} }

type backend struct {
	live   map[compute.Buffer]bool
	double bool // matrices hold float64 values
	closed bool
	err    error // the first failure of a run
}

type (
	floatBuffer struct {
		data []float32
		wide []float64 // the values of a Double, or nil
	}
	byteBuffer struct {
		data   []byte
		shared bool // data belongs to the caller
	}
	indexBuffer struct {
		data  []uint32
		limit int
	}
)

func (b *floatBuffer) Elems() int { return len(b.data) }
func (b *byteBuffer) Elems() int  { return len(b.data) }
func (b *indexBuffer) Elems() int { return len(b.data) }
func (b *indexBuffer) Limit() int { return b.limit }

// Data returns the elements of a buffer of a reference backend, without copying them: a []float32, []byte or []uint32. It
// returns nil for any other buffer.
func Data(b compute.Buffer) any {
	switch b := b.(type) {
	case *floatBuffer:
		return b.data
	case *byteBuffer:
		return b.data
	case *indexBuffer:
		return b.data
	}
	return nil
}

// Holds reports whether a buffer belongs to a reference backend and has elements of the given type.
func Holds(b compute.Buffer, e compute.Element) (ok bool) {
	switch e {
	case compute.Float32:
		_, ok = b.(*floatBuffer)
	case compute.Byte:
		_, ok = b.(*byteBuffer)
	case compute.RowNumber:
		_, ok = b.(*indexBuffer)
	}
	return ok
}

// holds reports whether a buffer is a live one of this backend, with elements of the given type.
func (r *backend) holds(b compute.Buffer, e compute.Element) bool { return Holds(b, e) && r.live[b] }

func (r *backend) Info() compute.Info {
	return compute.Info{Backend: "reference", Device: "float64", Driver: "gonum", HostMemory: true}
}

// size returns rows·cols, or an error if no matrix can have that size.
func (r *backend) size(rows, cols int) (int, error) {
	switch {
	case r.closed:
		return 0, compute.ErrClosed
	case rows <= 0 || cols <= 0:
		return 0, fmt.Errorf("matrix of %d×%d: rows and columns must be positive", rows, cols)
	case rows > math.MaxInt32/cols:
		return 0, fmt.Errorf("matrix of %d×%d: more than %d elements", rows, cols, math.MaxInt32)
	}
	return rows * cols, nil
}

func (r *backend) Alloc(rows, cols int) (compute.Mat, error) {
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

func (r *backend) AllocBytes(rows, cols int) (compute.Bytes, error) {
	n, err := r.size(rows, cols)
	if err != nil {
		return compute.Bytes{}, err
	}
	return r.newBytes(rows, cols, &byteBuffer{data: make([]byte, n)}), nil
}

func (r *backend) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	n, err := r.size(rows, cols)
	if err == nil && n != len(data) {
		err = fmt.Errorf("matrix of %d×%d: %d bytes given", rows, cols, len(data))
	}
	if err != nil {
		return compute.Bytes{}, err
	}
	return r.newBytes(rows, cols, &byteBuffer{data: data, shared: true}), nil
}

func (r *backend) newBytes(rows, cols int, b *byteBuffer) compute.Bytes {
	r.live[b] = true
	return compute.Bytes{Buf: b, Rows: rows, Cols: cols}
}

func (r *backend) AllocIndex(n, limit int) (compute.Index, error) {
	if _, err := r.size(n, 1); err != nil {
		return compute.Index{}, err
	}
	if limit <= 0 {
		return compute.Index{}, fmt.Errorf("index of rows below %d: the limit must be positive", limit)
	}
	b := &indexBuffer{make([]uint32, n), limit}
	r.live[b] = true
	return compute.Index{Buf: b, Len: n, Limit: limit}, nil
}

func (r *backend) Free(b compute.Buffer) { delete(r.live, b) }

// checkTransfer checks a transfer of n elements to or from an operand of want elements.
func (r *backend) checkTransfer(b compute.Buffer, of compute.Element, n, want int) error {
	switch {
	case r.closed:
		return compute.ErrClosed
	case !r.holds(b, of):
		return fmt.Errorf("not a live buffer of %s of this backend", of)
	case n != want:
		return fmt.Errorf("%d values for %d elements", n, want)
	}
	return nil
}

// view returns the n elements of m.
func (r *backend) view(m compute.Mat, n int) ([]float32, error) {
	if err := r.checkTransfer(m.Buf, compute.Float32, n, m.Len()); err != nil {
		return nil, fmt.Errorf("matrix %s: %w", m, err)
	}
	if n < 0 || m.Off < 0 || m.Off > m.Buf.Elems()-n {
		return nil, fmt.Errorf("matrix %s: offset %d is outside its buffer of %d elements", m, m.Off, m.Buf.Elems())
	}
	b := m.Buf.(*floatBuffer)
	b.round(m)
	return b.data[m.Off : m.Off+n], nil
}

func (r *backend) Write(dst compute.Mat, src []float32) error {
	v, err := r.view(dst, len(src))
	copy(v, src)
	if err == nil && r.double {
		for e, x := range src {
			dst.Buf.(*floatBuffer).wide[dst.Off+e] = float64(x)
		}
	}
	return err
}

func (r *backend) WriteBytes(dst compute.Bytes, src []byte) error {
	if err := r.checkTransfer(dst.Buf, compute.Byte, len(src), dst.Rows*dst.Cols); err != nil {
		return fmt.Errorf("%s: %w", dst, err)
	}
	b := dst.Buf.(*byteBuffer)
	if b.shared {
		return errors.New("cannot write to shared bytes")
	}
	copy(b.data, src)
	return nil
}

func (r *backend) WriteIndex(dst compute.Index, src []uint32) error {
	if err := r.checkTransfer(dst.Buf, compute.RowNumber, len(src), dst.Len); err != nil {
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

func (r *backend) Read(dst []float32, src compute.Mat) error {
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

// A fetched is a finished Fetch.
type fetched struct {
	values []float32
	err    error
}

func (f fetched) Ready() bool              { return true }
func (f fetched) Wait() ([]float32, error) { return f.values, f.err }

func (r *backend) Fetch(src compute.Mat) compute.Fetch {
	v, err := r.view(src, src.Len())
	if err == nil {
		err = r.err
	}
	if err != nil {
		return fetched{err: err}
	}
	return fetched{values: slices.Clone(v)}
}

func (r *backend) Compile(p compute.Program) (compute.Executable, error) {
	if r.closed {
		return nil, compute.ErrClosed
	}
	if err := p.Check(r.holds); err != nil {
		return nil, err
	}
	p.Ops = slices.Clone(p.Ops)
	return &executable{r, p}, nil
}

func (r *backend) Sync() error {
	if r.closed {
		return compute.ErrClosed
	}
	return r.err
}

func (r *backend) Close() error {
	r.closed = true
	clear(r.live)
	return nil
}

type executable struct {
	r    *backend
	prog compute.Program
}

func (e *executable) Run(args compute.Args) {
	if e.r.closed || e.r.err != nil {
		return
	}
	if e.r.err = e.prog.CheckArgs(args); e.r.err != nil {
		return
	}
	for _, op := range e.prog.Ops {
		Do(op, args, memory{})
	}
}

func (e *executable) Release() {}

// memory is the Memory of the buffers of reference backends.
type memory struct{}

func (memory) Load(m compute.Mat) *Matrix {
	if m.IsZero() {
		return nil
	}
	b, end := m.Buf.(*floatBuffer), m.Off+m.Len()
	if b.wide != nil {
		return &Matrix{m.Rows, m.Cols, b.wide[m.Off:end:end]}
	}
	v := NewMatrix(m.Rows, m.Cols)
	for e, x := range b.data[m.Off:end] {
		v.Val[e] = float64(x)
	}
	return v
}

func (memory) Store(m compute.Mat, v *Matrix) {
	b := m.Buf.(*floatBuffer)
	if b.wide != nil {
		copy(b.wide[m.Off:], v.Val)
		return
	}
	for e, x := range v.Val {
		b.data[m.Off+e] = float32(x)
	}
}

func (memory) Bytes(b compute.Bytes) []byte {
	if b.Buf == nil {
		return nil
	}
	return b.Buf.(*byteBuffer).data
}

func (memory) Index(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*indexBuffer).data[:x.Len]
}
