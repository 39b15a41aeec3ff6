package judge

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"shadegrad/compute"
)

func TestReferencePasses(t *testing.T) {
	for _, err := range All(func() (compute.Backend, error) { return Reference(), nil }) {
		t.Error(err)
	}
	b := Reference()
	for _, c := range SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d cases, %d in the self-test, %d promises", len(Cases()), len(SelfTest()), len(Contract()))
}

// Whoever reads that a case failed must be able to find it, and to run it again
// with the same numbers.
func TestCasesAreTheSameEveryTime(t *testing.T) {
	names := make(map[string]bool)
	again := Cases()
	for i, c := range Cases() {
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		names[c.Name] = true
		if !strings.HasPrefix(c.Name, c.Kernel+"/") || c.Op != "program" && !strings.HasPrefix(c.Kernel, c.Op) {
			t.Errorf("case %s is of kernel %s and op %s", c.Name, c.Kernel, c.Op)
		}
		if i%10 == 0 {
			p, q := c.problem(), again[i].problem()
			if fail := p.same(p.initial(), q.initial()); fail != nil {
				t.Errorf("%s is not the same twice: %v", c.Name, fail)
			}
		}
	}
	for _, op := range []compute.Op{compute.Gather{}, compute.MatMul{}, compute.Activate{}, compute.Delta{},
		compute.Loss{}, compute.ColumnSum{}, compute.Update{}, compute.Fill{}, compute.Take{}, compute.SquareSum{}, compute.MaxNorm{}, compute.Average{}, compute.Dropout{},
		compute.Noise{}, compute.Warp{}} {
		for what, list := range map[string][]Case{"case": Cases(), "self-test": SelfTest()} {
			n := 0
			for _, c := range list {
				if c.Op == op.Name() {
					n++
				}
			}
			if n == 0 {
				t.Errorf("op %s has no %s", op.Name(), what)
			}
		}
	}
}

func (p *problem) initial() (list [][]float32) {
	for _, f := range p.floats {
		list = append(list, f.init)
	}
	return list
}

// A ledger counts what is taken from a backend and not given back.
type ledger struct {
	compute.Backend
	buffers map[compute.Buffer]bool
	taken   int
	running int
	refuse  int // the allocation that fails, counted from 1
}

func (l *ledger) note(b compute.Buffer, err error) error {
	l.taken++
	if err == nil && l.taken == l.refuse {
		return &compute.MemoryError{Bytes: 1, Available: 0}
	}
	if err == nil {
		l.buffers[b] = true
	}
	return err
}

func (l *ledger) Alloc(rows, cols int) (compute.Mat, error) {
	m, err := l.Backend.Alloc(rows, cols)
	return m, l.note(m.Buf, err)
}

func (l *ledger) AllocBytes(rows, cols int) (compute.Bytes, error) {
	m, err := l.Backend.AllocBytes(rows, cols)
	return m, l.note(m.Buf, err)
}

func (l *ledger) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	m, err := l.Backend.ShareBytes(rows, cols, data)
	return m, l.note(m.Buf, err)
}

func (l *ledger) AllocIndex(n, limit int) (compute.Index, error) {
	x, err := l.Backend.AllocIndex(n, limit)
	return x, l.note(x.Buf, err)
}

func (l *ledger) Free(b compute.Buffer) {
	delete(l.buffers, b)
	l.Backend.Free(b)
}

type loan struct {
	compute.Executable
	l *ledger
}

func (l *ledger) Compile(p compute.Program) (compute.Executable, error) {
	e, err := l.Backend.Compile(p)
	if err == nil {
		l.running++
		e = loan{e, l}
	}
	return e, err
}

func (e loan) Release() {
	e.l.running--
	e.Executable.Release()
}

func TestCheckGivesEverythingBack(t *testing.T) {
	for refuse := range 5 {
		l := &ledger{Backend: Reference(), buffers: make(map[compute.Buffer]bool)}
		for _, c := range SelfTest() {
			l.taken, l.refuse = 0, refuse
			err := c.Check(l)
			var memory *compute.MemoryError
			switch {
			case refuse == 0 && err != nil:
				t.Error(err)
			case refuse != 0 && l.taken >= refuse && !errors.As(err, &memory):
				t.Errorf("allocation %d was refused, and Check returned %v", refuse, err)
			}
			if len(l.buffers) != 0 || l.running != 0 {
				t.Fatalf("%s, allocation %d refused: %d buffers and %d executables are left", c.Name, refuse, len(l.buffers), l.running)
			}
		}
	}
}

// A shifted backend is off by a share of each result of Activate.
type shifted struct {
	compute.Backend
	by float32
}

func (s shifted) Read(dst []float32, src compute.Mat) error {
	err := s.Backend.Read(dst, src)
	for i := range dst {
		// Inputs and guards are not near 0.5.
		if dst[i] > 0.4 && dst[i] < 0.6 {
			dst[i] += s.by
		}
	}
	return err
}

func TestAgainst(t *testing.T) {
	c := Case{Name: "sigmoid", Op: "activate", Kernel: "activate_sigmoid", build: func(p *problem) {
		p.do(compute.Activate{F: compute.Sigmoid,
			Src: p.input("Src", 3, 5, func(e int) float32 { return float32(e)/100 - 0.05 }), Dst: p.output("Dst", 3, 5)})
	}}
	one, two := Reference(), Reference()
	if err := Against(one, two, c); err != nil {
		t.Errorf("twins differ: %v", err)
	}
	var f *Failure
	if err := Against(one, shifted{two, 0.01}, c); !errors.As(err, &f) || f.Case != "sigmoid" || f.Err < 0.009 || f.Err > 0.011 {
		t.Errorf("0.01 apart: %v", err)
	}
	// Each may be off by 1e-5 in the mean; the two, twice as far apart.
	if err := Against(one, shifted{two, 0.8e-5}, c); err != nil {
		t.Errorf("0.8e-5 apart: %v", err)
	}
	if c.Check(shifted{two, 0.8e-5}) == nil {
		t.Error("0.8e-5 off the reference, as a whole, passes")
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Against(two, one, c); !errors.Is(err, compute.ErrClosed) || !strings.Contains(err.Error(), "the oracle") {
		t.Errorf("a closed oracle: %v", err)
	}
	if err := Against(one, two, c); !errors.Is(err, compute.ErrClosed) || strings.Contains(err.Error(), "the oracle") {
		t.Errorf("a closed backend: %v", err)
	}
}

func TestNoBackend(t *testing.T) {
	none := errors.New("no device")
	open := func() (compute.Backend, error) { return nil, none }
	if err := First(open); !errors.Is(err, none) {
		t.Errorf("First returns %v", err)
	}
	if list := All(open); len(list) != 1 || !errors.Is(list[0], none) {
		t.Errorf("All returns %v", list)
	}
	for _, c := range Contract() {
		if err := c.Run(open); !errors.Is(err, none) || !strings.HasPrefix(err.Error(), c.Name) {
			t.Errorf("check %q returns %v", c.Name, err)
		}
	}
}

func ExampleCase_Check() {
	b := Reference() // or cpu.New(), or opengl.Open(…)
	defer b.Close()
	for _, c := range SelfTest() {
		if err := c.Check(b); err != nil {
			fmt.Println("self-test failed:", err)
			return
		}
	}
	fmt.Println("each op is right")
	// Output: each op is right
}
