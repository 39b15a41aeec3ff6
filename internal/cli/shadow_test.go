package cli

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/capsule"
	"shadegrad/internal/ostest"
	"shadegrad/internal/sample"
)

// A partlyWrong is a backend with a planted fault in programs with a sum of many terms, which
// self-tests do not have.
type partlyWrong struct {
	compute.Backend
	wrong compute.Backend
}

func (b partlyWrong) Compile(p compute.Program) (compute.Executable, error) {
	for _, op := range p.Ops {
		for _, o := range compute.Matrices(op) {
			if o.Mat.Cols >= 784 {
				return b.wrong.Compile(p)
			}
		}
	}
	return b.Backend.Compile(p)
}

// faultyGPU opens a new fake GPU with a planted fault each time.
func faultyGPU(t *testing.T, name string) backends.Opener {
	t.Helper()
	for _, f := range computetest.Faults() {
		if f.Name != name {
			continue
		}
		o := newFakeGPU().opener()
		o.OpenGPU = func() (compute.Backend, error) {
			gpu, b := newFakeGPU(), cpu.New()
			gpu.Backend = partlyWrong{b, f.Wrap(b)}
			return gpu, nil
		}
		return o
	}
	t.Fatalf("unknown fault %q", name)
	return backends.Opener{}
}

// TestShadowCatches checks that a wrong device is stopped, and replays its capsule on it and on a
// correct one.
func TestShadowCatches(t *testing.T) {
	for _, c := range []struct {
		fault, backend string
		found          string // where, by a regular expression
		alone          bool   // whether the op alone is wrong as well
	}{
		{"matmul: the last term of each sum is missing", "gpu", `op 12, matmul_tn: element \(\d,\d+\) of the gradient of the weights of layer 1 is `, true},
		{"matmul: the last column is not written", "auto", `op 2, matmul_nt: element \(0,7\) of the outputs of layer 1 is `, true},
		{"gather: the index is ignored", "gpu", `op 1, gather: element \(\d,\d+\) of the batch is `, true},
		{"update: the step goes uphill", "auto", `op 13, update: element \(\d,\d+\) of the weights of layer 1 is `, true},
		{"loss: the gradient lacks 1/batch", "gpu", `op 5, loss_softmax_cross_entropy: element \(0,0\) of the deltas of layer 2 is `, false},
	} {
		t.Run(c.fault, func(t *testing.T) {
			p, o := at(t), faultyGPU(t, c.fault)
			r := inProcess(t, o, "train", "-backend="+c.backend, "-data="+smallData(t), "-hidden=8", "-epochs=1", "-shadow=5", "-save="+p.path("m"))
			r.is(1, "shadegrad: the device is wrong: "+fakeRenderer+" computed step 1 of epoch 1 wrongly: op ",
				"; no weights were saved; the step is saved in "+p.path("m.capsule")+"; to replay it, run: "+typed("shadegrad", "replay", p.path("m.capsule"))+"\n")
			if strings.Contains(r.stderr, "continuing on the CPU") || r.stdout != "" {
				t.Errorf("it went on:\n%s%s", r.stdout, r.stderr)
			}
			mustNotExist(t, p.path("m"))
			r = inProcess(t, o, "replay", p.path("m.capsule")).is(1, "gpu: "+fakeRenderer, p.path("m.capsule")+": "+fakeRenderer+" computes the step wrongly\n")
			form := `^the device is wrong: on ` + fakeRenderer + `, in ` + c.found + `\S+, and not \S+ ± \S+`
			if !c.alone {
				form += `, although each op alone is right`
			}
			if !regexp.MustCompile(form + `\n$`).MatchString(r.stdout) {
				t.Errorf("the faulty device:\n%swant\n%s", r.stdout, form)
			}
			r = p.run("replay", "-backend=cpu", p.path("m.capsule")).is(0, "recorded on gpu: "+fakeRenderer)
			form = `^this device is right: .* agrees with float64 within rounding; ` + fakeRenderer + ` did not: op \d+, \w+: element \(\d+,\d+\) of the `
			if !regexp.MustCompile(form).MatchString(r.stdout) {
				t.Errorf("a sound device:\n%swant\n%s", r.stdout, form)
			}
		})
	}
}

