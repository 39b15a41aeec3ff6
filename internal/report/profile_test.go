package report

import (
	"shadegrad/compute"
	"strings"
	"testing"
	"time"
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

func TestProfileTable(t *testing.T) {
	const want = `device time by kernel, measured by its own clock

    calls    time    per call  share   GFLOP/s of peak    GB/s of peak  kernel: ops
     1000   0.60s    600.0 µs  66.7%      5.00      2%    1.00     10%  product_update: matmul update
     1000   0.30s    300.0 µs  33.3%       100     50%    0.10      1%  layer: gather matmul activate
        1   0.00s           –   0.0%         –       –       –       –  fill: fill

peak of this device: 200 GFLOP/s (multiply-adds only), 10.0 GB/s (copying only)
busy 0.90 s of 1.20 s; idle or at other work 25.0% of the time
`
	if got := profileTable(aProfile); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := profileTable(compute.Profile{}); !strings.Contains(got, "measured by the host's clock, which waited for each kernel") || !strings.Contains(got, "idle or at other work – of the time") ||
		!strings.Contains(got, "peak of this device: – GFLOP/s (multiply-adds only), – GB/s") {
		t.Errorf("empty profile:\n%s", got)
	}
}
