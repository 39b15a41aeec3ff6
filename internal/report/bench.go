package report

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/bench"
	"shadegrad/internal/mlp"
)

// A BenchFormat is the format in which bench writes to stdout.
type BenchFormat string

// The formats of bench.
const (
	BenchText  BenchFormat = "text"
	BenchLines BenchFormat = "bench" // of Go's benchmarks, for benchstat
	BenchJSON  BenchFormat = "json"
)

// A Rival is a backend that bench compares.
type Rival struct {
	Kind string // cpu or gpu
	Info compute.Info
	Peak float64 // FLOP/s, or 0 if unknown
}

// A Bench writes the measurements of bench.
type Bench struct {
	out      io.Writer
	format   BenchFormat
	network  mlp.Config
	rivals   []Rival
	length   time.Duration // approximate, of a run
	err      error         // the first of writing
	sweep    []sweepRow
	preamble bool // of the lines for benchstat is written
}

// A sweepRow has the images per second of each backend for a batch.
type sweepRow struct {
	batch  int
	images []float64
}

// NewBench returns a report on a network, timed in runs of about the given length.
func NewBench(out io.Writer, f BenchFormat, network mlp.Config, rivals []Rival, length time.Duration) *Bench {
	return &Bench{out: out, format: f, network: network, rivals: rivals, length: length}
}

// Err returns the first error of writing.
func (r *Bench) Err() error { return r.err }

func (r *Bench) keep(err error) {
	if err != nil && r.err == nil {
		r.err = err
	}
}

func (r *Bench) print(format string, args ...any) {
	_, err := fmt.Fprintf(r.out, format, args...)
	r.keep(err)
}

// text prints in the format text alone.
func (r *Bench) text(format string, args ...any) {
	if r.format == BenchText {
		r.print(format, args...)
	}
}

func (r *Bench) object(v any) { r.keep(json.NewEncoder(r.out).Encode(v)) }

// A BenchEvent is a line of -format=json: the step of a backend.
type BenchEvent struct {
	Event           string    `json:"event"` // "step"
	Backend         string    `json:"backend"`
	Device          string    `json:"device"`
	Driver          string    `json:"driver"`
	Network         string    `json:"network"`
	Batch           int       `json:"batch"`
	StepsARun       int       `json:"steps_a_run"`
	Seconds         []float64 `json:"seconds"` // per step, of each run
	Median          float64   `json:"median_seconds"`
	Spread          float64   `json:"spread"` // half of the interquartile range, relative to the median
	ImagesPerSecond float64   `json:"images_per_second"`
	GFlops          float64   `json:"gflops"`
	PeakGFlops      *float64  `json:"peak_gflops"` // null if unknown
}

// Step writes the figures of a step, one for each backend.
func (r *Bench) Step(s bench.Step, figures []bench.Figure) {
	switch r.format {
	case BenchLines:
		r.lines(s, figures)
		return
	case BenchJSON:
		r.objects(s, figures)
		return
	}
	r.print("a training step of %s, %s, batch %d; %d runs of about %d ms per backend, in turn\n\n",
		s.Network, s.TrainingText(), s.Batch, len(figures[0].Seconds), r.length.Milliseconds())
	r.print("%-8s %12s %8s %12s %9s %8s %7s\n", "backend", "step, median", "spread", "images/s", "GFLOP/s", "of peak", "speed")
	for i, f := range figures {
		rate := s.Flops() / f.Median()
		r.print("%-8s %12s %8s %12.0f %9.1f %8s %6.2f×\n", r.rivals[i].Kind, Duration(f.Median()), fmt.Sprintf("±%.1f%%", 100*f.Spread()),
			float64(s.Batch)/f.Median(), rate/1e9, ofPeak(rate, r.rivals[i].Peak), figures[0].Median()/f.Median())
	}
	r.print("\nGFLOP/s count the dense arithmetic; the CPU skips zero pixels and can exceed its peak.\n")
}

// lines writes a line for each run in the format of Go's benchmarks. The backend is a key of the name, by
// which benchstat makes columns.
func (r *Bench) lines(s bench.Step, figures []bench.Figure) {
	if !r.preamble {
		r.preamble = true
		r.print("goos: %s\ngoarch: %s\npkg: shadegrad\n", runtime.GOOS, runtime.GOARCH)
		for _, v := range r.rivals {
			r.print("%s-device: %s, %s\n", v.Kind, v.Info.Device, v.Info.Driver)
		}
	}
	for i, f := range figures {
		for _, seconds := range f.Seconds {
			r.print("BenchmarkTrainStep/network=%s/batch=%d/backend=%s-%d\t%d\t%.1f ns/op\t%.1f images/s\t%.3f GFLOP/s\n",
				s.Network, s.Batch, r.rivals[i].Kind, runtime.GOMAXPROCS(0), f.Steps, seconds*1e9,
				float64(s.Batch)/seconds, s.Flops()/seconds/1e9)
		}
	}
}

