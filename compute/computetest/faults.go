package computetest

import (
	"slices"

	"shadegrad/compute"
)

// A Fault is a mistake that a backend could make.
type Fault struct {
	// Name says what is wrong: "matmul: the last column is not written".
	Name string
	// Op is the name of the op that is computed wrongly, "program" if the order of
	// ops is wrong, or "backend" if the mistake is not about ops.
	Op string

	wrap func(compute.Backend) compute.Backend
}

// Wrap returns a backend that does everything as b does, except for the fault. Its
// matrices are b's. Closing it closes b.
func (f Fault) Wrap(b compute.Backend) compute.Backend { return f.wrap(b) }

// Faults returns all faults, the same ones every time.
func Faults() []Fault {
	return slices.Concat(matmulFaults, elementFaults, updateFaults, normFaults, lossFaults, batchFaults, drawFaults, warpFaults,
		queueFaults, memoryFaults)
}

// fault returns a fault of one op: do replaces the op.
func fault[O compute.Op](what string, do func(c *call, o O)) Fault {
	var none O
	return Fault{Name: none.Name() + ": " + what, Op: none.Name(), wrap: func(b compute.Backend) compute.Backend {
		return &opByOp{Backend: b, do: func(c *call) bool {
			o, ok := c.op.(O)
			if ok {
				do(c, o)
			}
			return ok
		}}
	}}
}

// faultUnless returns a fault of one op that computes the op correctly if right returns true.
func faultUnless[O compute.Op](what string, right func(o O) bool, do func(c *call, o O)) Fault {
	return fault(what, func(c *call, o O) {
		if right(o) {
			c.right()
		} else {
			do(c, o)
		}
	})
}

// replaced returns a fault that computes another op of the same type, or the same op with other arguments.
func replaced[O compute.Op](what string, change func(o *O, a *compute.Args)) Fault {
	return fault(what, func(c *call, o O) {
		change(&o, &c.args)
		c.instead(o)
	})
}

// opByOp is a backend that runs each op as a separate program, unless do replaces
// the op.
type opByOp struct {
	compute.Backend
	do func(*call) bool
	// order, if not nil, changes the order of the ops.
	order func([]compute.Op) []compute.Op
}

func (b *opByOp) Compile(p compute.Program) (compute.Executable, error) {
	whole, err := b.Backend.Compile(p)
	if err != nil {
		return nil, err
	}
	e := &opByOpProgram{b: b, p: compute.Program{Name: p.Name, Ops: slices.Clone(p.Ops)}, whole: whole}
	if b.order != nil {
		e.p.Ops = b.order(e.p.Ops)
	}
	for _, op := range e.p.Ops {
		one, err := b.Backend.Compile(compute.Program{Name: p.Name, Ops: []compute.Op{op}})
		if err != nil {
			e.Release()
			return nil, err
		}
		e.ops = append(e.ops, one)
	}
	return e, nil
}

type opByOpProgram struct {
	b     *opByOp
	p     compute.Program
	whole compute.Executable
	ops   []compute.Executable
	runs  int
}

func (e *opByOpProgram) Run(args compute.Args) {
	if e.p.CheckArgs(args) != nil {
		e.whole.Run(args) // fails, as it must
		return
	}
	for i, op := range e.p.Ops {
		c := &call{b: e.b.Backend, op: op, args: args, exec: e.ops[i], runs: e.runs}
		if e.b.do == nil || !e.b.do(c) {
			c.right()
		}
		c.free()
	}
	e.runs++
}

func (e *opByOpProgram) Release() {
	e.whole.Release()
	for _, one := range e.ops {
		one.Release()
	}
}

// A call is one op in one run. After the backend has failed its methods do nothing or return zeros,
// since its error persists.
type call struct {
	b    compute.Backend // without the fault
	op   compute.Op
	args compute.Args
	exec compute.Executable
	runs int // of the program, before this one
	temp []compute.Mat
}

// right computes the op correctly.
func (c *call) right() { c.exec.Run(c.args) }

// instead computes another op, if Compile accepts it.
func (c *call) instead(op compute.Op) {
	p := compute.Program{Name: "fault", Ops: []compute.Op{op}}
	if e, err := c.b.Compile(p); err == nil {
		if p.CheckArgs(c.args) == nil {
			e.Run(c.args)
		}
		e.Release()
	}
}

func (c *call) get(m compute.Mat) []float32 {
	v := make([]float32, m.Len())
	if c.b.Read(v, m) != nil {
		clear(v)
	}
	return v
}

func (c *call) put(m compute.Mat, v []float32) { _ = c.b.Write(m, v) }

// change computes the op and then changes its result m.
func (c *call) change(m compute.Mat, how func(v []float32)) {
	c.right()
	v := c.get(m)
	how(v)
	c.put(m, v)
}

// adjust computes the op and then changes each element of its result m.
func (c *call) adjust(m compute.Mat, by func(e int, v float32) float32) {
	c.change(m, func(v []float32) {
		for e := range v {
			v[e] = by(e, v[e])
		}
	})
}

// keep computes the op and then restores the old values of those elements of m for which wanted
// returns true.
func (c *call) keep(m compute.Mat, wanted func(i, j int) bool) {
	before := c.get(m)
	c.change(m, func(v []float32) {
		for e := range v {
			if wanted(e/m.Cols, e%m.Cols) {
				v[e] = before[e]
			}
		}
	})
}

// scratch returns a matrix that free frees.
func (c *call) scratch(rows, cols int) compute.Mat {
	m, err := c.b.Alloc(rows, cols)
	if err == nil {
		c.temp = append(c.temp, m)
	}
	return m
}

func (c *call) free() {
	for _, m := range c.temp {
		c.b.Free(m.Buf)
	}
}

// octets returns the m rows of src that the run reads.
func (c *call) octets(src compute.Bytes, index compute.Index, m int) []float32 {
	dst := c.scratch(m, src.Cols)
	c.instead(compute.Gather{Dst: dst, Src: src, Index: index, Scale: 1})
	return c.get(dst)
}

// all returns all rows of src.
func (c *call) all(src compute.Bytes) []float32 {
	row := c.args.Row
	defer func() { c.args.Row = row }()
	c.args.Row = 0
	return c.octets(src, compute.Index{}, src.Rows)
}
