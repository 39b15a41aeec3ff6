//go:build cgo && !nogl && !darwin

package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/opengl"
	"shadegrad/internal/backends"
	"shadegrad/internal/clock"
	"shadegrad/internal/sample"
)

// TestSelfTestCoversTheRun trains after the self-test: the run must compile no further kernel.
func TestSelfTestCoversTheRun(t *testing.T) {
	needGPU(t)
	targets := regressionData(t)
	for _, flags := range sample.Of([]string{
		"-hidden=128",
		"-hidden=40,33 -dropout=0.5 -dropout-input=0.2 -optimizer=adam -validation=50",
		"-hidden=33 -batch=7 -act=tanh -loss=mse -average=0.99",
		"-hidden=64 -augment=affine -clip=1 -max-norm=3 -weight-decay=0.001",
		"-data=moons -batch=47",
		"-hidden=20 -target-columns=1 -data=" + targets,
	}, 3) {
		args := append([]string{"-backend=gpu", "-tune=off", "-epochs=1", "-data=" + smallData(t)}, strings.Fields(flags)...)
		a := &app{stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }, now: clock.Now}
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

// A watched backend counts the kernels that the programs after the self-test add.
type watched struct {
	*opengl.Backend
	t    *testing.T
	seen map[string]bool // the first words of their names
}

func (w *watched) Compile(p compute.Program) (compute.Executable, error) {
	before := w.Counts().Programs
	x, err := w.Backend.Compile(p)
	word, _, _ := strings.Cut(p.Name, " ")
	if !slices.Contains([]string{"evaluation", "prediction", "sums", "clear"}, word) {
		return x, err
	}
	w.seen[word] = true
	if added := w.Counts().Programs - before; added > 0 || before == 0 {
		w.t.Errorf("%s needs %d kernels that the self-test did not judge, besides %d", p.Name, added, before)
	}
	return x, err
}

// TestSelfTestCoversEval evaluates networks after the self-test: this must compile no further kernel.
func TestSelfTestCoversEval(t *testing.T) {
	needGPU(t)
	few := at(t).path("few") // so few test images that eval shows the outputs for each
	writeMNIST(t, few, 300, 15)
	targets := regressionData(t)
	for _, flags := range sample.Of([]string{
		"-hidden=9 -act=tanh -output=sigmoid -loss=mse -no-bias -data=" + few,
		"-hidden=40,33 -dropout=0.5 -data=" + smallData(t),
		"-hidden=20 -output=relu -loss=mse -data=" + few,
		"-hidden=20 -target-columns=1 -data=" + targets,
	}, 3) {
		p := at(t)
		args := strings.Fields(flags)
		p.run(append([]string{"train", "-backend=cpu", "-epochs=1", "-save=m"}, args...)...).is(0)
		b, err := opengl.Open(opengl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := &watched{b, t, map[string]bool{}}
		o := backends.Opener{OpenGPU: func() (compute.Backend, error) { return w, nil }}
		inProcess(t, o, "eval", "-backend=gpu", "-model="+p.path("m"), args[len(args)-1]).is(0, "gpu: ")
		if !w.seen["evaluation"] || w.seen["prediction"] != !strings.Contains(flags, "-target") {
			t.Errorf("%s: programs: %v", flags, w.seen)
		}
	}
}