// objects writes a JSON object for each backend.
func (r *Bench) objects(s bench.Step, figures []bench.Figure) {
	for i, f := range figures {
		info := r.rivals[i].Info
		e := BenchEvent{"step", info.Backend, info.Device, info.Driver, s.Network.String(), s.Batch, f.Steps, f.Seconds,
			f.Median(), f.Spread(), float64(s.Batch) / f.Median(), s.Flops() / f.Median() / 1e9, nil}
		if peak := r.rivals[i].Peak / 1e9; peak > 0 {
			e.PeakGFlops = &peak
		}
		r.object(e)
	}
}

// BeginSweep writes the head of the table of batches.
func (r *Bench) BeginSweep() {
	r.text("\nimages/s by batch\n\n%8s", "batch")
	for _, v := range r.rivals {
		r.text(" %12s", v.Kind)
	}
	if len(r.rivals) == 2 {
		r.text(" %12s", r.rivals[1].Kind+"/"+r.rivals[0].Kind)
	}
	r.text("\n")
}

// SweepRow writes the figures of a batch.
func (r *Bench) SweepRow(s bench.Step, figures []bench.Figure) {
	row := sweepRow{batch: s.Batch}
	for _, f := range figures {
		row.images = append(row.images, float64(s.Batch)/f.Median())
	}
	r.sweep = append(r.sweep, row)
	if r.format != BenchText {
		r.Step(s, figures)
		return
	}
	r.print("%8d", s.Batch)
	for _, v := range row.images {
		r.print(" %12.0f", v)
	}
	if len(r.rivals) == 2 {
		r.print(" %11.2f×", row.images[1]/row.images[0])
	}
	r.print("\n")
}

// EndSweep names the faster of two backends, and the batches between which that changes.
func (r *Bench) EndSweep() {
	if len(r.rivals) == 2 {
		r.text("\n%s\n", crossovers(r.sweep, r.rivals[0].Kind, r.rivals[1].Kind))
	}
}

// crossovers names the faster of two backends and each batch from which the other one is.
func crossovers(rows []sweepRow, first, second string) string {
	faster := func(row sweepRow) string {
		if row.images[1] > row.images[0] {
			return second
		}
		return first
	}
	var parts []string
	for i, row := range rows {
		switch name := faster(row); {
		case i == 0:
			parts = append(parts, fmt.Sprintf("%s is faster at batch %d", name, row.batch))
		case name != faster(rows[i-1]):
			parts = append(parts, fmt.Sprintf("%s overtakes it between %d and %d", name, rows[i-1].batch, row.batch))
		}
	}
	if len(parts) == 1 {
		return fmt.Sprintf("%s is faster at every batch", faster(rows[0]))
	}
	return strings.Join(parts, "; ")
}

// A TimeEvent is a line of -format=json for -time-to.
type TimeEvent struct {
	Event   string    `json:"event"` // "time-to"
	Backend string    `json:"backend"`
	TestAcc float64   `json:"test_acc"`
	Seeds   int       `json:"seeds"`
	Seconds []float64 `json:"seconds"` // of the seeds that reached it
}

// TimesTo writes the seconds to each accuracy: took has, for each backend and accuracy, those of the seeds
// that reached it.
func (r *Bench) TimesTo(accuracies []float64, took [][][]float64, seeds int) {
	r.text("\nseconds from the start of a process to a test accuracy; median (minimum–maximum) of the seeds that reach it\n\n%-8s", "backend")
	for _, g := range accuracies {
		r.text(" %24s", strconv.FormatFloat(100*g, 'g', 6, 64)+"%")
	}
	r.text("\n")
	for i, v := range r.rivals {
		r.text("%-8s", v.Kind)
		for g, list := range took[i] {
			switch r.format {
			case BenchText:
				r.print(" %24s", timeText(list, seeds))
			case BenchJSON:
				r.object(TimeEvent{"time-to", v.Kind, accuracies[g], seeds, append([]float64{}, list...)})
			case BenchLines:
				for _, s := range list {
					r.print("BenchmarkTimeTo/network=%s/accuracy=%g/backend=%s\t1\t%.0f ns/op\n", r.network, accuracies[g], v.Kind, s*1e9)
				}
			}
		}
		r.text("\n")
	}
}

// timeText formats the seconds of several seeds.
func timeText(list []float64, seeds int) string {
	if len(list) == 0 {
		return fmt.Sprintf("not by any of %d", seeds)
	}
	s := slices.Sorted(slices.Values(list))
	median := (s[(len(s)-1)/2] + s[len(s)/2]) / 2
	text := fmt.Sprintf("%.2f (%.2f–%.2f)", median, s[0], s[len(s)-1])
	if len(list) < seeds {
		text += fmt.Sprintf(", %d of %d", len(list), seeds)
	}
	return text
}
