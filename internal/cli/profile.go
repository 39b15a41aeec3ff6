package cli

import (
	"fmt"
	"strings"
	"time"

	"shadegrad/compute"
)

// profileTable writes where the device's time went, for people.
func profileTable(p compute.Profile) string {
	var t strings.Builder
	fmt.Fprintf(&t, "where the device's time went, by %s\n\n", map[bool]string{true: "its own clock", false: "the host's clock, which waited for each kernel"}[p.Device])
	fmt.Fprintf(&t, "%9s %7s %11s %6s %9s %7s %7s %7s  %s\n", "calls", "time", "a call", "share", "GFLOP/s", "of peak", "GB/s", "of peak", "kernel: ops")
	for _, k := range p.Kernels {
		seconds := k.Time.Seconds()
		fmt.Fprintf(&t, "%9d %6.2fs %11s %6s %9s %7s %7s %7s  %s: %s\n", k.Calls, seconds, duration(seconds/float64(max(k.Calls, 1))),
			share100(k.Time, p.Busy), rateText(k.Flops, seconds), ofPeakText(k.Flops, seconds, p.PeakFlops),
			rateText(k.Bytes, seconds), ofPeakText(k.Bytes, seconds, p.PeakBytes), k.Kernel, k.Ops)
	}
	fmt.Fprintf(&t, "\npeak of this device: %s GFLOP/s (multiply-adds alone), %s GB/s (copying alone)\n", significant(p.PeakFlops/1e9), significant(p.PeakBytes/1e9))
	idle := max(0, p.Wall-p.Busy)
	fmt.Fprintf(&t, "busy %.2f s of %.2f s; idle, or at other work, %s of the time\n", p.Busy.Seconds(), p.Wall.Seconds(), share100(idle, p.Wall))
	return t.String()
}

// share100 writes a share of a time in percent.
func share100(part, whole time.Duration) string {
	if whole <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100*part.Seconds()/whole.Seconds())
}

// rateText writes how much a second, in billions.
func rateText(amount, seconds float64) string {
	if seconds <= 0 {
		return "–"
	}
	return significant(amount / seconds / 1e9)
}

// significant writes a number with three digits.
func significant(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func ofPeakText(amount, seconds, peak float64) string {
	if seconds <= 0 || peak <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f%%", 100*amount/seconds/peak)
}

// A profileEvent is a line of train -json.
type profileEvent struct {
	Event       string          `json:"event"` // "profile"
	Clock       string          `json:"clock"` // "device" or "host"
	BusySeconds float64         `json:"busy_seconds"`
	WallSeconds float64         `json:"wall_seconds"`
	PeakGFlops  float64         `json:"peak_gflops"`
	PeakGBytes  float64         `json:"peak_gbytes"`
	Kernels     []profileKernel `json:"kernels"`
}

type profileKernel struct {
	Kernel  string  `json:"kernel"`
	Ops     string  `json:"ops"`
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	Flops   float64 `json:"flops"`
	Bytes   float64 `json:"bytes"`
}

func newProfileEvent(p compute.Profile) profileEvent {
	e := profileEvent{Event: "profile", Clock: map[bool]string{true: "device", false: "host"}[p.Device],
		BusySeconds: p.Busy.Seconds(), WallSeconds: p.Wall.Seconds(), PeakGFlops: p.PeakFlops / 1e9, PeakGBytes: p.PeakBytes / 1e9}
	for _, k := range p.Kernels {
		e.Kernels = append(e.Kernels, profileKernel{k.Kernel, k.Ops, k.Calls, k.Time.Seconds(), k.Flops, k.Bytes})
	}
	return e
}

// startProfile begins to time the device's work, if the backend can.
func startProfile(b compute.Backend) (compute.Profiler, error) {
	p, ok := b.(compute.Profiler)
	if !ok {
		return nil, fmt.Errorf("-profile: the %s backend does not time its kernels; use a profiler of the system, such as perf", b.Info().Backend)
	}
	return p, p.StartProfile()
}
