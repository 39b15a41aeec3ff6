package report

import (
	"encoding/json"
	"io"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/train"
)

// JSON writes the results of a run as one JSON object a line, and everything else as Text does.
type JSON struct {
	*Text
	out   *json.Encoder
	err   error                // the first of writing
	since func() time.Duration // the start of the process
}

// NewJSON returns a reporter that writes results to out. It takes over text, whose notes it keeps.
// since returns the time since the start of the process.
func NewJSON(out io.Writer, since func() time.Duration, text *Text) *JSON {
	text.results = io.Discard
	return &JSON{Text: text, out: json.NewEncoder(out), since: since}
}

func (r *JSON) write(v any) {
	if err := r.out.Encode(v); err != nil && r.err == nil {
		r.err = err
	}
}

// A StartEvent is the first line of -json. It is written again if another backend takes over.
type StartEvent struct {
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
	Epoch        int     `json:"epoch"`   // the first to train
	Seconds      float64 `json:"seconds"` // from the start of the process to the first step
	// Options determine the result, together with the data and the device.
	Options train.Options `json:"options"`
}

// An EpochEvent is the outcome of an epoch or, with the event "done" and the seconds since the
// process started, of the run: the figures of the epoch whose weights were tested and saved.
// Regression has no accuracies. Validation figures need a validation set; test figures appear in
// "done" and with -test=each.
type EpochEvent struct {
	Event           string   `json:"event"` // "epoch" or "done"
	Epoch           int      `json:"epoch"` // completed, from 1
	TrainLoss       float64  `json:"train_loss"`
	TrainAcc        *float64 `json:"train_acc,omitempty"`
	ValLoss         *float64 `json:"val_loss,omitempty"`
	ValAcc          *float64 `json:"val_acc,omitempty"`
	TestLoss        *float64 `json:"test_loss,omitempty"`
	TestAcc         *float64 `json:"test_acc,omitempty"`
	BestEpoch       int      `json:"best_epoch,omitempty"`    // in "done", with a validation set: the epoch of the figures
	StoppedEarly    *bool    `json:"stopped_early,omitempty"` // in "done", with -patience
	Seconds         float64  `json:"seconds"`
	EvalSeconds     float64  `json:"eval_seconds"`
	ImagesPerSecond float64  `json:"images_per_second,omitempty"` // omitted if the epoch is too short to be timed
	LearningRate    float64  `json:"lr"`
	Backend         string   `json:"backend"`
	Device          string   `json:"device"`
}

func (r *JSON) Started(i compute.Info) {
	s, o, c := r.state, r.state.Options, r.state.Options.Network
	r.write(StartEvent{"start", i.Backend, i.Device, i.Driver, i.Detail, r.why,
		s.Data.Name, s.Data.Samples, s.Data.Width, s.Data.Height, s.Data.Classes,
		c.String(), c.Parameters(), c.Hidden.String(), c.Output.String(), c.Loss.String(), string(c.Init),
		o.Batch, o.Epochs, o.LearningRate, o.Momentum, string(o.Schedule), o.Seed, s.Epoch + 1,
		r.since().Seconds(), o})
	r.Text.Started(i)
}

// event returns the event of an epoch. tested reports whether it has test figures.
func (r *JSON) event(name string, e train.Epoch, seconds float64, tested bool) EpochEvent {
	v := EpochEvent{Event: name, Epoch: e.Epoch, TrainLoss: e.TrainLoss, Seconds: seconds, EvalSeconds: e.EvalSeconds,
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

func (r *JSON) Finished(e train.Epoch) {
	r.Text.Finished(e)
	r.write(r.event("epoch", e, e.Seconds, r.state.Options.TestsEach()))
}

func (r *JSON) Outputs(o *Outputs) { r.write(o) }

func (r *JSON) Profile(p compute.Profile) { r.write(newProfileEvent(p)) }

func (r *JSON) Done(outcome train.Epoch, seconds float64) error {
	if err := r.Text.Done(outcome, seconds); err != nil {
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
