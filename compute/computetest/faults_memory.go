package computetest

import (
	"errors"

	"shadegrad/compute"
)

// memoryFaults are faults of buffers and transfers.
var memoryFaults = []Fault{
	backend("new memory is not zero", func(b compute.Backend) compute.Backend { return dirty{b} }),
	backend("a write keeps a reference to its source", func(b compute.Backend) compute.Backend { return &delayedWrites{Backend: b} }),
	backend("a write of the wrong length is truncated or padded", func(b compute.Backend) compute.Backend { return wrongLengths{b} }),
	backend("a read of the wrong length is truncated", func(b compute.Backend) compute.Backend { return shortReads{b} }),
	backend("a view is written at the start of its buffer", func(b compute.Backend) compute.Backend { return offsetless{b} }),
	backend("an index takes rows beyond its limit", func(b compute.Backend) compute.Backend { return limitless{b} }),
	backend("a refused index is written in part", func(b compute.Backend) compute.Backend { return halfIndex{b} }),
	backend("a size of 0 counts as 1", func(b compute.Backend) compute.Backend { return sizeless{b} }),
	backend("Free does not release memory", func(b compute.Backend) compute.Backend { return freeIgnored{b} }),
	backend("buffers of another instance are accepted", func(b compute.Backend) compute.Backend { return foreignAccepted{b} }),
	backend("two fetches share their values", func(b compute.Backend) compute.Backend { return &sharedFetches{Backend: b} }),
	backend("closing twice is an error", func(b compute.Backend) compute.Backend { return &closeOnce{Backend: b} }),
	backend("a closed backend continues to work", func(b compute.Backend) compute.Backend { return closeIgnored{b} }),
	backend("the backend has no name", func(b compute.Backend) compute.Backend { return nameless{b} }),
}

type dirty struct{ compute.Backend }

func (b dirty) Alloc(rows, cols int) (compute.Mat, error) {
	m, err := b.Backend.Alloc(rows, cols)
	if err != nil {
		return m, err
	}
	v := make([]float32, m.Len())
	v[len(v)-1] = 1
	return m, b.Backend.Write(m, v)
}

// delayedWrites delays a write until something is read or compiled.
type delayedWrites struct {
	compute.Backend
	dst compute.Mat
	src []float32
}

func (b *delayedWrites) flush() {
	if b.src != nil {
		_ = b.Backend.Write(b.dst, b.src)
		b.src = nil
	}
}

func (b *delayedWrites) Write(dst compute.Mat, src []float32) error {
	b.flush()
	if err := b.Backend.Write(dst, src); err != nil {
		return err
	}
	b.dst, b.src = dst, src
	return nil
}

func (b *delayedWrites) Read(dst []float32, src compute.Mat) error {
	b.flush()
	return b.Backend.Read(dst, src)
}

func (b *delayedWrites) Compile(p compute.Program) (compute.Executable, error) {
	b.flush()
	return b.Backend.Compile(p)
}

type wrongLengths struct{ compute.Backend }

func (b wrongLengths) Write(dst compute.Mat, src []float32) error {
	if len(src) != dst.Len() {
		src = append(append([]float32(nil), src...), make([]float32, dst.Len())...)[:dst.Len()]
	}
	return b.Backend.Write(dst, src)
}

type shortReads struct{ compute.Backend }

func (b shortReads) Read(dst []float32, src compute.Mat) error {
	all := make([]float32, src.Len())
	err := b.Backend.Read(all, src)
	copy(dst, all)
	return err
}

type offsetless struct{ compute.Backend }

func (b offsetless) Write(dst compute.Mat, src []float32) error {
	if dst.Off > 0 {
		dst.Off = 0
	}
	return b.Backend.Write(dst, src)
}

type limitless struct{ compute.Backend }

func (b limitless) WriteIndex(dst compute.Index, src []uint32) error {
	rows := append([]uint32(nil), src...)
	for i := range rows {
		rows[i] = min(rows[i], uint32(dst.Limit-1))
	}
	return b.Backend.WriteIndex(dst, rows)
}

type halfIndex struct{ compute.Backend }

func (b halfIndex) WriteIndex(dst compute.Index, src []uint32) error {
	err := b.Backend.WriteIndex(dst, src)
	if err != nil && len(src) == dst.Len {
		_ = limitless{b.Backend}.WriteIndex(dst, src)
	}
	return err
}

type sizeless struct{ compute.Backend }

func (b sizeless) Alloc(rows, cols int) (compute.Mat, error) {
	if rows == 0 || cols == 0 {
		rows, cols = max(rows, 1), max(cols, 1)
	}
	return b.Backend.Alloc(rows, cols)
}

type freeIgnored struct{ compute.Backend }

func (freeIgnored) Free(compute.Buffer) {}

// foreignAccepted accepts op Fill on matrices of other instances and does nothing.
type foreignAccepted struct{ compute.Backend }

func (b foreignAccepted) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	if last, ok := lastOp(p).(compute.Fill); err != nil && ok && last.Dst.Len() == 4 {
		return idle{}, nil
	}
	return e, err
}

func lastOp(p compute.Program) compute.Op {
	if len(p.Ops) == 0 {
		return nil
	}
	return p.Ops[len(p.Ops)-1]
}

type sharedFetches struct {
	compute.Backend
	m      compute.Mat
	values []float32
}

type sharedFetch struct {
	values []float32
	err    error
}

func (f sharedFetch) Ready() bool              { return true }
func (f sharedFetch) Wait() ([]float32, error) { return f.values, f.err }

func (b *sharedFetches) Fetch(m compute.Mat) compute.Fetch {
	values, err := b.Backend.Fetch(m).Wait()
	if err == nil && m == b.m {
		copy(b.values, values)
		return sharedFetch{b.values, nil}
	}
	b.m, b.values = m, values
	return sharedFetch{values, err}
}

type closeOnce struct {
	compute.Backend
	closed bool
}

func (b *closeOnce) Close() error {
	if b.closed {
		return errors.New("already closed")
	}
	b.closed = true
	return b.Backend.Close()
}

type closeIgnored struct{ compute.Backend }

func (closeIgnored) Close() error { return nil }

type nameless struct{ compute.Backend }

func (nameless) Info() compute.Info { return compute.Info{} }
