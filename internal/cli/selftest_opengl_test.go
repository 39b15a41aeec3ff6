//go:build cgo && !nogl

package cli

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/opengl"
	"shadegrad/internal/backends"
	"shadegrad/internal/sample"
)

// TestSelfTestCoversTheRun trains after the self-test: the run must compile no further kernel.
func TestSelfTestCoversTheRun(t *testing.T) {
	needGPU(t)
	targets := at(t).path("targets.csv")
	var rows strings.Builder
	for i := range 90 {
		fmt.Fprintf(&rows, "%d,%d,%g\n", i, i*i%7, float64(i)/9)
	}
	put(t, targets, []byte(rows.String()))
	for _, flags := range sample.Of([]string{
		"-hidden=128",
		"-hidden=40,33 -dropout=0.5 -dropout-input=0.2 -optimizer=adam -validation=50",
		"-hidden=33 -batch=7 -act=tanh -loss=mse -average=0.99",
		"-hidden=64 -augment=affine -clip=1 -max-norm=3 -weight-decay=0.001",
		"-data=moons -batch=47",
		"-hidden=20 -target-columns=1 -data=" + targets,
	}, 3) {
		args := append([]string{"-backend=gpu", "-tune=off", "-epochs=1", "-data=" + smallData(t)}, strings.Fields(flags)...)
		a := &app{stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }}
		s, err := a.parseRecipe("train", trainUsage, args)
		if err != nil {
			t.Fatal(err)
		}
		files, err := newRunFiles(a.name, s)
		if err != nil {
			t.Fatal(err)
		}
		state, data, choice, err := a.open(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := choice.Backend.(*opengl.Backend)
		judged := b.Counts().Programs
		if err := a.runTraining(s, files, state, data, choice, ""); err != nil {
			t.Error(err)
		}
		if used := b.Counts().Programs; used != judged || judged == 0 {
			t.Errorf("%s: the run has %d kernels, the self-test judged %d", flags, used, judged)
		}
		t.Logf("%s: %d kernels", flags, judged)
		if err := choice.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A watched backend counts the kernels that each program after the self-test adds.
type watched struct {
	*opengl.Backend
	t      *testing.T
	judged bool // a program of the command was compiled
}

func (w *watched) Compile(p compute.Program) (compute.Executable, error) {
	before := w.Counts().Programs
	x, err := w.Backend.Compile(p)
	for _, own := range []string{"evaluation of ", "prediction of ", "sums", "clear statistics"} {
		if !strings.HasPrefix(p.Name, own) {
			continue
		}
		w.judged = true
		if added := w.Counts().Programs - before; added > 0 || before == 0 {
			w.t.Errorf("%s needs %d kernels that the self-test did not judge, besides %d", p.Name, added, before)
		}
	}
	return x, err
}

// TestSelfTestCoversEval evaluates networks after the self-test: this must compile no further kernel.
func TestSelfTestCoversEval(t *testing.T) {
	needGPU(t)
	for _, flags := range sample.Of([]string{
		"-hidden=40,33 -dropout=0.5",
		"-hidden=9 -act=tanh -output=sigmoid -loss=mse -no-bias",
		"-hidden=20 -output=relu -loss=mse -limit=47",
	}, 3) {
		p := at(t)
		path := smallModel(t, p, strings.Fields(flags)...)
		b, err := opengl.Open(opengl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := &watched{Backend: b, t: t}
		o := backends.Opener{OpenGPU: func() (compute.Backend, error) { return w, nil }}
		inProcess(t, o, "eval", "-backend=gpu", "-model="+path, "-data="+smallData(t)).is(0, "gpu: ")
		if !w.judged {
			t.Error("no program of the evaluation was seen")
		}
	}
}
