package computetest

import (
	"slices"

	"shadegrad/compute"
)

// queueFaults are faults of running programs.
var queueFaults = []Fault{
	program("a failure does not stick", func(e *altered, args compute.Args) {
		if e.prog.CheckArgs(args) == nil {
			e.Executable.Run(args)
		}
	}),
	program("rows out of range are clamped", func(e *altered, args compute.Args) {
		for args.Row > 0 && e.prog.CheckArgs(args) != nil {
			args.Row = min(args.Row-1, 1<<16)
		}
		args.Row = max(args.Row, 0)
		e.Executable.Run(args)
	}),
	program("every run has the args of the first", func(e *altered, args compute.Args) {
		if e.first == nil {
			e.first = &args
		}
		e.Executable.Run(*e.first)
	}),
	program("a program runs twice", func(e *altered, args compute.Args) {
		e.Executable.Run(args)
		e.Executable.Run(args)
	}),
	backend("a failure is returned once", func(b compute.Backend) compute.Backend { return &onceTold{Backend: b} }),
	backend("sync returns no failure", func(b compute.Backend) compute.Backend { return syncSilent{b} }),
	backend("a write overtakes a run", func(b compute.Backend) compute.Backend { return &lateRuns{Backend: b} }),
	backend("a fetch reads when it is waited for", func(b compute.Backend) compute.Backend { return lateFetches{b} }),
	backend("a program is compiled when it first runs", func(b compute.Backend) compute.Backend { return lazy{b} }),
	backend("wrong programs are accepted and do nothing", func(b compute.Backend) compute.Backend { return lenient{b} }),
	backend("a wrong program's error has no type", func(b compute.Backend) compute.Backend { return untyped{b} }),
}

// backend returns a fault that is not about an op.
func backend(what string, wrap func(compute.Backend) compute.Backend) Fault {
	return Fault{Name: "backend: " + what, Op: "backend", wrap: wrap}
}

// program returns a fault of running programs.
func program(what string, run func(*altered, compute.Args)) Fault {
	return backend(what, func(b compute.Backend) compute.Backend { return alters{b, run} })
}

type alters struct {
	compute.Backend
	run func(*altered, compute.Args)
}

type altered struct {
	compute.Executable
	prog  compute.Program
	run   func(*altered, compute.Args)
	first *compute.Args
}

func (b alters) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	if err != nil {
		return nil, err
	}
	return &altered{Executable: e, prog: compute.Program{Name: p.Name, Ops: slices.Clone(p.Ops)}, run: b.run}, nil
}

func (e *altered) Run(args compute.Args) { e.run(e, args) }

// onceTold forgets a failure after it has returned it.
type onceTold struct {
	compute.Backend
	told bool
}

func (b *onceTold) once(err error) error {
	stuck := b.Backend.Sync() != nil
	if stuck && b.told {
		return nil
	}
	b.told = stuck
	return err
}

func (b *onceTold) Sync() error { return b.once(b.Backend.Sync()) }
func (b *onceTold) Read(dst []float32, src compute.Mat) error {
	return b.once(b.Backend.Read(dst, src))
}

type syncSilent struct{ compute.Backend }

func (b syncSilent) Sync() error { return nil }

// lateRuns queues runs but writes immediately.
type lateRuns struct {
	compute.Backend
	queue []func()
}

type lateRun struct {
	compute.Executable
	b *lateRuns
}

func (b *lateRuns) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	if err != nil {
		return nil, err
	}
	return lateRun{e, b}, nil
}

func (e lateRun) Run(args compute.Args) {
	e.b.queue = append(e.b.queue, func() { e.Executable.Run(args) })
}

func (b *lateRuns) flush() {
	for _, run := range b.queue {
		run()
	}
	b.queue = nil
}

func (b *lateRuns) Read(dst []float32, src compute.Mat) error {
	b.flush()
	return b.Backend.Read(dst, src)
}

func (b *lateRuns) Fetch(src compute.Mat) compute.Fetch {
	b.flush()
	return b.Backend.Fetch(src)
}

func (b *lateRuns) Sync() error {
	b.flush()
	return b.Backend.Sync()
}

func (b *lateRuns) Free(buf compute.Buffer) {
	b.flush()
	b.Backend.Free(buf)
}

// lateFetches reads when Wait is called.
type lateFetches struct{ compute.Backend }

type lateFetch struct {
	b compute.Backend
	m compute.Mat
}

func (b lateFetches) Fetch(m compute.Mat) compute.Fetch { return lateFetch{b.Backend, m} }

func (f lateFetch) Ready() bool              { return true }
func (f lateFetch) Wait() ([]float32, error) { return f.b.Fetch(f.m).Wait() }

// lazy compiles the caller's list of ops when a program runs.
type lazy struct{ compute.Backend }

type lazyProgram struct {
	b compute.Backend
	p compute.Program
}

func (b lazy) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	if err != nil {
		return nil, err
	}
	e.Release()
	return lazyProgram{b.Backend, p}, nil
}

func (e lazyProgram) Run(args compute.Args) {
	if x, err := e.b.Compile(e.p); err == nil {
		x.Run(args)
		x.Release()
	}
}

func (lazyProgram) Release() {}

type lenient struct{ compute.Backend }

type idle struct{}

func (idle) Run(compute.Args) {}
func (idle) Release()         {}

func (b lenient) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	if err != nil {
		return idle{}, nil
	}
	return e, nil
}

type untyped struct{ compute.Backend }

func (b untyped) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	if err != nil {
		return nil, errText(err.Error())
	}
	return e, nil
}

// errText is an error without a specific type.
type errText string

func (e errText) Error() string { return string(e) }
