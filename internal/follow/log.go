package follow

import (
	"errors"
	"fmt"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/digit"
	"shadegrad/internal/report"
	"shadegrad/internal/tensorboard"
	"shadegrad/internal/train"
)

// A Log is a reporter that also writes what it shows to an event file of TensorBoard.
type Log struct {
	report.Reporter
	state  *train.State
	log    *tensorboard.Writer
	scores func() (*train.Scores, error) // on the test set, at the end
	failed bool
}

// weightPictures is the number of units whose weights an event file shows, and their number in a row.
const weightPictures, weightsInRow = 64, 8

// NewLog returns a reporter that also writes to a new event file in a directory. scores returns the results on the test set.
// The error is the cause, without the name of the directory.
func NewLog(dir string, show report.Reporter, state *train.State, scores func() (*train.Scores, error)) (*Log, error) {
	w, err := tensorboard.Create(dir)
	if err != nil {
		return nil, atomicfile.Cause(err)
	}
	return &Log{Reporter: show, state: state, log: w, scores: scores}, nil
}

func (r *Log) Finished(e train.Epoch) {
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
		r.log.Image(e.Epoch, "weights/first_layer", digit.Weights(r.state.Values[0], d.Width, d.Height, weightPictures, weightsInRow).Picture())
	}
	r.warn()
}

// figures names the loss and, unless the network is for regression, the accuracy on a set.
func (r *Log) figures(set string, loss, acc float64) []tensorboard.Scalar {
	list := []tensorboard.Scalar{{Tag: "loss/" + set, Value: loss}}
	if !r.state.Options.Network.Regression {
		list = append(list, tensorboard.Scalar{Tag: "accuracy/" + set, Value: acc})
	}
	return list
}

func (r *Log) Done(outcome train.Epoch, seconds float64) error {
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
func (r *Log) warn() {
	if err := r.log.Err(); err != nil && !r.failed {
		r.failed = true
		r.Note(r.problem(err).Error() + "; the run continues without it")
	}
}

func (r *Log) problem(err error) error {
	return fmt.Errorf("%s: cannot write: %w", r.log.Name(), atomicfile.Cause(err))
}

// Close closes the file. A run whose file is incomplete fails, after everything else was saved.
func (r *Log) Close() error {
	if err := r.log.Close(); err != nil {
		if first := r.log.Err(); first != nil {
			err = first
		}
		return errors.New(r.problem(err).Error() + "; the file ends before the run")
	}
	return nil
}
