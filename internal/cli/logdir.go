package cli

import (
	"errors"
	"fmt"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/tensorboard"
	"shadegrad/internal/train"
)

// A logged reporter also writes what it shows to an event file of TensorBoard.
type logged struct {
	report.Reporter
	state  *train.State
	log    *tensorboard.Writer
	scores func() (*train.Scores, error) // on the test set, at the end
	failed bool
}

// weightPictures is the number of units whose weights an event file shows, and their number in a row.
const weightPictures, weightsInRow = 64, 8

// startLog returns a reporter that also writes to -logdir, and a function that closes the file. Without -logdir they are
// show and one that does nothing.
func (s *settings) startLog(show report.Reporter, state *train.State, scores func() (*train.Scores, error)) (report.Reporter, func() error, error) {
	if s.logdir == "" {
		return show, func() error { return nil }, nil
	}
	w, err := tensorboard.Create(s.logdir)
	if err != nil {
		return nil, nil, fmt.Errorf("-logdir=%s: cannot write: %w; nothing was trained; name a directory that can be written",
			s.logdir, atomicfile.Cause(err))
	}
	r := &logged{Reporter: show, state: state, log: w, scores: scores}
	return r, r.close, nil
}

func (r *logged) Finished(e train.Epoch) {
	r.Reporter.Finished(e)
	o := r.state.Options
	list := r.figures("train", e.TrainLoss, e.TrainAcc)
	if o.Validates() {
		list = append(list, r.figures("validation", e.ValLoss, e.ValAcc)...)
	}
	if o.TestsEach() {
		list = append(list, r.figures("test", e.TestLoss, e.TestAcc)...)
	}
	list = append(list, tensorboard.Scalar{Tag: "learning_rate", Value: e.LearningRate}, tensorboard.Scalar{Tag: "seconds/train", Value: e.Seconds},
		tensorboard.Scalar{Tag: "seconds/evaluation", Value: e.EvalSeconds})
	if rate := e.ImagesPerSecond(); rate > 0 {
		list = append(list, tensorboard.Scalar{Tag: "images_per_second", Value: rate})
	}
	r.log.Scalars(e.Epoch, list...)
	if d := r.state.Data; !d.Numbers && d.Height > 1 {
		m := &model.Model{Network: o.Network, Width: d.Width, Height: d.Height, Values: r.state.Values}
		r.log.Image(e.Epoch, "weights/first_layer", weightSheet(m, weightPictures, weightsInRow).Picture())
	}
	r.warn()
}

// figures names the loss and, unless the network is for regression, the accuracy on a set.
func (r *logged) figures(set string, loss, acc float64) []tensorboard.Scalar {
	list := []tensorboard.Scalar{{Tag: "loss/" + set, Value: loss}}
	if !r.state.Options.Network.Regression {
		list = append(list, tensorboard.Scalar{Tag: "accuracy/" + set, Value: acc})
	}
	return list
}

func (r *logged) Done(outcome train.Epoch, seconds float64) error {
	if err := r.Reporter.Done(outcome, seconds); err != nil {
		return err
	}
	if !r.state.Options.TestsEach() {
		r.log.Scalars(outcome.Epoch, r.figures("test", outcome.TestLoss, outcome.TestAcc)...)
	}
	if s, err := r.scores(); err != nil {
		r.Note("no confusion matrix: " + err.Error())
	} else if s.Confusion != nil {
		r.log.Image(outcome.Epoch, "confusion/test", tensorboard.Confusion(s.Confusion))
	}
	r.warn()
	return nil
}

// warn reports the first error of writing. The run continues.
func (r *logged) warn() {
	if err := r.log.Err(); err != nil && !r.failed {
		r.failed = true
		r.Note(r.problem(err).Error() + "; the run continues without it")
	}
}

func (r *logged) problem(err error) error {
	return fmt.Errorf("%s: cannot write: %w", r.log.Name(), atomicfile.Cause(err))
}

// close closes the file. A run whose file is incomplete fails, after everything else was saved.
func (r *logged) close() error {
	if err := r.log.Close(); err != nil {
		if first := r.log.Err(); first != nil {
			err = first
		}
		return errors.New(r.problem(err).Error() + "; the file ends before the run")
	}
	return nil
}
