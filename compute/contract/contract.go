// Package contract checks that a backend keeps the promises of package compute that are not about numbers: the order of
// its queue, errors that persist, programs that Compile refuses, and ownership of memory.
//
// [Checks] lists the promises. [Failures] checks them together with the cases of package cases. The package does not use package
// testing; computetest.Run makes each check a subtest.
package contract

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
)

// An Open opens a backend. The caller closes it.
type Open func() (compute.Backend, error)

// A Check is one promise of package compute.
type Check struct {
	// Name states the promise: "queue/each run uses its own args".
	Name string

	run func(t *tester)
}

// Checks returns all promises, the same ones every time.
func Checks() []Check {
	return slices.Concat(memoryChecks, ownershipChecks, layoutChecks, queueChecks,
		[]Check{{"network/gradients are finite differences", func(t *tester) { t.must("", cases.CheckGradients(t.Backend)) }}},
		failureChecks, compileChecks, closeChecks)
}

// Run returns an error if a backend breaks the promise. It opens the backends it needs, because some checks make a backend
// unusable, and closes them.
func (c Check) Run(open Open) (err error) {
	s := &session{open: open}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
		if closeErr := s.close(); err == nil {
			err = closeErr
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", c.Name, err)
		}
	}()
	c.run(s.tester())
	return nil
}

// A session is one run of a check.
type session struct {
	open     Open
	backends []compute.Backend
	programs []*program
}

// tester opens a backend and returns a tester of it.
func (s *session) tester() *tester {
	b, err := s.open()
	if err != nil {
		panic(failure{fmt.Errorf("open: %w", err)})
	}
	s.backends = append(s.backends, b)
	return &tester{s, b}
}

func (s *session) close() (err error) {
	for _, e := range s.programs {
		e.Release()
	}
	for _, b := range s.backends {
		if closeErr := b.Close(); closeErr != nil && err == nil {
			err = fmt.Errorf("close: %w", closeErr)
		}
	}
	return err
}

// A program is an executable that may be released twice.
type program struct {
	compute.Executable
	released bool
}

func (e *program) Release() {
	if !e.released {
		e.released = true
		e.Executable.Release()
	}
}

// A failure is the panic that ends a check.
type failure struct{ error }

// A tester has a backend and helpers of checks. They end the check at the first error.
type tester struct {
	*session
	compute.Backend
}

func (t *tester) fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// must ends the check if there is an error. what may be "".
func (t *tester) must(what string, err error) {
	if err != nil && what != "" {
		err = fmt.Errorf("%s: %w", what, err)
	}
	if err != nil {
		panic(failure{err})
	}
}

// refused ends the check if err is nil.
func (t *tester) refused(err error, format string, args ...any) {
	if err == nil {
		t.fail(format+" is not refused", args...)
	}
}

// mat allocates a matrix and writes values, if there are any.
func (t *tester) mat(rows, cols int, values ...float32) compute.Mat {
	m, err := t.Alloc(rows, cols)
	t.must("alloc", err)
	if len(values) > 0 {
		t.write(m, values...)
	}
	return m
}

// bytes allocates a matrix of bytes and writes data, if there is any.
func (t *tester) bytes(rows, cols int, data ...byte) compute.Bytes {
	m, err := t.AllocBytes(rows, cols)
	t.must("alloc bytes", err)
	if len(data) > 0 {
		t.must("write bytes", t.WriteBytes(m, data))
	}
	return m
}

// index allocates an index and writes rows, if there are any.
func (t *tester) index(n, limit int, rows ...uint32) compute.Index {
	x, err := t.AllocIndex(n, limit)
	t.must("alloc index", err)
	if len(rows) > 0 {
		t.must("write index", t.WriteIndex(x, rows))
	}
	return x
}

func (t *tester) write(m compute.Mat, values ...float32) { t.must("write", t.Write(m, values)) }

func (t *tester) sync() { t.must("sync", t.Sync()) }

// expect reads a matrix and compares it with exact values. A single value is compared with every element.
func (t *tester) expect(what string, m compute.Mat, want ...float32) {
	got := make([]float32, m.Len())
	t.must(what, t.Read(got, m))
	t.equal(what, got, want)
}

// fetch waits for a fetch and compares its values.
func (t *tester) fetch(what string, f compute.Fetch, want ...float32) []float32 {
	got, err := f.Wait()
	t.must(what, err)
	t.equal(what, got, want)
	return got
}

func (t *tester) equal(what string, got, want []float32) {
	if len(want) > 1 && len(got) != len(want) {
		t.fail("%s: got %d values, want %d", what, len(got), len(want))
	}
	for i, g := range got {
		if w := want[i%len(want)]; g != w {
			t.fail("%s: element %d is %g, want %g, in %g", what, i, g, w, got)
		}
	}
}

// compile compiles ops as one program, which is released at the end of the check.
func (t *tester) compile(ops ...compute.Op) *program {
	return t.compileProgram(compute.Program{Name: "contract", Ops: ops})
}

func (t *tester) compileProgram(p compute.Program) *program {
	e, err := t.Compile(p)
	t.must("compile", err)
	one := &program{Executable: e}
	t.programs = append(t.programs, one)
	return one
}
