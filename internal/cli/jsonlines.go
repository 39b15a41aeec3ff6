package cli

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
	// Options are all settings that decide the outcome.
	Options train.Options `json:"options"`
}

// An epochEvent is the outcome of an epoch, or, with the event "done" and the seconds since
// the process started, of the run: then the figures are those of the epoch whose weights were
// tested and saved. Accuracies are not there for regression, figures of the validation set
// only where there is one, and those of the test set in "done", and with -test=each.
type epochEvent struct {
	Event           string   `json:"event"` // "epoch" or "done"
	Epoch           int      `json:"epoch"` // that has been completed
	TrainLoss       float64  `json:"train_loss"`
	TrainAcc        *float64 `json:"train_acc,omitempty"`
	ValLoss         *float64 `json:"val_loss,omitempty"`
	ValAcc          *float64 `json:"val_acc,omitempty"`
	TestLoss        *float64 `json:"test_loss,omitempty"`
	TestAcc         *float64 `json:"test_acc,omitempty"`
	BestEpoch       int      `json:"best_epoch,omitempty"`    // in "done", with a validation set: the one with the figures
	StoppedEarly    *bool    `json:"stopped_early,omitempty"` // in "done", with -patience
	Seconds         float64  `json:"seconds"`
	EvalSeconds     float64  `json:"eval_seconds"`
	ImagesPerSecond float64  `json:"images_per_second"`
	LearningRate    float64  `json:"lr"`
	Backend         string   `json:"backend"`
	Device          string   `json:"device"`
}

func (r *jsonReporter) begin(c *backends.Choice) { r.textReporter.begin(c) }

func (r *jsonReporter) Started(i compute.Info) {
	r.info = i
	s, o, c := r.state, r.state.Options, r.state.Options.Network
	r.write(startEvent{"start", i.Backend, i.Device, i.Driver, i.Detail, r.why,
		s.Data.Name, s.Data.Samples, s.Data.Width, s.Data.Height, s.Data.Classes,
		c.String(), c.Parameters(), c.Hidden.String(), c.Output.String(), c.Loss.String(), string(c.Init),
		o.Batch, o.Epochs, o.LearningRate, o.Momentum, string(o.Schedule), o.Seed, s.Epoch + 1,
		time.Since(r.started).Seconds(), o})
	r.textReporter.Started(i)
}

// event returns the event of an epoch. tested tells whether the test set was looked at.
func (r *jsonReporter) event(name string, e train.Epoch, seconds float64, tested bool) epochEvent {
	v := epochEvent{Event: name, Epoch: e.Epoch, TrainLoss: e.TrainLoss, Seconds: seconds, EvalSeconds: e.EvalSeconds,
		ImagesPerSecond: e.ImagesPerSecond(), LearningRate: e.LearningRate, Backend: r.info.Backend, Device: r.info.Device}
	o := r.state.Options
	if o.Validates() {
		v.ValLoss, v.ValAcc = &e.ValLoss, &e.ValAcc
	}
	if tested {
		v.TestLoss, v.TestAcc = &e.TestLoss, &e.TestAcc
	}
	if v.TrainAcc = &e.TrainAcc; o.Network.Regression {
		v.TrainAcc, v.ValAcc, v.TestAcc = nil, nil, nil
	}
	return v
}

func (r *jsonReporter) Finished(e train.Epoch) {
	r.textReporter.Finished(e)
	r.write(r.event("epoch", e, e.Seconds, r.state.Options.TestsEach()))
}

func (r *jsonReporter) outputs(o *outputs) { r.write(o) }

func (r *jsonReporter) profile(p compute.Profile) { r.write(newProfileEvent(p)) }

func (r *jsonReporter) done(outcome train.Epoch, seconds float64) error {
	if err := r.textReporter.done(outcome, seconds); err != nil {
		return err
	}
	v := r.event("done", outcome, seconds, true)
	s := r.state
	if v.Epoch = s.Epoch; s.Best != nil {
		v.BestEpoch = outcome.Epoch
	}
	if s.Options.Patience > 0 {
		early := s.StoppedEarly()
		v.StoppedEarly = &early
	}
	r.write(v)
	return r.err
}
