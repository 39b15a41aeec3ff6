package report

import (
	"fmt"
	"strings"

	"shadegrad/compute"
)

// profileTable formats a profile for people.
func profileTable(p compute.Profile) string {
	var t strings.Builder
	fmt.Fprintf(&t, "device time by kernel, measured by %s\n\n", map[bool]string{true: "its own clock", false: "the host's clock, which waited for each kernel"}[p.Device])
	fmt.Fprintf(&t, "%9s %7s %11s %6s %9s %7s %7s %7s  %s\n", "calls", "time", "per call", "share", "GFLOP/s", "of peak", "GB/s", "of peak", "kernel: ops")
	for _, k := range p.Kernels {
		seconds, perCall := k.Time.Seconds(), "–"
		if seconds > 0 {
			perCall = Duration(seconds / float64(max(k.Calls, 1)))
		}
		fmt.Fprintf(&t, "%9d %6.2fs %11s %6s %9s %7s %7s %7s  %s: %s\n", k.Calls, seconds, perCall,
			percent(seconds, p.Busy.Seconds(), "%.1f"), billions(k.Flops, seconds), percent(k.Flops, seconds*p.PeakFlops, "%.0f"),
			billions(k.Bytes, seconds), percent(k.Bytes, seconds*p.PeakBytes, "%.0f"), k.Kernel, k.Ops)
	}
	fmt.Fprintf(&t, "\npeak of this device: %s GFLOP/s (multiply-adds only), %s GB/s (copying only)\n", billions(p.PeakFlops, 1), billions(p.PeakBytes, 1))
	idle := max(0, p.Wall-p.Busy)
	fmt.Fprintf(&t, "busy %.2f s of %.2f s; idle or at other work %s of the time\n", p.Busy.Seconds(), p.Wall.Seconds(), percent(idle.Seconds(), p.Wall.Seconds(), "%.1f"))
	return t.String()
}

// billions formats an amount per second in billions, or a dash if the amount or the time is unknown.
func billions(amount, seconds float64) string {
	if amount <= 0 || seconds <= 0 {
		return "–"
	}
	return significant(amount / seconds / 1e9)
}

// significant formats a number with three significant digits.
func significant(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// A ProfileEvent is the line of -json with -profile.
type ProfileEvent struct {
	Event       string          `json:"event"` // "profile"
	Clock       string          `json:"clock"` // "device" or "host"
	BusySeconds float64         `json:"busy_seconds"`
	WallSeconds float64         `json:"wall_seconds"`
	PeakGFlops  float64         `json:"peak_gflops,omitempty"` // omitted if unknown
	PeakGBytes  float64         `json:"peak_gbytes,omitempty"`
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

func newProfileEvent(p compute.Profile) ProfileEvent {
	e := ProfileEvent{Event: "profile", Clock: map[bool]string{true: "device", false: "host"}[p.Device],
		BusySeconds: p.Busy.Seconds(), WallSeconds: p.Wall.Seconds(), PeakGFlops: p.PeakFlops / 1e9, PeakGBytes: p.PeakBytes / 1e9}
	for _, k := range p.Kernels {
		e.Kernels = append(e.Kernels, profileKernel{k.Kernel, k.Ops, k.Calls, k.Time.Seconds(), k.Flops, k.Bytes})
	}
	return e
}