// TestShadowNames checks that another run's capsule is not overwritten.
func TestShadowNames(t *testing.T) {
	p, o := at(t), faultyGPU(t, "matmul: the last column is not written")
	args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-shadow=1", "-save=" + p.path("m")}
	inProcess(t, o, args...).is(1)
	before := contents(t, p.path("m.capsule"))
	inProcess(t, o, args...).is(1, "the step is saved in "+p.path("m.capsule.2"))
	if !bytes.Equal(contents(t, p.path("m.capsule")), before) {
		t.Error("the first capsule has changed")
	}
	if got := contents(t, p.path("m.capsule.2")); !bytes.Equal(got, before) {
		t.Error("the same step gave another capsule")
	}
	c, err := capsule.Load(p.path("m.capsule"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Device.Device != fakeRenderer || c.Reason != capsule.Breach || c.Data.Path != "" {
		t.Errorf("of %q, reason %s, path %q", c.Device.Device, c.Reason, c.Data.Path)
	}
}

// TestShadowLeavesBits trains with -shadow at each SIMD level of the CPU and with different kinds of
// steps: no breach, and the same network as without.
func TestShadowLeavesBits(t *testing.T) {
	for _, simd := range []string{"off", "avx2", "avx512", "neon"} {
		for i, more := range sample.Of([][]string{
			{"-hidden=32", "-batch=10", fmt.Sprintf("-epochs=%d", sample.Count(10, 2))}, // of 30 steps
			{"-hidden=16", "-batch=64"}, // the last of each epoch has 44 samples
			{"-hidden=8", "-batch=1", "-epochs=1"},
			{"-hidden=24,12", "-act=tanh", "-loss=mse", "-batch=33"},
			{"-hidden=", "-act=sigmoid", "-batch=0"},
		}, 3) {
			p := at(t, "SHADEGRAD_SIMD="+simd)
			args := append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-epochs=3"}, more...)
			r := p.run(append(args, "-save=plain")...)
			if r.status == 2 && strings.Contains(r.stderr, "SHADEGRAD_SIMD="+simd) {
				continue // this processor does not have it
			}
			r.is(0)
			p.run(append(args, "-save=shadowed", "-shadow=1", "-threads=1")...).is(0, " checked in float64, all results within their bounds\n")
			if !bytes.Equal(contents(t, p.path("plain")), contents(t, p.path("shadowed"))) {
				t.Errorf("%s, %d: another network", simd, i)
			}
		}
	}
}

// TestShadowResumes resumes a run with the printed command, and with data transferred in pieces.
func TestShadowResumes(t *testing.T) {
	p := at(t)
	whole := p.path("whole")
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-epochs=3", "-schedule=constant", "-save="+whole).is(0)
	checkpoint := p.stopped("-hidden=8", "-shadow=2")
	f := newFakeGPU()
	model := p.path("m")
	inProcess(t, f.opener(), "train", "-backend=gpu", "-resume="+checkpoint, "-shadow=2", "-device-memory=600KiB", "-save="+model).is(0,
		"the training set is transferred to the device in pieces of ", "5 steps checked in float64, all results within their bounds\n")
	if !bytes.Equal(contents(t, whole), contents(t, model)) {
		t.Error("another network than without -shadow and interruption")
	}
}

// TestShadowResumeCommand checks for -shadow in the command to resume.
func TestShadowResumeCommand(t *testing.T) {
	p, f := at(t), newFakeGPU()
	r := tapped(t, f.opener(), f.loseAt("epoch 1/"), "train", "-backend=gpu", "-data="+smallData(t), "-hidden=8", "-epochs=3", "-shadow=7", "-save="+p.path("m")).is(1)
	if command := resumeCommand(r); !strings.HasSuffix(command, " -shadow=7") {
		t.Errorf("command %q", command)
	}
}

// TestDivergedCapsule checks that the step that diverged is saved, and replays it on two devices.
func TestDivergedCapsule(t *testing.T) {
	p := at(t)
	for i, args := range [][]string{
		{"-lr=1e30", "-act=identity"}, {"-lr=1e30", "-act=identity", "-shadow=1"},
		{"-lr=3e37", "-act=relu", "-loss=mse", "-output=identity"},
	} {
		model := p.path(fmt.Sprint("m", i))
		r := p.run(append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-schedule=constant", "-epochs=3", "-save=" + model}, args...)...).is(1,
			"\nthe step is saved in "+model+".capsule; to find out whether the device or the learning rate is at fault, run: "+typed("shadegrad", "replay", model+".capsule")+"\nshadegrad: training diverged: ")
		if !regexp.MustCompile(`; no weights were saved; try a lower -lr than \S+\n$`).MatchString(r.stderr) {
			t.Errorf("the last line: %s", r.lastLine())
		}
		form := regexp.MustCompile(`^the model diverges: in step \d of epoch 1 the \w+ of layer \d leave the range of float32, which .* computes correctly; lower -lr, which is \de\+3\d(, or -momentum, which is 0\.9)?\n$`)
		for _, r := range []result{p.run("replay", model+".capsule").is(0), inProcess(t, newFakeGPU().opener(), "replay", "-backend=gpu", model+".capsule").is(0)} {
			if !form.MatchString(r.stdout) {
				t.Errorf("%v: %s", args, r.stdout)
			}
		}
	}
	r := p.run("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-lr=1e30", "-schedule=constant", "-act=identity").is(1, "saved in shadegrad.capsule;")
	p.run("replay", "shadegrad.capsule").is(0)
	if !strings.HasSuffix(r.command, "identity") {
		t.Error("without -save")
	}
}

// TestDivergedByDevice makes losses infinite by a wrong device: the capsule shows it, without -shadow.
func TestDivergedByDevice(t *testing.T) {
	p, o := at(t), faultyGPU(t, "update: the step goes uphill")
	args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=8", "-act=identity", "-loss=mse", "-output=identity", "-epochs=60", "-lr=0.5", "-schedule=constant", "-save=" + p.path("m")}
	inProcess(t, o, args...).is(1, "training diverged: ", "the step is saved in "+p.path("m.capsule"))
	r := inProcess(t, o, "replay", p.path("m.capsule")).is(1)
	if !strings.HasPrefix(r.stdout, "the device is wrong: on "+fakeRenderer+", in op ") {
		t.Error(r.stdout)
	}
	r = p.run("replay", "-backend=cpu", p.path("m.capsule")).is(0)
	if !strings.HasPrefix(r.stdout, "this device is right: ") {
		t.Error(r.stdout)
	}
}

// TestReplayRefuses checks files that are not capsules, and invalid command lines.
func TestReplayRefuses(t *testing.T) {
	p := at(t)
	model := smallModel(t, p)
	p.run("replay", model).is(1, "shadegrad: "+model+": not a Shadegrad capsule: its metadata has no \"shadegrad.capsule\"\n")
	p.run("replay", "none").is(1, "shadegrad: none: "+ostest.NoFile+"\n")
	p.run("replay").is(2, "replay: want one CAPSULE")
	p.run("replay", "a", "b").is(2, "replay: want one CAPSULE")
	p.run("replay", "-backend=auto", "a").is(2, "want gpu or cpu")
	for _, wrong := range []string{"0", "-1", "x", ""} {
		p.run("train", "-shadow="+wrong).is(2, "-shadow: want ")
	}
	o := faultyGPU(t, "matmul: the last column is not written")
	inProcess(t, o, "train", "-backend=gpu", "-data="+smallData(t), "-hidden=8", "-shadow=1", "-save="+p.path("n")).is(1)
	path := p.path("n.capsule")
	whole := contents(t, path)
	put(t, filepath.Join(p.dir, "other"), bytes.Replace(whole, []byte(`"backend\":\"gpu`), []byte(`"backend\":\"tpu`), 1))
	p.run("replay", "other").is(1, `other: recorded on the unknown backend "tpu"; choose one with -backend=gpu or -backend=cpu`)
	p.run("replay", "-backend=cpu", "other").is(0)
	put(t, filepath.Join(p.dir, "short"), whole[:len(whole)-100])
	p.run("replay", "short").is(1, "shadegrad: short: truncated: ")
}
