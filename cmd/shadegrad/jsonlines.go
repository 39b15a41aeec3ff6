package main

import (
	"encoding/json"
	"io"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/train"
)

// jsonReporter writes results as JSON, an object a line, and leaves the rest to
// the text reporter.
type jsonReporter struct {
	*textReporter
	out     *json.Encoder
	err     error // the first that writing gave
	info    compute.Info
	started time.Time // the process
}

func (a *app) jsonReporter(s *train.State, text *textReporter) *jsonReporter {
	text.results = io.Discard
	return &jsonReporter{textReporter: text, out: json.NewEncoder(a.stdout), started: a.started}
}

func (r *jsonReporter) write(v any) {
	if err := r.out.Encode(v); err != nil && r.err == nil {
		r.err = err
	}
}

// A startEvent is the first line, and comes again if another backend takes over.
type startEvent struct {
	Event        string  `json:"event"` // "start"
	Backend      string  `json:"backend"`
	Device       string  `json:"device"`
	Driver       string  `json:"driver"`
	Detail       string  `json:"detail"`
	Why          string  `json:"why"`
	Data         string  `json:"data"`
	TrainImages  int     `json:"train_images"`
	Width        int     `json:"width"`
	Height       int     `json:"height"`
	Classes      int     `json:"classes"`
	Network      string  `json:"network"`
	Parameters   int     `json:"parameters"`
	Activation   string  `json:"act"`
	Output       string  `json:"output"`
	Loss         string  `json:"loss"`
	Init         string  `json:"init"`
	Batch        int     `json:"batch"`
	Epochs       int     `json:"epochs"`
	LearningRate float64 `json:"lr"`
	Momentum     float64 `json:"momentum"`
	Schedule     string  `json:"schedule"`
	Seed         uint64  `json:"seed"`
	Epoch        int     `json:"epoch"`   // the one to begin with
	Seconds      float64 `json:"seconds"` // from the start of the process to the first step
}

// An epochEvent is the outcome of an epoch, or, with the event "done" and the
// seconds since the process started, of the run.
type epochEvent struct {
	Event           string  `json:"event"` // "epoch" or "done"
	Epoch           int     `json:"epoch"`
	TrainLoss       float64 `json:"train_loss"`
	TrainAcc        float64 `json:"train_acc"`
	TestLoss        float64 `json:"test_loss"`
	TestAcc         float64 `json:"test_acc"`
	Seconds         float64 `json:"seconds"`
	EvalSeconds     float64 `json:"eval_seconds"`
	ImagesPerSecond float64 `json:"images_per_second"`
	LearningRate    float64 `json:"lr"`
	Backend         string  `json:"backend"`
	Device          string  `json:"device"`
}

func (r *jsonReporter) begin(c *backends.Choice) { r.textReporter.begin(c) }

func (r *jsonReporter) Started(i compute.Info) {
	r.info = i
	s, o, c := r.state, r.state.Options, r.state.Options.Network
	r.write(startEvent{"start", i.Backend, i.Device, i.Driver, i.Detail, r.why,
		s.Data.Name, s.Data.Samples, s.Data.Width, s.Data.Height, s.Data.Classes,
		c.String(), c.Parameters(), c.Hidden.String(), c.Output.String(), c.Loss.String(), string(c.Init),
		o.Batch, o.Epochs, o.LearningRate, o.Momentum, string(o.Schedule), o.Seed, s.Epoch + 1,
		time.Since(r.started).Seconds()})
	r.textReporter.Started(i)
}

func (r *jsonReporter) event(name string, e train.Epoch, seconds float64) epochEvent {
	return epochEvent{name, e.Epoch, e.TrainLoss, e.TrainAcc, e.TestLoss, e.TestAcc,
		seconds, e.EvalSeconds, e.ImagesPerSecond(), e.LearningRate, r.info.Backend, r.info.Device}
}

func (r *jsonReporter) Finished(e train.Epoch) {
	r.textReporter.Finished(e)
	r.write(r.event("epoch", e, e.Seconds))
}

func (r *jsonReporter) profile(p compute.Profile) { r.write(newProfileEvent(p)) }

func (r *jsonReporter) done(last train.Epoch, seconds float64) error {
	r.write(r.event("done", last, seconds))
	return r.err
}
