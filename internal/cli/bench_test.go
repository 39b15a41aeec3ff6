package cli

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"shadegrad/internal/clock"
	"shadegrad/internal/clock/clocktest"
	"shadegrad/internal/report"
)

// benchArgs returns the arguments of a short run.
func benchArgs(t *testing.T, more ...string) []string {
	return append([]string{"bench", "-data=" + smallData(t), "-hidden=8"}, more...)
}

// TestBench checks the table of both backends.
func TestBench(t *testing.T) {
	r := inProcess(t, newFakeGPU().opener(), benchArgs(t)...).is(0, "cpu: ", "gpu: "+fakeRenderer)
	if !strings.HasPrefix(r.stdout, "a training step of 784-8-10, with momentum, batch 64; 10 runs of about 1 ms per backend, in turn\n") {
		t.Errorf("stdout begins otherwise:\n%s", r.stdout)
	}
	for backend, peak := range map[string]string{"cpu": `[0-9]+%`, "gpu": "–"} {
		want := regexp.MustCompile(backend + ` +[0-9.]+ (µs|ms|s) +±[0-9.]+% +[0-9]+ +[0-9.]+ +` + peak + ` +[0-9.]+×\n`)
		if !want.MatchString(r.stdout) {
			t.Errorf("no row of %s like %s in\n%s", backend, want, r.stdout)
		}
	}
}

// TestBenchWithoutGPU checks that only the CPU is timed without a GPU, and that a GPU named by
// -backends is required.
func TestBenchWithoutGPU(t *testing.T) {
	f := newFakeGPU()
	f.openErr = errors.New("not found")
	r := inProcess(t, f.opener(), benchArgs(t)...).is(0, "GPU unavailable: ", "; timing the CPU only\n")
	if strings.Contains(r.stdout, "\ngpu") {
		t.Errorf("a row of the GPU:\n%s", r.stdout)
	}
	inProcess(t, f.opener(), benchArgs(t, "-backends=cpu,gpu")...).is(1, "GPU unavailable: ", "; -backends=cpu works without a GPU\n")
}

// TestBenchLeavesOutWrong checks that a GPU that computes wrongly is omitted, with a message, unless
// -backends names it.
func TestBenchLeavesOutWrong(t *testing.T) {
	f := newFakeGPU()
	f.wrong = true
	r := inProcess(t, f.opener(), benchArgs(t)...).is(0, "GPU self-test failed: ", "; timing the CPU only\n")
	if strings.Contains(r.stdout, "\ngpu") || !f.closed.Load() {
		t.Errorf("closed %v, stdout:\n%s", f.closed.Load(), r.stdout)
	}
}

// TestBenchRefusesWrong checks that a backend that computes wrongly is not timed.
func TestBenchRefusesWrong(t *testing.T) {
	for _, format := range []string{"text", "bench", "json"} {
		f := newFakeGPU()
		f.wrong = true
		r := inProcess(t, f.opener(), benchArgs(t, "-backends=gpu", "-format="+format)...).is(1, "GPU self-test failed: ")
		if r.stdout != "" {
			t.Errorf("-format=%s: figures of a backend that is wrong:\n%s", format, r.stdout)
		}
	}
}

// TestBenchLines checks the format for benchstat: a line for each run, with the backend as a key of
// the name.
func TestBenchLines(t *testing.T) {
	r := inProcess(t, newFakeGPU().opener(), benchArgs(t, "-format=bench", "-repeat=12")...).is(0)
	line := regexp.MustCompile(`(?m)^BenchmarkTrainStep/network=784-8-10/batch=64/backend=(cpu|gpu)-[0-9]+\t[0-9]+\t[0-9.]+ ns/op\t[0-9.]+ images/s\t[0-9.]+ GFLOP/s$`)
	count := map[string]int{}
	for _, m := range line.FindAllStringSubmatch(r.stdout, -1) {
		count[m[1]]++
	}
	if count["cpu"] != 12 || count["gpu"] != 12 {
		t.Errorf("%v lines of 12 runs:\n%s", count, r.stdout)
	}
	for _, key := range []string{"goos: ", "goarch: ", "cpu-device: ", "gpu-device: " + fakeRenderer} {
		if !strings.Contains(r.stdout, key) {
			t.Errorf("no line %q:\n%s", key, r.stdout)
		}
	}
}

