package judge

import (
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

// A Verdict is what a device makes of a [Replay] program.
type Verdict struct {
	// Step is the first result of the program, as the device compiles it, that is wrong;
	// or nil. Where no op by itself is wrong it is the first of all matrices, in the order
	// of the ops, once none of them is scratch.
	Step *Difference
	// Op is the first wrong result of an op that is a program of its own, and is judged
	// on exactly what those before it gave on this device; or nil.
	Op *Difference
	// Unsteady says where two runs of the program gave other bits, or is nil.
	Unsteady *Failure
	// Limit is the first result of an op by itself that is not a finite number, although
	// it is what it should be; or nil.
	Limit *Difference
}

// Wrong says what is wrong with the device, or is "".
func (v *Verdict) Wrong() string {
	switch {
	case v.Op != nil:
		return v.Op.String()
	case v.Step != nil:
		return v.Step.String() + ", although each op by itself is right"
	case v.Unsteady != nil:
		return v.Unsteady.Detail
	}
	return ""
}

// First is the first op and element that is wrong, or nil.
func (v *Verdict) First() *Difference {
	if v.Op != nil {
		return v.Op
	}
	return v.Step
}

// Check has a backend run the program twice as it compiles it, and then op by op, and
// judges what it makes of it. All memory taken is freed. The error is the backend's.
func (g *Replay) Check(b compute.Backend) (*Verdict, error) {
	l, err := load(b, g.p)
	defer l.free()
	if err != nil {
		return nil, err
	}
	v := &Verdict{}
	got, err := g.fused(l, true)
	if err != nil {
		return nil, err
	}
	for _, one := range got {
		if v.Step == nil {
			v.Step = g.first(one, false)
		}
	}
	v.Unsteady = g.p.same(got[0], got[1])
	if err := g.apart(l, v); err != nil {
		return nil, err
	}
	if v.Step == nil || v.Op != nil {
		return v, nil
	}
	all, err := g.fused(l, false)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if d := g.first(one, true); d != nil {
			v.Step = d
			break
		}
	}
	return v, nil
}

// fused compiles the program, with its scratch or without any, and runs it twice on the
// given values. It returns what all buffers hold after each run.
func (g *Replay) fused(l *loadedProblem, scratch bool) (got [2][][]float32, err error) {
	if !scratch {
		kept := g.p.scratch
		g.p.scratch = nil
		defer func() { g.p.scratch = kept }()
	}
	e, err := l.compile(g.p.Ops...)
	if err != nil {
		return got, err
	}
	defer e.Release()
	for i := range got {
		if err := l.reset(); err != nil {
			return got, err
		}
		if got[i], err = l.run(e); err != nil {
			return got, err
		}
	}
	return got, nil
}

// first returns the first wrong element of what all buffers hold.
func (g *Replay) first(got [][]float32, scratch bool) *Difference {
	g.solve()
	for _, r := range g.results(scratch) {
		m := r.mat
		if d := g.differs(r.op, m, got[g.p.buffer(m)][m.Off:m.Off+m.Len()]); d != nil {
			return d
		}
	}
	return nil
}

// apart runs op by op, each judged on what the device has made of those before, and
// stops at the first that is wrong.
func (g *Replay) apart(l *loadedProblem, v *Verdict) error {
	if err := l.reset(); err != nil {
		return err
	}
	g.begin()
	for i, op := range g.p.Ops {
		if err := g.alone(l, i, op); err != nil {
			return err
		}
		if err := g.look(l, i, op, v); err != nil || v.Op != nil {
			return err
		}
	}
	return nil
}

// alone runs an op as a program of its own.
func (g *Replay) alone(l *loadedProblem, number int, op compute.Op) error {
	e, err := l.compile(op)
	if err != nil {
		return fmt.Errorf("op %d, %s: %w", number+1, Kernel(op), err)
	}
	e.Run(g.args)
	e.Release()
	return nil
}

// look judges an op that was run, and has the reference go on from what it made.
func (g *Replay) look(l *loadedProblem, number int, op compute.Op, v *Verdict) error {
	read := func(m compute.Mat) ([]float32, error) {
		got := make([]float32, m.Len())
		bound := m
		bound.Buf = l.buffer[m.Buf]
		return got, l.b.Read(got, bound)
	}
	outputs := g.outputs(op)
	for _, o := range compute.Matrices(op) {
		if o.Mode != compute.In || slices.Contains(outputs, o.Mat) {
			continue
		}
		got, err := read(o.Mat)
		if err != nil {
			return err
		}
		if d := g.changed(number, o.Mat, got); d != nil {
			v.Op = d
			return nil
		}
	}
	g.do(op)
	for _, m := range outputs {
		got, err := read(m)
		if err != nil {
			return err
		}
		if v.Op = g.differs(number, m, got); v.Op != nil {
			return nil
		}
		f := m.Buf.(*floats)
		for e, x := range got {
			if v.Limit == nil && (math.IsNaN(float64(x)) || math.IsInf(float64(x), 0)) {
				v.Limit = g.difference(number, m, e, x)
			}
			f.take(m.Off+e, x)
		}
	}
	return nil
}

// changed returns the first element of what an op only reads that is another now.
func (g *Replay) changed(number int, m compute.Mat, got []float32) *Difference {
	r := g.p.load(m)
	for e, v := range got {
		if math.IsInf(r.tol[e], 1) || float64(v) == r.Val[e] {
			continue
		}
		d := g.difference(number, m, e, v)
		d.Input = true
		return d
	}
	return nil
}
