package cases

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/reference"
)

// TestCasesAreTheSameEveryTime requires that a failed case can be found by its name and runs again with the same
// numbers.
func TestCasesAreTheSameEveryTime(t *testing.T) {
	names := make(map[string]bool)
	again := All()
	for i, c := range All() {
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		names[c.Name] = true
		if !strings.HasPrefix(c.Name, c.Kernel+"/") || c.Op != "program" && !strings.HasPrefix(c.Kernel, c.Op) {
			t.Errorf("case %s is of kernel %s and op %s", c.Name, c.Kernel, c.Op)
		}
		if i%10 == 0 {
			p, q := c.Problem(), again[i].Problem()
			list := q.Matrices()
			for j, m := range p.Matrices() {
				same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
				if !slices.EqualFunc(p.Initial(m), q.Initial(list[j]), same) {
					t.Errorf("%s: matrix %d has other values the second time", c.Name, j)
				}
			}
		}
	}
	for _, op := range []compute.Op{compute.Gather{}, compute.MatMul{}, compute.Activate{}, compute.Delta{},
		compute.Loss{}, compute.ColumnSum{}, compute.Update{}, compute.Fill{}, compute.Take{}, compute.SquareSum{}, compute.MaxNorm{}, compute.Average{}, compute.Dropout{},
		compute.Noise{}, compute.Warp{}} {
		for what, list := range map[string][]judge.Case{"case": All(), "self-test": SelfTest()} {
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

// A ledger is a backend that records buffers and executables until they are freed.
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

func TestCheckFreesEverything(t *testing.T) {
	for refuse := range 5 {
		l := &ledger{Backend: reference.New(), buffers: make(map[compute.Buffer]bool)}
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
				t.Fatalf("%s, allocation %d refused: %d buffers and %d executables are not freed", c.Name, refuse, len(l.buffers), l.running)
			}
		}
	}
}

// TestSpecialsAreBounded checks that an infinite input loosens the bound of no finite result: a bound that is
// infinite or NaN would accept every number.
func TestSpecialsAreBounded(t *testing.T) {
	judged := 0
	for _, c := range All() {
		if !strings.HasSuffix(c.Name, "special") {
			continue
		}
		judged++
		p := c.Problem()
		for i, m := range p.Matrices() {
			bounds := p.Bounds(m)
			for e, v := range p.Values(m) {
				if !math.IsNaN(v) && !math.IsInf(v, 0) && (math.IsNaN(bounds[e]) || math.IsInf(bounds[e], 0)) {
					t.Errorf("%s: element %d of matrix %d is %g, with bound %g", c.Name, e, i, v, bounds[e])
					break
				}
			}
		}
	}
	if judged == 0 {
		t.Error("there is no case with NaN")
	}
}
