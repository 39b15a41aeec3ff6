package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/bench"
	"shadegrad/internal/train"
)

// A benchReport writes what bench measures.
type benchReport struct {
	out      io.Writer
	format   benchFormat
	options  train.Options
	repeat   int
	err      error // the first that writing gave
	swept    []sweptBatch
	preamble bool // of the lines for benchstat
}

// A sweptBatch is a row of a sweep: images a second of each backend.
type sweptBatch struct {
	batch  int
	images []float64
}

func newBenchReport(out io.Writer, f benchFormat, o train.Options, repeat int) *benchReport {
	return &benchReport{out: out, format: f, options: o, repeat: repeat}
}

func (r *benchReport) print(format string, args ...any) {
	if _, err := fmt.Fprintf(r.out, format, args...); err != nil && r.err == nil {
		r.err = err
	}
}

// A benchEvent is a line of -format=json: a backend's step, or its time to an
// accuracy.
type benchEvent struct {
	Event           string    `json:"event"` // "step"
	Backend         string    `json:"backend"`
	Device          string    `json:"device"`
	Driver          string    `json:"driver"`
	Network         string    `json:"network"`
	Batch           int       `json:"batch"`
	StepsARun       int       `json:"steps_a_run"`
	Seconds         []float64 `json:"seconds"` // a step, of each run
	Median          float64   `json:"median_seconds"`
	Spread          float64   `json:"spread"` // half of the distance between the quartiles, of the median
	ImagesPerSecond float64   `json:"images_per_second"`
	GFlops          float64   `json:"gflops"`
	PeakGFlops      *float64  `json:"peak_gflops"` // null where it is not known
}

// steps writes the figures of one step.
func (r *benchReport) steps(rivals []rival, s bench.Step, figures []bench.Figure) {
	switch r.format {
	case benchLines:
		r.lines(rivals, s, figures)
		return
	case benchJSON:
		r.objects(rivals, s, figures)
		return
	}
	r.print("a training step of %s, %s, batch %d; %d runs of %s each, backends in turns\n\n",
		s.Network, trainingText(s), s.Batch, r.repeat, "some 50 ms")
	r.print("%-8s %12s %8s %12s %9s %8s %7s\n", "backend", "step, median", "spread", "images/s", "GFLOP/s", "of peak", "speed")
	for i, f := range figures {
		rate := s.Flops() / f.Median()
		r.print("%-8s %12s %8s %12.0f %9.1f %8s %6.2f×\n", rivals[i].kind, duration(f.Median()), "±"+percentOf(f.Spread()),
			float64(s.Batch)/f.Median(), rate/1e9, ofPeak(rate, rivals[i].peak), figures[0].Median()/f.Median())
	}
	r.print("\nGFLOP/s count the dense arithmetic; where pixels are zero the CPU leaves it out, and can exceed its peak.\n")
}

// trainingText says what a step does.
func trainingText(s bench.Step) string {
	t := s.Training
	text := t.Rule.String()
	if t.Rule == compute.SGD {
		text = "without momentum"
		if t.Velocity {
			text = "with momentum"
		}
	}
	for _, x := range []struct {
		part string
		has  bool
	}{
		{"penalties", t.L2 > 0 || t.L1 > 0 || t.Decay > 0}, {"bounds", t.Clip > 0 || t.MaxNorm > 0},
		{"dropout", t.Drop > 0 || t.DropInput > 0}, {"distorted images", !t.Augment.IsZero() && !t.Augment.Elastic()},
		{"elastic images", t.Augment.Elastic()},
	} {
		if x.has {
			text += ", " + x.part
		}
	}
	return text
}

// duration writes seconds in a unit that leaves three digits or so.
func duration(s float64) string {
	d := time.Duration(s * 1e9)
	switch {
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.2f µs", s*1e6)
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f µs", s*1e6)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g s", s)
}