// TestBenchJSON checks that each line is an object with consistent figures.
func TestBenchJSON(t *testing.T) {
	r := inProcess(t, newFakeGPU().opener(), benchArgs(t, "-json")...).is(0)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(lines), r.stdout)
	}
	for i, want := range []string{"cpu", "gpu"} {
		var e report.BenchEvent
		if err := json.Unmarshal([]byte(lines[i]), &e); err != nil {
			t.Fatal(err)
		}
		if e.Event != "step" || e.Backend != want || e.Network != "784-8-10" || e.Batch != 64 || len(e.Seconds) != 10 || e.StepsARun < 1 {
			t.Errorf("%+v", e)
		}
		if rate := 64 / e.Median; rate < 0.999*e.ImagesPerSecond || rate > 1.001*e.ImagesPerSecond {
			t.Errorf("%g images/s with steps of %g s", e.ImagesPerSecond, e.Median)
		}
		if (e.PeakGFlops != nil) != (want == "cpu") {
			t.Errorf("%s: peak %v", want, e.PeakGFlops)
		}
	}
}

// TestBenchSweep checks the row of each batch and the verdict.
func TestBenchSweep(t *testing.T) {
	r := inProcess(t, newFakeGPU().opener(), benchArgs(t, "-sweep")...).is(0)
	for _, batch := range []string{"1", "4", "16", "64", "256"} {
		if !regexp.MustCompile(`(?m)^ +` + batch + ` +[0-9]+ +[0-9]+ +[0-9.]+×$`).MatchString(r.stdout) {
			t.Errorf("no row of batch %s:\n%s", batch, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "\n    1024 ") || !strings.Contains(r.stdout, " is faster at ") {
		t.Errorf("of 300 images:\n%s", r.stdout)
	}
}

// TestBenchTimeTo trains in separate processes until each accuracy is reached, or to the end of the
// recipe.
func TestBenchTimeTo(t *testing.T) {
	args := []string{"bench", "-backends=cpu", "-data=" + middleData(t), "-hidden=16", "-epochs=3", "-time-to=0.5,0.9999", "-seeds=2"}
	r := at(t).run(args...).is(0)
	if !regexp.MustCompile(`\nbackend +50% +99.99%\ncpu +[0-9.]+ \([0-9.]+–[0-9.]+\) +not by any of 2\n`).MatchString(r.stdout) {
		t.Errorf("stdout:\n%s", r.stdout)
	}
	r = at(t).run(append(args, "-json")...).is(0)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var e report.TimeEvent
	if err := json.Unmarshal([]byte(lines[1]), &e); err != nil {
		t.Fatal(err)
	}
	if e.Event != "time-to" || e.Backend != "cpu" || e.TestAcc != 0.5 || e.Seeds != 2 || len(e.Seconds) != 2 || e.Seconds[0] <= 0 {
		t.Errorf("%+v", e)
	}
}

// TestBenchOnCoarseClock requires finite figures by a clock that advances in steps of 15.6 ms, as on Windows, and an error
// from a clock that does not advance.
func TestBenchOnCoarseClock(t *testing.T) {
	o := newFakeGPU().opener()
	coarse := func() time.Duration { return clock.Now() / clocktest.Steps[0] * clocktest.Steps[0] }
	for _, format := range []string{"text", "json"} {
		r := timed(t, o, nil, coarse, benchArgs(t, "-backends=cpu", "-format="+format)...).is(0)
		if figures := regexp.MustCompile(`\ncpu +[0-9.]+ µs +±[0-9.]+% +[0-9]+ +[0-9.]+ +[0-9]+% +1.00×\n|"median_seconds":[0-9.e-]+,`); !figures.MatchString(r.stdout) ||
			regexp.MustCompile(`Inf|NaN|"(median_seconds|images_per_second)":0[,}]`).MatchString(r.stdout) {
			t.Errorf("stdout:\n%s", r.stdout)
		}
	}
	stopped := func() time.Duration { return time.Hour }
	if r := timed(t, o, nil, stopped, benchArgs(t, "-backends=cpu")...).is(1, "the clock does not advance"); r.stdout != "" {
		t.Errorf("figures of a clock that does not advance:\n%s", r.stdout)
	}
}
