package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/report"
)

// aProfile is an example.
var aProfile = compute.Profile{
	Kernels: []compute.KernelTime{
		{Kernel: "product_update", Ops: "matmul update", Calls: 1000, Time: 600 * time.Millisecond, Flops: 3e9, Bytes: 6e8},
		{Kernel: "layer", Ops: "gather matmul activate", Calls: 1000, Time: 300 * time.Millisecond, Flops: 3e10, Bytes: 3e7},
		{Kernel: "fill", Ops: "fill", Calls: 1},
	},
	Busy: 900 * time.Millisecond, Wall: 1200 * time.Millisecond, Device: true, PeakFlops: 200e9, PeakBytes: 10e9,
}

// profiled is a fake GPU that can be profiled.
type profiled struct {
	*fakeGPU
	started int
}

func (p *profiled) StartProfile() error { p.started++; return nil }

func (p *profiled) StopProfile() (compute.Profile, error) {
	p.started--
	return aProfile, nil
}

// TestProfileFlag checks for the table before the outcome, or an object before the last.
func TestProfileFlag(t *testing.T) {
	args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-profile"}
	open := func() (*profiled, func(...string) result) {
		p := &profiled{fakeGPU: newFakeGPU()}
		o := p.opener()
		o.OpenGPU = func() (compute.Backend, error) { return p, nil }
		return p, func(more ...string) result { return inProcess(t, o, append(args, more...)...).is(0) }
	}
	p, run := open()
	r := run()
	if table, done := strings.Index(r.stdout, "device time by kernel"), strings.Index(r.stdout, "test accuracy "); table < 0 || done < table || p.started != 0 {
		t.Errorf("stdout:\n%s", r.stdout)
	}
	_, run = open()
	lines := strings.Split(strings.TrimSpace(run("-json").stdout), "\n")
	var e report.ProfileEvent
	if err := json.Unmarshal([]byte(lines[len(lines)-2]), &e); err != nil {
		t.Fatal(err)
	}
	if e.Event != "profile" || e.Clock != "device" || e.BusySeconds != 0.9 || e.PeakGFlops != 200 || len(e.Kernels) != 3 || e.Kernels[0].Calls != 1000 {
		t.Errorf("%+v", e)
	}
	inProcess(t, newFakeGPU().opener(), "train", "-backend=cpu", "-data="+smallData(t), "-profile").is(1, "-profile: the cpu backend does not time its kernels")
}
