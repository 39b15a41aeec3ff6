package judge

import (
	"errors"
	"fmt"

	"shadegrad/compute"
)

// A loadedProblem is a problem on a backend.
type loadedProblem struct {
	b      compute.Backend
	p      *Problem
	buffer map[compute.Buffer]compute.Buffer // the backend's buffer for each of the problem's
	floats []compute.Mat                     // whole buffers, in the problem's order
}

// load allocates the problem's buffers on b and writes them. The caller must free the loadedProblem, even if there is
// an error.
func load(b compute.Backend, p *Problem) (*loadedProblem, error) {
	l := &loadedProblem{b: b, p: p, buffer: make(map[compute.Buffer]compute.Buffer)}
	for _, f := range p.floats {
		m, err := b.Alloc(1, len(f.init))
		if err != nil {
			return l, fmt.Errorf("alloc: %w", err)
		}
		l.buffer[f] = m.Buf
		l.floats = append(l.floats, m)
	}
	for _, o := range p.octets {
		m, err := b.AllocBytes(1, len(o.data))
		if err != nil {
			return l, fmt.Errorf("alloc bytes: %w", err)
		}
		l.buffer[o] = m.Buf
		if err := b.WriteBytes(m, o.data); err != nil {
			return l, fmt.Errorf("write bytes: %w", err)
		}
	}
	for _, o := range p.orders {
		x, err := b.AllocIndex(len(o.data), o.limit)
		if err != nil {
			return l, fmt.Errorf("alloc index: %w", err)
		}
		l.buffer[o] = x.Buf
		if err := b.WriteIndex(x, o.data); err != nil {
			return l, fmt.Errorf("write index: %w", err)
		}
	}
	return l, l.reset()
}

// reset writes the matrices again. Bytes and row numbers stay: no op may change them, and the next run would
// show it.
func (l *loadedProblem) reset() error {
	for i, f := range l.p.floats {
		if err := l.b.Write(l.floats[i], f.init); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

func (l *loadedProblem) free() {
	for _, b := range l.buffer {
		l.b.Free(b)
	}
}

// compile compiles ops of the problem as one program. Scratch is scratch only in a program of all ops; in programs of
// single ops it carries values from one to the next.
func (l *loadedProblem) compile(ops ...compute.Op) (compute.Executable, error) {
	prog := compute.Program{Name: "judge"}
	if len(ops) == len(l.p.Ops) {
		for _, m := range l.p.scratch {
			m.Buf = l.buffer[m.Buf]
			prog.Scratch = append(prog.Scratch, m)
		}
	}
	for _, op := range ops {
		prog.Ops = append(prog.Ops, compute.Rebind(op, func(b compute.Buffer) compute.Buffer { return l.buffer[b] }))
	}
	e, err := l.b.Compile(prog)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return e, nil
}

// run does all runs of the problem with its compiled program, or with one program for each op, and returns the elements of
// all buffers.
func (l *loadedProblem) run(programs ...compute.Executable) ([][]float32, error) {
	for _, args := range l.p.Runs {
		for _, e := range programs {
			e.Run(args)
		}
	}
	return l.read()
}

// runOpByOp is like run, but compiles each op as a separate program.
func (l *loadedProblem) runOpByOp() ([][]float32, error) {
	var list []compute.Executable
	defer func() {
		for _, e := range list {
			e.Release()
		}
	}()
	for _, op := range l.p.Ops {
		e, err := l.compile(op)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return l.run(list...)
}

// read returns the elements of all buffers, with the guards.
func (l *loadedProblem) read() ([][]float32, error) {
	got := make([][]float32, len(l.floats))
	var errs []error
	for i, m := range l.floats {
		got[i] = make([]float32, m.Len())
		if err := l.b.Read(got[i], m); err != nil {
			errs = append(errs, fmt.Errorf("read: %w", err))
		}
	}
	return got, errors.Join(errs...)
}
