package cpu

import (
	"errors"

	"shadegrad/compute"
)

// A step is one op, its operands resolved to memory.
type step interface{ run(compute.Args) }

type executable struct {
	backend *Backend
	program compute.Program
	steps   []step
}

// Compile checks the program and resolves its operands.
func (b *Backend) Compile(p compute.Program) (compute.Executable, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	if err := p.Check(b.owns); err != nil {
		return nil, err
	}
	p.Ops = append([]compute.Op(nil), p.Ops...)
	e := &executable{backend: b, program: p}
	for i, op := range p.Ops {
		s, err := newStep(op)
		if err != nil {
			return nil, &compute.OpError{Program: p.Name, Index: i, Op: op.Name(), Err: err}
		}
		e.steps = append(e.steps, s)
	}
	return e, nil
}

// Run does the program's ops one after another.
func (e *executable) Run(args compute.Args) {
	b := e.backend
	if b.usable() != nil {
		return
	}
	if e.steps == nil && len(e.program.Ops) > 0 {
		b.failed = errors.New("program " + e.program.Name + " was run after its release")
		return
	}
	if err := e.program.CheckArgs(args); err != nil {
		b.failed = err
		return
	}
	for _, s := range e.steps {
		s.run(args)
	}
}

// Release forgets the steps.
func (e *executable) Release() { e.steps = nil }

func newStep(op compute.Op) (step, error) {
	switch o := op.(type) {
	case compute.Gather:
		return newGather(o), nil
	case compute.MatMul:
		return newMatMul(o), nil
	case compute.Activate:
		return newActivate(o), nil
	case compute.Delta:
		return newDelta(o), nil
	case compute.Loss:
		return newLoss(o), nil
	case compute.ColumnSum:
		return newColumnSum(o), nil
	case compute.Update:
		return newUpdate(o), nil
	case compute.Fill:
		return fill{data(o.Dst), o.Value}, nil
	}
	return nil, errors.New("the CPU backend does not know this op")
}

// data returns the memory of a matrix that Check has accepted, or nil for none.
func data(m compute.Mat) []float32 {
	if m.IsZero() {
		return nil
	}
	return m.Buf.(*buffer[float32]).data[m.Off : m.Off+m.Len() : m.Off+m.Len()]
}

// rowNumbers returns the entries of an index, or nil for the natural order.
func rowNumbers(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*buffer[uint32]).data[:x.Len]
}

// rowNumber returns entry i of an index.
func rowNumber(index []uint32, i int) int {
	if index == nil {
		return i
	}
	return int(index[i])
}
