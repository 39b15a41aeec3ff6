package judge

import (
	"fmt"

	"shadegrad/compute"
)

// A Case is an op, or a program of several ops, with its inputs.
type Case struct {
	// Name is the kernel with its parameters: "matmul_tn/m=33,n=67,k=33".
	Name string
	// Op is the name of the op, or "program" for several ops.
	Op string
	// Kernel is the op with its variant: "matmul_tn", "activate_relu".
	Kernel string
	// Build adds the matrices, the ops and the runs to an empty problem. Without a run there is one with zero arguments.
	Build func(p *Problem)
	// Whole omits the comparison of a program with its ops compiled one by one.
	Whole bool

	cached func() *Problem // replaces Problem if it is not nil
}

// Problem builds the case's problem and solves it.
func (c Case) Problem() *Problem {
	p := NewProblem(c.Name)
	c.Build(p)
	if p.Runs == nil {
		p.AddRun(compute.Args{})
	}
	p.Solve()
	return p
}

// Programs returns the programs that checking cases compiles. Their buffers belong to no backend.
func Programs(list []Case) []compute.Program {
	var programs []compute.Program
	for _, c := range list {
		p := NewProblem(c.Name)
		c.Build(p)
		programs = append(programs, compute.Program{Name: c.Name, Ops: p.Ops, Scratch: p.scratch})
		for _, op := range p.Ops {
			if len(p.Ops) > 1 && !c.Whole {
				programs = append(programs, compute.Program{Name: c.Name, Ops: []compute.Op{op}})
			}
		}
	}
	return programs
}

// Cached returns the case with a problem that is built and solved once, at its first use. It
// is for tests that run a case on many backends, one after another. Large problems are not kept.
func (c Case) Cached() Case {
	const most = 1 << 16 // elements, of 29 bytes each
	var kept *Problem
	c.cached = func() *Problem {
		if kept != nil {
			return kept
		}
		p, elements := c.Problem(), 0
		for _, f := range p.floats {
			elements += len(f.init)
		}
		if elements <= most {
			kept = p
		}
		return p
	}
	return c
}

// solved returns the case's solved problem.
func (c Case) solved() *Problem {
	if c.cached != nil {
		return c.cached()
	}
	return c.Problem()
}

// Check has b compute the case and compares the results with the reference. It returns a *Failure if an element is
// wrong, if memory outside the results changed, if a second run gives other bits, or if the backend returns an error. A program
// of several ops is also compiled op by op, unless the case is Whole. Check frees all memory that it allocates.
func (c Case) Check(b compute.Backend) error { return c.named(check(b, c.solved(), c.Whole)) }

// Against has two backends compute the case and compares their results. Each may be off by as much as Check allows. The
// error is a *Failure.
func Against(b, oracle compute.Backend, c Case) error { return c.named(against(b, oracle, c.solved())) }

// named returns a failure with the case's name, or nil.
func (c Case) named(fail *Failure) error {
	if fail == nil {
		return nil
	}
	fail.Case, fail.Kernel = c.Name, c.Kernel
	return fail
}

func check(b compute.Backend, p *Problem, whole bool) *Failure {
	l, err := load(b, p)
	defer l.free()
	if err != nil {
		return broken(err)
	}
	e, err := l.compile(p.Ops...)
	if err != nil {
		return broken(err)
	}
	defer e.Release()
	first, err := l.run(e)
	if err != nil {
		return broken(err)
	}
	if fail := p.verdict(first); fail != nil {
		return fail
	}
	if err := l.reset(); err != nil {
		return broken(err)
	}
	second, err := l.run(e)
	if err != nil {
		return broken(err)
	}
	if fail := p.same(first, second); fail != nil || whole || len(p.Ops) == 1 {
		return fail
	}
	if err := l.reset(); err != nil {
		return broken(err)
	}
	separate, err := l.runOpByOp()
	if err != nil {
		return broken(err)
	}
	if fail := p.verdict(separate); fail != nil {
		fail.Detail = "compiled op by op: " + fail.Detail
		return fail
	}
	return nil
}

// broken returns the failure of a backend that returned an error.
func broken(err error) *Failure { return &Failure{Detail: err.Error(), Cause: err} }

func against(b, oracle compute.Backend, p *Problem) *Failure {
	got, err := results(b, p)
	if err != nil {
		return broken(err)
	}
	want, err := results(oracle, p)
	if err != nil {
		return broken(fmt.Errorf("the oracle: %w", err))
	}
	return p.agreement(got, want)
}

// results has b do all runs of a problem and returns the elements of all buffers.
func results(b compute.Backend, p *Problem) ([][]float32, error) {
	l, err := load(b, p)
	defer l.free()
	if err != nil {
		return nil, err
	}
	e, err := l.compile(p.Ops...)
	if err != nil {
		return nil, err
	}
	defer e.Release()
	return l.run(e)
}

// Results has b do all runs of a problem and returns a function that returns the elements of a matrix.
func Results(b compute.Backend, p *Problem) (func(m compute.Mat) []float32, error) {
	got, err := results(b, p)
	return func(m compute.Mat) []float32 { return got[p.buffer(m)][m.Off : m.Off+m.Len()] }, err
}

// CheckQueue has b do all runs of a problem without waiting, and again with a Sync after each run. It returns an error if
// the results differ in any bit.
func CheckQueue(b compute.Backend, p *Problem) error {
	queued, err := results(b, p)
	if err != nil {
		return err
	}
	waited, err := results(waiting{b}, p)
	if err != nil {
		return err
	}
	if fail := p.same(queued, waited); fail != nil {
		return fmt.Errorf("runs queued together and runs with a wait after each differ: %s", fail.Detail)
	}
	return nil
}

// A waiting backend waits after each run. An error persists, so Read returns it.
type waiting struct{ compute.Backend }

type waitingRun struct {
	compute.Executable
	b compute.Backend
}

func (w waiting) Compile(p compute.Program) (compute.Executable, error) {
	e, err := w.Backend.Compile(p)
	return waitingRun{e, w.Backend}, err
}

func (w waitingRun) Run(args compute.Args) {
	w.Executable.Run(args)
	_ = w.b.Sync()
}
