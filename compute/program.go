package compute

import (
	"fmt"
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

// CheckArgs tells whether the rows that args asks for exist in every index, data
// set and statistics matrix of the program. The error is an *OpError. Backends
// call it in Run, and let it stick.
func (p Program) CheckArgs(args Args) error {
	for i, op := range p.Ops {
		b, ok := op.(batched)
		if !ok {
			continue
		}
		// Compared this way round, a row near the largest int cannot overflow.
		if rows, limit := b.batch(); args.Row < 0 || args.Row > limit-rows {
			return &OpError{Program: p.Name, Index: i, Op: op.Name(),
				Err: fmt.Errorf("a batch of %d rows at row %d, of %d rows", rows, args.Row, limit)}
		}
	}
	return nil
}

// batched is an op that works at Args.Row: batch returns the rows it takes and
// the rows there are.
type batched interface{ batch() (rows, limit int) }

func (o Gather) batch() (rows, limit int) {
	return o.Dst.Rows, indexed(o.Index, o.Src.Rows)
}

func (o Take) batch() (rows, limit int) {
	return o.Dst.Rows, indexed(o.Index, o.Src.Rows)
}

func (o Warp) batch() (rows, limit int) {
	return o.Dst.Rows, indexed(o.Index, o.Src.Rows)
}

func (o Loss) batch() (rows, limit int) {
	if !o.Targets.IsZero() {
		return o.Z.Rows, o.Stats.Rows
	}
	return o.Z.Rows, min(indexed(o.Index, o.Labels.Rows), o.Stats.Rows)
}

// indexed returns how many rows an index visits in a data set of n rows.
func indexed(x Index, n int) int {
	if x.IsZero() {
		return n
	}
	return x.Len
}
