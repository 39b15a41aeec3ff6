package compute

import (
	"fmt"
	"math"
	"slices"
)

// A Program is a list of ops, done one after another. Each op reads the results of the ops before it.
type Program struct {
	Name string // for messages
	Ops  []Op
	// Scratch lists matrices that carry values between ops within a run. After the run
	// the caller must not use the values, neither by Read nor in another program,
	// until the matrices are written again. A backend that fuses ops need not write
	// them. A matrix of an op is scratch if the list has the same view.
	Scratch []Mat
}

// IsScratch reports whether a matrix is in Scratch.
func (p Program) IsScratch(m Mat) bool { return slices.Contains(p.Scratch, m) }

// An OpError reports which op of which program is invalid, and why.
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

// Check returns an error if an op breaks its rules of shape, if it writes memory that another of
// its operands uses, or if owns reports false for a buffer and the elements that the op expects
// in it. The error is an *OpError if it concerns an op. Backends call Check in Compile.
func (p Program) Check(owns func(Buffer, Element) bool) error {
	for i, op := range p.Ops {
		if err := checkOp(op, owns); err != nil {
			name := fmt.Sprintf("%T", op)
			switch {
			case op == nil:
				name = "nil"
			case isValue(op):
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

// CheckArgs returns an *OpError if args selects rows that an index, a data set or a statistics
// matrix of the program does not have. A backend that checks every run keeps the Batches.
func (p Program) CheckArgs(args Args) error { return p.Batches().Check(args) }

// Batches holds the batches of a program, for checks of Args.Row.
type Batches struct {
	program string
	list    []batch
}

// A batch is the number of rows that an op uses in a run, out of limit rows.
type batch struct {
	op          int
	name        string
	rows, limit int
}

// Batches returns the batches of a program.
func (p Program) Batches() Batches {
	b := Batches{program: p.Name}
	for i, op := range p.Ops {
		if rows, limit, ok := batchOf(op); ok {
			b.list = append(b.list, batch{i, op.Name(), rows, limit})
		}
	}
	return b
}

// batchOf returns the batch of an op and its limit. It returns false if the op does not depend on
// Args.Row.
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
		case o.Element == Float32 && rows == 0: // the first matrix has the rows of a batch
			rows = o.Mat.Rows
		}
	}
	return rows, limit, ok
}

// Check returns an *OpError if a batch that begins at args.Row exceeds its limit.
func (b Batches) Check(args Args) error {
	for _, n := range b.list {
		// args.Row+n.rows could overflow.
		if args.Row < 0 || args.Row > n.limit-n.rows {
			return &OpError{Program: b.program, Index: n.op, Op: n.name,
				Err: fmt.Errorf("a batch of %d rows at row %d does not fit in %d rows", n.rows, args.Row, n.limit)}
		}
	}
	return nil
}
