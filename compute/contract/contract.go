package contract

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
)

// An Open opens a backend. What it returns is closed by the caller.
type Open func() (compute.Backend, error)

// A Check is a promise of package compute that is not about numbers.
type Check struct {
	// Name says what is promised: "queue/fetch sees its place".
	Name string

	run func(o *opener) error
}

// Run tells whether a backend keeps the promise. It opens the backends it needs,
// since some checks break theirs, and closes them.
func (c Check) Run(open Open) (err error) {
	o := &opener{open: open}
	defer func() {
		if closeErr := o.close(); err == nil && closeErr != nil {
			err = closeErr
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", c.Name, err)
		}
	}()
	return c.run(o)
}

// An opener opens backends and remembers to close them.
type opener struct {
	open   Open
	opened []compute.Backend
}

func (o *opener) backend() (compute.Backend, error) {
	b, err := o.open()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	o.opened = append(o.opened, b)
	return b, nil
}

func (o *opener) close() (err error) {
	for _, b := range o.opened {
		if closeErr := b.Close(); closeErr != nil && err == nil {
			err = fmt.Errorf("close: %w", closeErr)
		}
	}
	return err
}

// Checks returns the promises of a backend, the same ones every time.
func Checks() []Check {
	var list []Check
	list = append(list, memoryChecks...)
	list = append(list, ownershipChecks...)
	list = append(list, layoutChecks...)
	list = append(list, queueChecks...)
	list = append(list, on("network/gradients are finite differences", cases.CheckGradients))
	list = append(list, failureChecks...)
	list = append(list, compileChecks...)
	return append(list, closeChecks...)
}

// on makes a check of one backend.
func on(name string, run func(b compute.Backend) error) Check {
	return Check{name, func(o *opener) error {
		b, err := o.backend()
		if err != nil {
			return err
		}
		return run(b)
	}}
}

// alloc allocates a matrix and writes it.
func alloc(b compute.Backend, rows, cols int, values ...float32) (compute.Mat, error) {
	m, err := b.Alloc(rows, cols)
	if err != nil {
		return m, fmt.Errorf("alloc %d×%d: %w", rows, cols, err)
	}
	if len(values) == 0 {
		return m, nil
	}
	return m, b.Write(m, values)
}

// expect reads a matrix and compares it with exact values; one value stands for
// all.
func expect(b compute.Backend, m compute.Mat, want ...float32) error {
	got := make([]float32, m.Len())
	if err := b.Read(got, m); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return equal(got, want)
}

func equal(got, want []float32) error {
	for i, g := range got {
		w := want[0]
		if len(want) > 1 {
			w = want[i]
		}
		if g != w {
			return fmt.Errorf("element %d is %g, want %g, of %g", i, g, w, got)
		}
	}
	return nil
}

// compileOps compiles ops as one program.
func compileOps(b compute.Backend, ops ...compute.Op) (compute.Executable, error) {
	e, err := b.Compile(compute.Program{Name: "contract", Ops: ops})
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return e, nil
}

// refused tells whether a call returned an error, as it must.
func refused(what string, err error) error {
	if err == nil {
		return fmt.Errorf("%s is not refused", what)
	}
	return nil
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
