package compute

import (
	"fmt"
	"math"
	"slices"
)

// A Program is a list of ops, done one after another: each sees what those
// before it wrote.
type Program struct {
	Name string // for messages
	Ops  []Op
	// Scratch lists matrices that only carry values from op to op within a run:
	// the caller promises not to use what they hold after it, neither by Read
	// nor in another program, until they are written again. A backend that fuses
	// need not write them at all. A matrix of an op is scratch if it is one of
	// these, view for view.
	Scratch []Mat
}

// IsScratch tells whether a matrix is listed in Scratch.
func (p Program) IsScratch(m Mat) bool { return slices.Contains(p.Scratch, m) }

// An OpError says which op of which program is wrong, and how.
type OpError struct {
	Program string
	Index   int // of the op in the program, from 0
	Op      string
	Err     error
}

func (e *OpError) Error() string {
	return fmt.Sprintf("program %q, op %d (%s): %v", e.Program, e.Index, e.Op, e.Err)
}

// Unwrap returns the reason.
func (e *OpError) Unwrap() error { return e.Err }

// Check tells whether every op keeps its rules of shape, whether the memory it
// writes overlaps none of its other operands in part, and whether each buffer is
// one that owns accepts, made of what the op takes it for. The error is an
// *OpError where it is an op's. Backends call it in Compile.
func (p Program) Check(owns func(Buffer, Element) bool) error {
	for i, op := range p.Ops {
		if err := checkOp(op, owns); err != nil {
			name := "nil"
			if op != nil {
				name = op.Name()
			}
			return &OpError{Program: p.Name, Index: i, Op: name, Err: err}
		}
	}
	for i, m := range p.Scratch {
		if m.IsZero() || !owns(m.Buf, Float32) {
			return fmt.Errorf("program %q: scratch matrix %d (%s) is not a matrix of this backend, or was freed", p.Name, i, m)
		}
	}
	return nil
}

// CheckArgs returns an *OpError if args asks for rows that an index, a data set or a
// statistics matrix of the program does not have. A backend, which calls it for each run,
// keeps the Batches.
func (p Program) CheckArgs(args Args) error { return p.Batches().Check(args) }

// Batches is what the rows of a batch must keep to in the runs of a program.
type Batches struct {
	program string
	list    []batch
}

// A batch is the rows that op number op takes, and how many rows it has to take them from.
type batch struct {
	op          int
	name        string
	rows, limit int
}

// Batches lists the batches of a program.
func (p Program) Batches() Batches {
	b := Batches{program: p.Name}
	for i, op := range p.Ops {
		if rows, limit, ok := batchOf(op); ok {
			b.list = append(b.list, batch{i, op.Name(), rows, limit})
		}
	}
	return b
}

// batchOf returns the rows of an op's batch and the rows there are. It reports false if the
// op does not depend on Args.Row.
func batchOf(op Op) (rows, limit int, ok bool) {
	list := Operands(op)
	entries := 0 // of the index
	for _, o := range list {
		entries += o.Index.Len
	}
	limit = math.MaxInt
	for _, o := range list {
		switch {
		case o.Rows == IndexedRows && entries > 0:
			limit, ok = min(limit, entries), true
		case o.Rows != AllRows:
			limit, ok = min(limit, o.rows()), true
		case o.Element == Float32 && rows == 0:
			rows = o.Mat.Rows
		}
	}
	return rows, limit, ok
}

// Check returns an *OpError if a batch has no row args.Row, or too few rows from there on.
func (b Batches) Check(args Args) error {
	for _, n := range b.list {
		// Compared this way round, a row near the largest int cannot overflow.
		if args.Row < 0 || args.Row > n.limit-n.rows {
			return &OpError{Program: b.program, Index: n.op, Op: n.name,
				Err: fmt.Errorf("a batch of %d rows at row %d, of %d rows", n.rows, args.Row, n.limit)}
		}
	}
	return nil
}
