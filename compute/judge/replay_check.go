package judge

import (
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

// A Verdict is the result of Replay.Check.
type Verdict struct {
	// Step is the first wrong result of the program as the device compiles it, or nil. If no op alone
	// is wrong, the program was compiled again without scratch, and Step is the first wrong matrix in the order of the ops.
	Step *Difference
	// Op is the first wrong result of an op that is compiled as a separate program, or nil. The op is judged
	// on the results of the ops before it on this device.
	Op *Difference
	// Unsteady is the first difference between two runs of the program, or nil if they are bit-identical.
	Unsteady *Failure
	// Limit is the first result of an op alone that is right but not a finite number, or nil.
	Limit *Difference
}

// Wrong describes what the device computed wrongly. It returns "" if nothing is wrong.
func (v *Verdict) Wrong() string {
	switch {
	case v.Op != nil:
		return v.Op.String()
	case v.Step != nil:
		return v.Step.String() + ", although each op alone is right"
	case v.Unsteady != nil:
		return v.Unsteady.Detail
	}
	return ""
}

// First returns the first wrong op and element, or nil.
func (v *Verdict) First() *Difference {
	if v.Op != nil {
		return v.Op
	}
	return v.Step
}

// Check has a backend run the program twice as it compiles it, and then op by op, and judges the results. It frees all memory that
// it allocates. The error is the backend's.
func (r *Replay) Check(b compute.Backend) (*Verdict, error) {
	l, err := load(b, r.p)
	defer l.free()
	if err != nil {
		return nil, err
	}
	v := &Verdict{}
	got, err := r.runTwice(l)
	if err != nil {
		return nil, err
	}
	v.Step = r.first(got, false)
	v.Unsteady = r.p.same(got[0], got[1])
	if err := r.checkOps(l, v); err != nil {
		return nil, err
	}
	if v.Step == nil || v.Op != nil {
		return v, nil
	}
	scratch := r.p.scratch
	r.p.scratch = nil
	got, err = r.runTwice(l)
	r.p.scratch = scratch
	if err != nil {
		return nil, err
	}
	if d := r.first(got, true); d != nil {
		v.Step = d
	}
	return v, nil
}

// runTwice compiles the program and runs it twice on the given values. It returns the elements of all buffers after each run.
func (r *Replay) runTwice(l *loadedProblem) ([][][]float32, error) {
	e, err := l.compile(r.p.Ops...)
	if err != nil {
		return nil, err
	}
	defer e.Release()
	got := make([][][]float32, 2)
	for i := range got {
		if err := l.reset(); err != nil {
			return nil, err
		}
		if got[i], err = l.run(e); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// first returns the first wrong element of the first run that has one, or nil.
func (r *Replay) first(runs [][][]float32, scratch bool) *Difference {
	r.solve()
	for _, got := range runs {
		for _, one := range r.results(scratch) {
			m := one.mat
			if d := r.differs(one.op, m, got[r.p.buffer(m)][m.Off:m.Off+m.Len()]); d != nil {
				return d
			}
		}
	}
	return nil
}

// checkOps runs op by op, judges each on the device's results of the ops before it, and stops at the first that is wrong.
func (r *Replay) checkOps(l *loadedProblem, v *Verdict) error {
	if err := l.reset(); err != nil {
		return err
	}
	r.begin()
	for i, op := range r.p.Ops {
		e, err := l.compile(op)
		if err != nil {
			return fmt.Errorf("op %d, %s: %w", i+1, Kernel(op), err)
		}
		e.Run(r.args)
		e.Release()
		if err := r.checkOp(l, i, op, v); err != nil || v.Op != nil {
			return err
		}
	}
	return nil
}

// checkOp judges an op that was run, and sets the reference to the device's results.
func (r *Replay) checkOp(l *loadedProblem, number int, op compute.Op, v *Verdict) error {
	read := func(m compute.Mat) ([]float32, error) {
		got := make([]float32, m.Len())
		bound := m
		bound.Buf = l.buffer[m.Buf]
		return got, l.b.Read(got, bound)
	}
	outputs := r.outputs(op)
	for _, o := range compute.Matrices(op) {
		if o.Mode != compute.In || slices.Contains(outputs, o.Mat) {
			continue
		}
		got, err := read(o.Mat)
		if err != nil {
			return err
		}
		if v.Op = r.changed(number, o.Mat, got); v.Op != nil {
			return nil
		}
	}
	r.do(op)
	for _, m := range outputs {
		got, err := read(m)
		if err != nil {
			return err
		}
		if v.Op = r.differs(number, m, got); v.Op != nil {
			return nil
		}
		f := m.Buf.(*floats)
		for e, x := range got {
			if v.Limit == nil && (math.IsNaN(float64(x)) || math.IsInf(float64(x), 0)) {
				v.Limit = r.difference(number, m, e, x)
			}
			f.setDevice(m.Off+e, x)
		}
	}
	return nil
}

// changed returns the first element of an input that an op changed, or nil.
func (r *Replay) changed(number int, m compute.Mat, got []float32) *Difference {
	b := r.p.load(m)
	for e, v := range got {
		if !math.IsInf(b.tol[e], 1) && float64(v) != b.Val[e] {
			d := r.difference(number, m, e, v)
			d.Input = true
			return d
		}
	}
	return nil
}
