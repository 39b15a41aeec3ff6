package judge

import (
	"fmt"

	"shadegrad/compute"
)

// A Case is one thing that a backend must compute: an op, or a program of
// several, with its inputs.
type Case struct {
	// Name is the kernel with its parameters: "matmul_tn/m=33,n=67,k=33".
	Name string
	// Op is the name of the op, or "program" for several of them.
	Op string
	// Kernel is the op with its form: "matmul_tn", "activate_relu".
	Kernel string

	Build func(p *Problem)

	cached func() *Problem // in place of Problem, if it is set
}

// problem builds the case's problem and has the reference solve it.
func (c Case) Problem() *Problem {
	p := NewProblem(c.Name)
	c.Build(p)
	if p.Runs == nil {
		p.AddRun(compute.Args{})
	}
	p.Solve()
	return p
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

// solved returns the case's problem, solved.
func (c Case) solved() *Problem {
	if c.cached != nil {
		return c.cached()
	}
	return c.Problem()
}

// Check has b compute the case, and compares what it made with the reference.
// It tells of wrong elements, of memory changed that is no result, of a second
// run that gives other bits, and of errors of the backend; a program of several
// ops is also compiled op by op. The error is a *Failure. All memory taken is freed.
func (c Case) Check(b compute.Backend) error {
	p := c.solved()
	if fail := c.check(b, p); fail != nil {
		fail.Case, fail.Kernel = c.Name, c.Kernel
		return fail
	}
	return nil
}

func (c Case) check(b compute.Backend, p *Problem) *Failure {
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
	if fail := p.same(first, second); fail != nil || len(p.Ops) == 1 {
		return fail
	}
	if err := l.reset(); err != nil {
		return broken(err)
	}
	apart, err := l.composed()
	if err != nil {
		return broken(err)
	}
	if fail := p.verdict(apart); fail != nil {
		fail.Detail = "compiled op by op: " + fail.Detail
		return fail
	}
	return nil
}

// broken is the failure of a backend that returned an error.
func broken(err error) *Failure { return &Failure{Detail: err.Error(), Cause: err} }

// Against has two backends compute the case and compares their results, each of
// which may be off by as much as Check allows. The error is a *Failure.
func Against(b, oracle compute.Backend, c Case) error {
	p := c.solved()
	if fail := against(b, oracle, p); fail != nil {
		fail.Case, fail.Kernel = c.Name, c.Kernel
		return fail
	}
	return nil
}

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

// results has b compute a problem once.
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

// Results has b run a problem once and returns the elements of matrix m.
func Results(b compute.Backend, p *Problem) (func(m compute.Mat) []float32, error) {
	got, err := results(b, p)
	return func(m compute.Mat) []float32 { return got[p.buffer(m)][m.Off : m.Off+m.Len()] }, err
}

// CheckQueue has b do all runs of a problem without waiting, and again with a Sync after each run. It returns an error if
// the results differ in any bit.
func CheckQueue(b compute.Backend, p *Problem) error {
	l, err := load(b, p)
	defer l.free()
	if err != nil {
		return err
	}
	e, err := l.compile(p.Ops...)
	if err != nil {
		return err
	}
	defer e.Release()
	queued, err := l.run(e)
	if err != nil {
		return err
	}
	if err := l.reset(); err != nil {
		return err
	}
	for _, args := range p.Runs {
		e.Run(args)
		if err := b.Sync(); err != nil {
			return err
		}
	}
	waited, err := l.read()
	if err != nil {
		return err
	}
	if fail := p.same(queued, waited); fail != nil {
		return fmt.Errorf("runs queued together and runs with a wait after each differ: %s", fail.Detail)
	}
	return nil
}
