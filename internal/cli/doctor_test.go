package cli

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/doctor"
)

// says checks that stdout contains each text.
func (r result) says(texts ...string) result {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stdout, text) {
			r.t.Errorf("%s: stdout does not say\n%s\nbut\n%s", r.command, text, r.stdout)
		}
	}
	return r
}

// TestDoctorCPU checks that -backend=cpu tries all cases at all SIMD levels.
func TestDoctorCPU(t *testing.T) {
	args := []string{"doctor", "-backend=cpu"}
	if testing.Short() {
		args = append(args, "-quick") // a few cases
	}
	r := at(t).run(args...).is(0).says("✓ build ", "– display          not tried: -backend=cpu works without a GPU\n", "✓ CPU ",
		"✓ CPU kernels ", " at each level: off", "✓ data ", "as published, by SHA-256\n", "✓ cache ", "✓ disk ", "\n\nthe CPU can be used\n")
	if strings.Contains(r.stdout, "✗") || r.stderr != "" {
		t.Errorf("stdout\n%s\nstderr\n%s", r.stdout, r.stderr)
	}
}

// TestDoctorJSON checks the object of -json: complete, and without private data.
func TestDoctorJSON(t *testing.T) {
	home := filepath.Join(t.TempDir(), "somebody")
	r := at(t, "HOME="+home, "USERPROFILE="+home, "LocalAppData="+filepath.Join(home, "Local"), "XDG_CACHE_HOME=", "SHADEGRAD_CACHE=", "API_TOKEN=hunter2", "SHADEGRAD_SIMD=off").
		run("doctor", "-backend=cpu", "-quick", "-json").is(0)
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	var report doctor.Report
	if err := d.Decode(&report); err != nil {
		t.Fatal(err)
	}
	if d.More() {
		t.Error("there is more than one object")
	}
	if !report.Usable || !report.CPU || report.Chosen != "cpu" || report.Verdict != "the CPU can be used" || len(report.Steps) != 14 || report.Program != buildVersion() {
		t.Errorf("%+v", report)
	}
	for _, secret := range []string{"hunter2", "API_TOKEN", "somebody"} {
		if strings.Contains(r.stdout, secret) {
			t.Errorf("the report has %q in it", secret)
		}
	}
	if want := (doctor.Value{Name: "SHADEGRAD_SIMD", Value: "off"}); !slices.Contains(report.Steps[0].Values, want) {
		t.Errorf("the variables are %v, want %v among them", report.Steps[0].Values, want)
	}
	mustNotExist(t, home) // the cache was made, tried and taken away
}

// TestDoctorWrongNumbers checks a GPU that computes wrongly: an error for -backend=gpu, not for auto.
func TestDoctorWrongNumbers(t *testing.T) {
	o := backends.Opener{OtherGPU: func(string) string { return "" }, OpenGPU: func() (compute.Backend, error) {
		f := newFakeGPU()
		f.wrong = true
		return f, nil
	}}
	const found = "kernels fail (matmul_nn, matmul_nt, matmul_tn, matmul_tt, "
	r := inProcess(t, o, "doctor", "-quick", "-backend=gpu").is(1, "shadegrad: the GPU cannot be used: ", found, " on "+fakeRenderer+"; -backend=cpu works\n").says("✗ kernels ", found, "  fix: do not train on it; ")
	if strings.Contains(r.stdout, "cannot be used") {
		t.Errorf("the verdict is told twice:\n%s", r.stdout)
	}
	inProcess(t, o, "doctor", "-quick").is(0).says("✗ kernels ", "\n\nthe GPU cannot be used: ", "; -backend=cpu works\n")
	r = inProcess(t, o, "doctor", "-quick", "-backend=gpu", "-json").is(1, found)
	var report doctor.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || report.Usable || report.GPU || !report.CPU {
		t.Errorf("%v: %+v", err, report)
	}
}

// TestDoctorGPU checks a working GPU, and one that does not open.
func TestDoctorGPU(t *testing.T) {
	var reason error
	o := backends.Opener{OtherGPU: func(string) string { return "" }, OpenGPU: func() (compute.Backend, error) {
		if reason != nil {
			return nil, reason
		}
		return newFakeGPU(), nil
	}}
	inProcess(t, o, "doctor", "-quick").is(0).says("✓ kernels ", "\n\nthe GPU can be used, and -backend=auto takes it if it is faster; -backend=cpu works too\n")
	reason = errors.New("the driver is asleep")
	inProcess(t, o, "doctor", "-quick").is(0).says("✗ kernels          the driver is asleep\n", "\n\nthe GPU cannot be used: the driver is asleep; -backend=cpu works\n")
}

// TestDoctorData checks a data set with a damaged file, which is an error.
func TestDoctorData(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{trainImages, trainLabels, testImages, testLabels} {
		b := contents(t, filepath.Join(smallData(t), name))
		if name == testImages {
			b = b[:len(b)-1]
		}
		put(t, filepath.Join(dir, name), b)
	}
	file := filepath.Join(dir, testImages)
	at(t).run("doctor", "-quick", "-backend=cpu", "-data="+dir).is(1, "shadegrad: the CPU can be used; the data cannot be used: "+file+": ").
		says("✓ data             MNIST (built in): ", "✗ data directory   "+file+": ", "  fix: download the named file again")
	at(t).run("doctor", "-quick", "-backend=cpu", "-data="+smallData(t)).is(0).
		says("✓ data directory   "+smallData(t)+": 300 training and 100 test images of 28×28 in 10 classes\n", "  t10k-labels-idx1-ubyte   sha256 ")
	at(t).run("doctor", "-quick", "-backend=cpu", "-data=xor").is(0).
		says("✓ data directory   xor: 4 training and 4 test rows with 2 columns of numbers in 2 classes\n", "  training set  sha256 ")
}

// TestDoctorCache checks a cache directory that is a file, which root cannot write either. Training
// works.
func TestDoctorCache(t *testing.T) {
	p := at(t)
	put(t, p.path("cache"), nil)
	p.env = append(p.env, "SHADEGRAD_CACHE="+p.path("cache"))
	p.run("doctor", "-quick", "-backend=cpu").is(0).says("✗ cache ", "; timings will not be remembered\n",
		"  fix: SHADEGRAD_CACHE="+p.path("cache")+": set it to a writable directory, or unset it\n", "\n\nthe CPU can be used\n")
	if runtime.GOOS == "linux" { // which follows XDG_CACHE_HOME
		p.env = []string{"SHADEGRAD_CACHE=", "XDG_CACHE_HOME=" + p.path("cache")}
		p.run("doctor", "-quick", "-backend=cpu").is(0).says("✗ cache ", "  fix: XDG_CACHE_HOME="+p.path("cache")+": set it to a writable directory")
	}
}

func TestDoctorUsage(t *testing.T) {
	at(t).run("doctor", "stray").is(2, `doctor takes no argument "stray"`)
	at(t).run("doctor", "-backend=cuda").is(2, "want auto, gpu or cpu")
	r := at(t).run("help", "doctor").is(0).says("usage: shadegrad doctor", "-quick", "-json", "-data PATH", "-target-columns N")
	if r.stderr != "" {
		t.Error(r.stderr)
	}
}
