package train

import (
	"context"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// A retuning is a backend whose programs have other kernels than in the last run, or not.
type retuning struct {
	compute.Backend
	retuned bool
}

func (b retuning) Compile(p compute.Program) (compute.Executable, error) {
	e, err := b.Backend.Compile(p)
	return described{e, compute.Description{Retuned: b.retuned}}, err
}

type described struct {
	compute.Executable
	description compute.Description
}

func (e described) Describe() compute.Description { return e.description }

// TestRetuned checks that a notice reports kernels that are not those of the last run, and only then.
func TestRetuned(t *testing.T) {
	for _, retuned := range []bool{false, true} {
		b := retuning{cpu.New(), retuned}
		o, d, report := options(4), squares(40, 10, 4), &recorder{}
		o.Epochs = 1
		if err := (&Run{Data: d, State: NewState(o, d, ""), Report: report, Backend: b}).Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := len(report.notices) == 1 && report.notices[0] == (Notice{Kind: Retuned}); got != retuned || len(report.notices) > 1 {
			t.Errorf("retuned %v: notices %+v", retuned, report.notices)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