func percentOf(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

func ofPeak(rate, peak float64) string {
	if peak <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f%%", 100*rate/peak)
}

// lines writes a line for each run as Go's benchmarks do. The backend is a key of the
// name, by which benchstat can make columns.
func (r *benchReport) lines(rivals []rival, s bench.Step, figures []bench.Figure) {
	if !r.preamble {
		r.preamble = true
		r.print("goos: %s\ngoarch: %s\npkg: shadegrad\n", runtime.GOOS, runtime.GOARCH)
		for _, v := range rivals {
			i := v.choice.Info()
			r.print("%s-device: %s, %s\n", v.kind, i.Device, i.Driver)
		}
	}
	for i, f := range figures {
		for _, seconds := range f.Seconds {
			r.print("BenchmarkTrainStep/network=%s/batch=%d/backend=%s-%d\t%d\t%.1f ns/op\t%.1f images/s\t%.3f GFLOP/s\n",
				s.Network, s.Batch, rivals[i].kind, runtime.GOMAXPROCS(0), f.Steps, seconds*1e9,
				float64(s.Batch)/seconds, s.Flops()/seconds/1e9)
		}
	}
}

// objects writes a JSON object for each backend.
func (r *benchReport) objects(rivals []rival, s bench.Step, figures []bench.Figure) {
	for i, f := range figures {
		info := rivals[i].choice.Info()
		e := benchEvent{"step", info.Backend, info.Device, info.Driver, s.Network.String(), s.Batch, f.Steps, f.Seconds,
			f.Median(), f.Spread(), float64(s.Batch) / f.Median(), s.Flops() / f.Median() / 1e9, nil}
		if peak := rivals[i].peak / 1e9; peak > 0 {
			e.PeakGFlops = &peak
		}
		r.object(e)
	}
}

func (r *benchReport) object(v any) {
	if err := json.NewEncoder(r.out).Encode(v); err != nil && r.err == nil {
		r.err = err
	}
}

func (r *benchReport) beginSweep(rivals []rival) {
	if r.format != benchText {
		return
	}
	r.print("\nimages/s by batch\n\n%8s", "batch")
	for _, v := range rivals {
		r.print(" %12s", v.kind)
	}
	if len(rivals) == 2 {
		r.print(" %12s", fmt.Sprintf("%s/%s", rivals[1].kind, rivals[0].kind))
	}
	r.print("\n")
}

func (r *benchReport) sweepRow(rivals []rival, s bench.Step, figures []bench.Figure) {
	row := sweptBatch{batch: s.Batch}
	for _, f := range figures {
		row.images = append(row.images, float64(s.Batch)/f.Median())
	}
	r.swept = append(r.swept, row)
	if r.format != benchText {
		r.steps(rivals, s, figures)
		return
	}
	r.print("%8d", s.Batch)
	for _, v := range row.images {
		r.print(" %12.0f", v)
	}
	if len(rivals) == 2 {
		r.print(" %11.2f×", row.images[1]/row.images[0])
	}
	r.print("\n")
}

// endSweep says which of two backends is the faster, and where that changes.
func (r *benchReport) endSweep(rivals []rival) {
	if r.format == benchText && len(rivals) == 2 {
		r.print("\n%s\n", overtaking(r.swept, string(rivals[0].kind), string(rivals[1].kind)))
	}
}

// overtaking says from which batch on the one or the other backend is the faster.
func overtaking(rows []sweptBatch, first, second string) string {
	faster := func(row sweptBatch) string {
		if row.images[1] > row.images[0] {
			return second
		}
		return first
	}
	var parts []string
	for i, row := range rows {
		switch name := faster(row); {
		case i == 0:
			parts = append(parts, fmt.Sprintf("%s is the faster at batch %d", name, row.batch))
		case name != faster(rows[i-1]):
			parts = append(parts, fmt.Sprintf("%s overtakes it between %d and %d", name, rows[i-1].batch, row.batch))
		}
	}
	if len(parts) == 1 {
		return fmt.Sprintf("%s is the faster at every batch", faster(rows[0]))
	}
	return strings.Join(parts, "; ")
}
