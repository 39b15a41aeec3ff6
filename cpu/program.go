package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/internal/workers"
)

// An executable is a program in phases.
type executable struct {
	backend *Backend
	guard   *flow.Guard
	args    compute.Args // of the current run
	layouts []layout
	phases  []*phase
}

// A phase is work that the workers do without waiting for each other. It is a workers.Task.
type phase struct {
	exec   *executable
	rows   int // of row steps, which the workers divide; 0 for wide steps
	nodes  []*node
	single bool // too short to divide: one worker does it
}

// Compile checks the program, fuses ops and groups them into phases.
func (b *Backend) Compile(p compute.Program) (compute.Executable, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	if err := p.Check(b.holds); err != nil {
		return nil, err
	}
	p.Ops = append([]compute.Op(nil), p.Ops...)
	e := &executable{backend: b, guard: flow.NewGuard(p)}
	plan, err := b.plan(p)
	if err != nil {
		return nil, err
	}
	e.layouts = plan.layouts
	e.phases = schedule(plan.nodes)
	for _, f := range e.phases {
		f.exec = e
	}
	return e, nil
}

// Run does the program's phases one after another. It allocates nothing.
func (e *executable) Run(args compute.Args) {
	b := e.backend
	if b.usable() != nil {
		return
	}
	if err := e.guard.Check(args, b.owns); err != nil {
		b.failed = err
		return
	}
	for i := range e.layouts {
		e.layouts[i].arrange()
	}
	e.args = args
	for _, f := range e.phases {
		f.run(b.pool)
	}
}

// Release drops the phases.
func (e *executable) Release() {
	e.guard.Release()
	e.phases, e.layouts = nil, nil
}

func (f *phase) run(pool *workers.Pool) {
	switch {
	case f.nodes[0].solo != nil:
		f.nodes[0].solo.run(&f.exec.args)
	case f.single:
		pool.Alone(f)
	default:
		pool.Run(f)
	}
}

// chunk is the number of rows that a worker takes through all steps of a phase at a time. The results
// of one step are still in the cache for the next.
const chunk = 64

// Work does a worker's part of the phase.
func (f *phase) Work(worker, size int) {
	if f.rows == 0 {
		for _, n := range f.nodes {
			n.wide.share(worker, size, &f.exec.args)
		}
		return
	}
	lo, end := workers.Share(f.rows, 4, worker, size)
	for ; lo < end; lo += chunk {
		hi := min(lo+chunk, end)
		for _, n := range f.nodes {
			n.row.rows(worker, lo, hi, &f.exec.args)
		}
	}
}
