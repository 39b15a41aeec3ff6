package cases

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// randomPrograms is the number of random programs.
const randomPrograms = 32

// randoms adds programs that are valid but unusual: the
// ops of a training step with some of them exchanged, repeated or omitted, and with
// other ops on parts of the same memory between them. A backend must not fuse or
// reorder ops if that changes the results.
func (l *caseList) randoms() {
	if l.quick {
		return
	}
	for seed := range randomPrograms {
		l.add("program", "random", []string{fmt.Sprintf("seed=%d", seed)}, random)
	}
}

// A shuffled is a training step of two layers whose ops are changed at random.
type shuffled struct {
	*step
	p   *judge.Problem
	ops []compute.Op
}

func random(p *judge.Problem) {
	pick := func(list ...int) int { return list[p.Intn(len(list))] }
	n := network{Step: Step{Sizes: []int{pick(4, 12, 30), pick(3, 9, 20), pick(2, 5)}, Hidden: compute.Tanh, Output: compute.Softmax, Batch: pick(1, 2, 9, 70), Biases: true, Momentum: pick(0, 1) == 1}, indexed: pick(0, 1) == 1, inPlace: pick(0, 1) == 1, sparse: true, runs: 2}
	s := &shuffled{step: newStep(p, n), p: p}
	s.forward(true)
	s.backward(true)
	// An op may now read a matrix before any op writes it, so all must be initialised.
	for _, m := range p.Matrices() {
		initial := p.Initial(m)
		for e := range initial {
			initial[e] = p.Normal(0.3)
		}
	}
	s.ops, p.Ops = p.Ops, nil
	for range pick(0, 1, 2, 3, 5) {
		s.mutate()
	}
	p.Ops = s.ops
	s.forgetSome()
	for i := range n.runs {
		p.AddRun(compute.Args{Row: i * n.Batch, LearningRate: 0.1, Momentum: 0.5})
	}
}

// mutate exchanges two ops, inserts one or deletes one.
func (s *shuffled) mutate() {
	i, j := s.p.Intn(len(s.ops)), s.p.Intn(len(s.ops))
	switch s.p.Intn(6) {
	case 0:
		s.ops[i], s.ops[j] = s.ops[j], s.ops[i]
	case 1:
		s.ops = slices.Insert(s.ops, i, s.ops[j])
	case 2:
		s.ops = slices.Delete(s.ops, i, i+1)
	default:
		s.ops = slices.Insert(s.ops, i, s.extra())
	}
}

// extra returns a valid op that uses some of the step's memory in another way.
func (s *shuffled) extra() compute.Op {
	for {
		op := s.candidate()
		if (compute.Program{Ops: []compute.Op{op}}).Check(func(compute.Buffer, compute.Element) bool { return true }) == nil {
			return op
		}
	}
}

// candidate returns an op that may be invalid.
func (s *shuffled) candidate() compute.Op {
	one, two := s.layers[0], s.layers[1]
	some := func() compute.Mat { return s.some(s.any()) }
	like := func(m compute.Mat) compute.Mat { return s.like(m) }
	switch s.p.Intn(14) {
	case 0:
		m := some()
		if m.Buf == two.w.Buf {
			// With equal weights the deltas of a softmax cancel, and only
			// rounding errors would remain.
			m = s.x
		}
		return compute.Fill{Dst: m, Value: 0.125}
	case 1:
		return compute.Gather{Dst: s.some(s.x), Src: s.pixels, Index: s.index, Scale: 1. / 255}
	case 2:
		m := some()
		return compute.Update{W: m, G: like(m)}
	case 3:
		m := some()
		return compute.Activate{Dst: m, Src: like(m), F: compute.Tanh}
	case 4:
		m := some()
		return compute.ColumnSum{Dst: like(m.RowRange(0, 1)), Src: m}
	case 5:
		return compute.MatMul{Dst: s.x, A: one.delta, B: one.w}
	case 6:
		// The weights in the shape of their transpose.
		w := compute.Mat{Buf: one.w.Buf, Rows: one.w.Cols, Cols: one.w.Rows}
		return compute.MatMul{Dst: one.z, A: s.x, B: w}
	case 7:
		return compute.MatMul{Dst: one.dw, A: one.delta, B: s.x, TransA: true}
	case 8:
		m := some()
		return compute.Dropout{Dst: m, Src: like(m), Rate: 0.5, Stream: uint32(s.p.Intn(2))}
	case 9:
		m := some()
		return compute.Dropout{Dst: m, Src: m, Rate: 0.25}
	case 10:
		m := some()
		return compute.Average{Dst: m, Src: like(m), Decay: 0.75}
	case 11:
		return compute.MaxNorm{W: s.some(one.w), Limit: 0.5}
	case 12:
		m := some()
		return compute.Update{W: m, G: like(m), L2: 0.25, Decay: 0.5}
	default:
		return compute.MatMul{Dst: two.dw, A: two.delta, B: one.y, TransA: true}
	}
}

// any returns one of the problem's matrices.
func (s *shuffled) any() compute.Mat {
	list := s.p.Matrices()
	return list[s.p.Intn(len(list))]
}

// some returns a matrix or some of its rows.
func (s *shuffled) some(m compute.Mat) compute.Mat {
	if s.p.Intn(2) == 0 {
		return m
	}
	n := 1 + s.p.Intn(m.Rows)
	return m.RowRange(s.p.Intn(m.Rows-n+1), n)
}

// like returns a matrix of the shape of m anywhere in the problem's memory.
func (s *shuffled) like(m compute.Mat) compute.Mat {
	for {
		buf := s.any()
		if room := buf.Len() - m.Len(); room >= 0 {
			return compute.Mat{Buf: buf.Buf, Off: buf.Off + s.p.Intn(room+1), Rows: m.Rows, Cols: m.Cols}
		}
	}
}

// forgetSome marks some matrices as scratch. It chooses among those whose initial values a run does not
// read.
func (s *shuffled) forgetSome() {
	for _, m := range s.p.Matrices() {
		if m.Buf != s.stats.Buf && s.p.Intn(4) > 0 && s.writtenFirst(m) {
			s.p.Scratch(m)
		}
	}
}

// writtenFirst reports whether the program writes every element of a matrix before it reads
// it.
func (s *shuffled) writtenFirst(m compute.Mat) bool {
	written := make([]bool, m.Len())
	for _, op := range s.ops {
		for _, o := range compute.Matrices(op) {
			lo, hi := max(o.Mat.Off, m.Off), min(o.Mat.Off+o.Mat.Len(), m.Off+m.Len())
			if o.Mat.Buf != m.Buf || lo >= hi || o.Mode == compute.Out {
				continue
			}
			if slices.Contains(written[lo-m.Off:hi-m.Off], false) {
				return false
			}
		}
		for _, o := range compute.Matrices(op) {
			lo, hi := max(o.Mat.Off, m.Off), min(o.Mat.Off+o.Mat.Len(), m.Off+m.Len())
			if o.Mat.Buf != m.Buf || lo >= hi || o.Mode == compute.In {
				continue
			}
			for e := lo; e < hi; e++ {
				written[e-m.Off] = true
			}
		}
	}
	return true
}
