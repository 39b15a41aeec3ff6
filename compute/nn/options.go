package nn

import (
	"errors"
	"fmt"
	"time"

	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// A Backend selects the device that trains.
type Backend string

// The backends.
const (
	// Auto, the default, is the GPU if it computes correctly and is faster than the CPU for this network, else the CPU. If the
	// GPU fails, the CPU continues from the last complete epoch.
	Auto Backend = "auto"
	GPU  Backend = "gpu" // also software OpenGL
	CPU  Backend = "cpu"
)

// Options configure a training run. A zero field has the default of the command's flag, so the zero Options train as
// "shadegrad train" does.
type Options struct {
	Hidden       []int   // units of each hidden layer; an empty list that is not nil means no hidden layer
	Epochs       int     // number of passes over the training set
	Batch        int     // samples per step
	LearningRate float64 // the maximum of the schedule
	Seed         uint64  // of all random numbers; the same seed gives the same network

	// Flags has further flags of "shadegrad train" that determine the result of a run, such as "-preset=simard2003",
	// "-dropout=0.2", "-validation=5000", "-augment=elastic", or "-standardise" and "-label=species" for the data. The
	// command "shadegrad train -h" lists them. The fields above override them.
	Flags []string

	Backend Backend
	// Progress, if not nil, is called after each epoch, on the goroutine that called Train.
	Progress func(Epoch)
}

// An Epoch has the results of one pass over the training set. Accuracies are fractions, and 0 for regression.
type Epoch struct {
	Epoch              int // from 1
	Epochs             int // of the run
	Loss               float64
	Accuracy           float64 // before the update of each step
	ValidationLoss     float64 // 0 without a validation set
	ValidationAccuracy float64
	Samples            int           // trained on
	Duration           time.Duration // without the validation
}

// An OptionError reports options that are wrong, contradict each other, or do not suit the data. The message names the flags of
// the command: -hidden for Hidden, -lr for LearningRate, and so on.
type OptionError struct{ Err error }

func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }

// A DivergedError reports that the loss, a weight or another quantity of training is not finite. A lower learning rate often
// helps.
type DivergedError struct {
	Epoch        int     // from 1
	Step         int     // within the epoch, from 1; 0 if no step is at fault
	Layer        int     // the first layer that is not finite, from 1; 0 if it is the loss of a whole set
	LearningRate float64 // of the step
	Err          error   // says what is not finite
}

func (e *DivergedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *DivergedError) Unwrap() error { return e.Err }

// args returns the options as flags of the command.
func (o Options) args() []string {
	args := append([]string(nil), o.Flags...)
	add := func(name string, set bool, value any) {
		if set {
			args = append(args, fmt.Sprintf("-%s=%v", name, value))
		}
	}
	add("hidden", o.Hidden != nil, recipe.ShowSizes(o.Hidden))
	add("epochs", o.Epochs != 0, o.Epochs)
	add("batch", o.Batch != 0, o.Batch)
	add("lr", o.LearningRate != 0, o.LearningRate)
	add("seed", o.Seed != 0, o.Seed)
	return args
}

// A plan is the recipe of a run and the flags that made it.
type plan struct {
	recipe.Recipe
	given func(name string) bool
	table []*flags.Flag
}

// plan returns the recipe of the options.
func (o Options) plan() (*plan, error) {
	p := &plan{Recipe: recipe.Default()}
	p.table = p.Recipe.Flags()
	set := flags.NewSet("train", p.table)
	p.given = set.Given
	err := set.Parse(o.args())
	if err == nil {
		err = set.NoArgs()
	}
	if err == nil {
		err = p.Check()
	}
	if o.Backend != "" && o.Backend != Auto && o.Backend != CPU && o.Backend != GPU {
		err = fmt.Errorf("unknown backend %q; want %q, %q or %q", o.Backend, Auto, GPU, CPU)
	}
	return p, p.wrong(err)
}

// failed returns an error of a run.
func (p *plan) failed(err error) error {
	var field *mlp.FieldError
	var diverged *train.DivergedError
	switch {
	case errors.As(err, &field):
		return p.wrong(err)
	case errors.As(err, &diverged):
		return &DivergedError{diverged.Epoch, diverged.Step, diverged.Layer, diverged.LearningRate, err}
	}
	return err
}

// wrong returns an error about options as an *OptionError, and nil for nil.
func (p *plan) wrong(err error) error {
	if err == nil {
		return nil
	}
	return &OptionError{recipe.Explain(p.table, err)}
}
