package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"shadegrad/compute"
)

// aProfile is a made-up one.
var aProfile = compute.Profile{
	Kernels: []compute.KernelTime{
		{Kernel: "product_update", Ops: "matmul update", Calls: 1000, Time: 600 * time.Millisecond, Flops: 3e9, Bytes: 6e8},
		{Kernel: "layer", Ops: "gather matmul activate", Calls: 1000, Time: 300 * time.Millisecond, Flops: 3e10, Bytes: 3e7},
		{Kernel: "fill", Ops: "fill", Calls: 1},
	},
	Busy: 900 * time.Millisecond, Wall: 1200 * time.Millisecond, Device: true, PeakFlops: 200e9, PeakBytes: 10e9,
}

func TestProfileTable(t *testing.T) {
	const want = `where the device's time went, by its own clock

    calls    time      a call  share   GFLOP/s of peak    GB/s of peak  kernel: ops
     1000   0.60s    600.0 µs  66.7%      5.00      2%    1.00     10%  product_update: matmul update
     1000   0.30s    300.0 µs  33.3%       100     50%    0.10      1%  layer: gather matmul activate
        1   0.00s     0.00 µs   0.0%         –       –       –       –  fill: fill

peak of this device: 200 GFLOP/s (multiply-adds alone), 10.0 GB/s (copying alone)
busy 0.90 s of 1.20 s; idle, or at other work, 25.0% of the time
`
	if got := profileTable(aProfile); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := profileTable(compute.Profile{}); !strings.Contains(got, "by the host's clock, which waited for each kernel") || !strings.Contains(got, "idle, or at other work, – of the time") {
		t.Errorf("of nothing:\n%s", got)
	}
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

// TestProfileFlag has the table before the outcome, or an object before the last.
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
	if table, done := strings.Index(r.stdout, "where the device's time went"), strings.Index(r.stdout, "test accuracy "); table < 0 || done < table || p.started != 0 {
		t.Errorf("stdout:\n%s", r.stdout)
	}
	_, run = open()
	lines := strings.Split(strings.TrimSpace(run("-json").stdout), "\n")
	var e profileEvent
	if err := json.Unmarshal([]byte(lines[len(lines)-2]), &e); err != nil {
		t.Fatal(err)
	}
	if e.Event != "profile" || e.Clock != "device" || e.BusySeconds != 0.9 || e.PeakGFlops != 200 || len(e.Kernels) != 3 || e.Kernels[0].Calls != 1000 {
		t.Errorf("%+v", e)
	}
	inProcess(t, newFakeGPU().opener(), "train", "-backend=cpu", "-data="+smallData(t), "-profile").is(1, "-profile: the cpu backend does not time its kernels")
}
