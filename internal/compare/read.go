// Package compare reads the JSON lines of runs and of measurements, and arranges them for a page.
package compare

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/page"
	"shadegrad/internal/report"
)

const (
	// mostLine bounds the bytes of a line. The longest are those of the outputs for a small set.
	mostLine = 1 << 20
	// mostRuns and mostSteps bound what a page can show.
	mostRuns, mostSteps = 12, 400
	// epochPoints bounds the points of a curve.
	epochPoints = 1000
)

// A run is one of a file, as far as it was read.
type run struct {
	name   string
	start  report.StartEvent
	epochs *page.Series
	clock  float64
	last   report.EpochEvent // with Epoch 0 before the first
	done   *report.EpochEvent
	has    [5]bool // figures besides the training loss: training accuracy, validation loss and accuracy, test loss and accuracy
}

// A reader collects the runs and measurements of files.
type reader struct {
	runs  []*run
	steps []page.Measurement
	times []page.TimeTo
	open  *run // of the file that is being read; nil before its first run and after its end
}

// Read reads the outputs of "train -json" and of "bench -json" from files. An error names the file and the line.
func Read(paths []string) (*page.Comparison, error) {
	var r reader
	for _, path := range paths {
		if err := r.file(path); err != nil {
			return nil, err
		}
	}
	if len(r.runs) > mostRuns || len(r.steps) > mostSteps {
		return nil, fmt.Errorf("%d runs and %d measurements: a page shows at most %d and %d; compare fewer files", len(r.runs), len(r.steps), mostRuns, mostSteps)
	}
	return r.comparison(), nil
}

// file reads a file.
func (r *reader) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	defer f.Close()
	r.open = nil
	lines, n := bufio.NewReaderSize(f, mostLine), 0
	for {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		n++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("more than %d bytes; want a line of \"shadegrad train -json\" or \"bench -json\"", mostLine)
		case err != nil && err != io.EOF:
			err = atomicfile.Cause(err)
		case len(bytes.TrimSpace(line)) == 0:
			err = nil
		default:
			err = r.line(path, line)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if n == 0 {
		return fmt.Errorf("%s: the file is empty; want the output of \"shadegrad train -json\" or \"bench -json\"", path)
	}
	return nil
}

// line reads a line.
func (r *reader) line(path string, line []byte) error {
	var kind struct {
		Event string `json:"event"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && int(syntax.Offset) >= len(bytes.TrimRight(line, "\r\n")) {
			return errors.New("the line is incomplete: its end is missing")
		}
		return fmt.Errorf("not a JSON object: %w", err)
	}
	switch kind.Event {
	case "start":
		return r.start(path, line)
	case "epoch", "done":
		return r.epoch(kind.Event == "done", line)
	case "diagnosis", "outputs", "profile": // the page does not show them
		return nil
	case "step":
		var e report.BenchEvent
		if err := decode(line, &e); err != nil {
			return err
		}
		if e.Batch <= 0 || e.Median < 0 || e.ImagesPerSecond < 0 {
			return fmt.Errorf("damaged: a batch of %d takes %g s", e.Batch, e.Median)
		}
		m := page.Measurement{File: filepath.Base(path), Backend: e.Backend, Device: e.Device, Network: e.Network, Batch: e.Batch,
			Step: page.Number(e.Median), Spread: page.Number(e.Spread), Speed: page.Number(e.ImagesPerSecond), GFlops: page.Number(e.GFlops)}
		if e.PeakGFlops != nil && *e.PeakGFlops > 0 {
			share := page.Number(e.GFlops / *e.PeakGFlops)
			m.Share = &share
		}
		r.steps = append(r.steps, m)
		return nil
	case "time-to":
		var e report.TimeEvent
		if err := decode(line, &e); err != nil {
			return err
		}
		r.times = append(r.times, page.TimeTo{File: filepath.Base(path), Backend: e.Backend, Acc: page.Number(e.TestAcc), Seeds: e.Seeds, Seconds: e.Seconds})
		return nil
	case "":
		return errors.New("an object without \"event\"; want a line of \"shadegrad train -json\" or \"bench -json\"")
	}
	return fmt.Errorf("the event %q is not of \"shadegrad train -json\" or \"bench -json\"", kind.Event)
}

// decode decodes the fields of an event.
func decode(line []byte, event any) error {
	if err := json.Unmarshal(line, event); err != nil {
		return fmt.Errorf("damaged: %w", err)
	}
	return nil
}

// start begins a run, or continues the one that another backend has taken over.
func (r *reader) start(path string, line []byte) error {
	var e report.StartEvent
	if err := decode(line, &e); err != nil {
		return err
	}
	if o := r.open; o != nil && o.done == nil && e.Epoch == o.last.Epoch+1 && e.Network == o.start.Network {
		o.start = e
		return nil
	}
	r.open = &run{name: filepath.Base(path), start: e, epochs: page.NewSeries(8, epochPoints)}
	r.runs = append(r.runs, r.open)
	return nil
}

// epoch adds an epoch to a run, or its end.
func (r *reader) epoch(done bool, line []byte) error {
	var e report.EpochEvent
	if err := decode(line, &e); err != nil {
		return err
	}
	o := r.open
	switch {
	case o == nil:
		return errors.New("an epoch before the \"start\" of its run; the beginning of the output is missing")
	case o.done != nil:
		return errors.New("an event after the end of the run")
	case done:
		o.done = &e
		return nil
	case e.Epoch <= o.last.Epoch:
		return fmt.Errorf("epoch %d follows epoch %d", e.Epoch, o.last.Epoch)
	}
	o.last = e
	o.clock += e.Seconds
	values := []float64{e.TrainLoss}
	for i, v := range []*float64{e.TrainAcc, e.ValLoss, e.ValAcc, e.TestLoss, e.TestAcc} {
		if v == nil {
			values = append(values, 0)
			continue
		}
		o.has[i] = true
		values = append(values, *v)
	}
	o.epochs.Add(float64(e.Epoch), append(values, e.ImagesPerSecond, o.clock)...)
	return nil
}
