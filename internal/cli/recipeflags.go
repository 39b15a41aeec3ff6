package cli

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// flags declares the flags of a recipe.
func (r *recipe) flags(fs *flag.FlagSet) {
	r.networkFlags(fs)
	r.lossFlags(fs)
	r.optimizerFlags(fs)
	r.scheduleFlags(fs)
	r.regularisationFlags(fs)
	fs.Var(setting[mlp.Augment]{&r.Training.Augment, parseAugment, showAugment}, "augment",
		"distort the training images, each anew in each epoch; `HOW` is elastic, affine, simard,\nciresan or none, or parts such as sigma=5..6,alpha=36..38,rotation=15,scaling=0.15,\nshear=0.2,shift=1,calm=1+7 (classes that turn half as much: those\nof digits in affine and ciresan; or none), or a name with parts after it;\n\"shadegrad digits -augment=HOW\" shows the outcome")
	fs.Var(setting[choice[span]]{&r.pixels, chosen(pixelSpan), showChoice[span]}, "pixels", "what black and white are for the network, `FROM..TO` (default 0..1)")
	r.stoppingFlags(fs)
	fs.Var(setting[uint64]{&r.Seed, seed, nil}, "seed", "of all that is random, `N`: first weights, shuffles, dropout, distortions, the validation\nset; the same seed gives the same run")
}

func (r *recipe) networkFlags(fs *flag.FlagSet) {
	fs.Var(setting[[]int]{&r.hidden, sizes, showSizes}, "hidden", "`SIZES` of the hidden layers, separated by commas; empty for none")
	fs.Var(setting[compute.Activation]{&r.Network.Hidden, hiddenActivation, nil}, "act", "activation of the hidden layers, `NAME`: "+hiddenActivations())
	fs.Var(setting[choice[compute.Activation]]{&r.output, chosen(names(compute.ParseActivation, outputActivations)), showChoice[compute.Activation]}, "output",
		"activation of the outputs, `NAME`: softmax, sigmoid, tanh, relu, identity, scaled-tanh or\nleaky-relu (default softmax for cross-entropy, identity for targets that are numbers,\nelse sigmoid)")
	fs.Var(setting[int]{&r.outputs, oneOutput, showSome}, "outputs", "`N` is 1 for a single output that tells two classes apart (default one for each class)")
	fs.Var(setting[choice[weights]]{&r.init, chosen(parseWeights), showChoice[weights]}, "init",
		"first weights, `NAME`: he, xavier, inputs (deviation 1/√inputs), units (1/√units), normal\n(deviation 1; normal:S has S) or uniform (±½; uniform:A has ±A) (default he for relu and\nleaky-relu, inputs for scaled-tanh, else xavier)")
	fs.BoolVar(&r.Network.NoBias, "no-bias", r.Network.NoBias, "leave the biases out")
	fs.BoolVar(&r.Network.ZeroBiases, "zero-biases", r.Network.ZeroBiases, "biases begin at 0 with -init=normal and -init=uniform too; with others they do anyway")
}

func (r *recipe) lossFlags(fs *flag.FlagSet) {
	fs.Var(setting[choice[lossName]]{&r.loss, chosen(oneOf(losses()...)), showChoice[lossName]}, "loss",
		"what is minimised, `NAME`: cross-entropy, or the squared error, of which mse is the mean\nover the outputs, sse the sum and half-sse half of that (default cross-entropy, and mse\nfor targets that are numbers)")
	fs.Var(setting[choice[span]]{&r.targets, chosen(spanOf), showChoice[span]}, "targets", "what an output is to be, `OFF..ON`, for another class and for its own (default 0..1)")
	fs.Var(setting[float64]{&r.smoothing, number(func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"), showNonzero[float64]}, "smoothing",
		"label smoothing: of n classes the right one's target is 1-`E`+E/n, the others' E/n")
	fs.Var(setting[gradientName]{&r.gradient, oneOf(gradientMean, gradientSum), nil}, "gradient", "`HOW` the gradients of a batch's samples are put together: mean or sum")
}

func (r *recipe) optimizerFlags(fs *flag.FlagSet) {
	fs.Var(setting[optimizerName]{&r.optimizer, oneOf(optimizers()...), nil}, "optimizer", "`NAME` of the rule of descent: sgd, nesterov, rmsprop, adam or adamw")
	fs.Var(setting[choice[float64]]{&r.lr, chosen(number(above0, "a number above 0")), showChoice[float64]}, "lr",
		"learning `RATE`, the highest of the schedule (default 0.001 for rmsprop, adam and adamw;\nelse what suits a batch of N and a momentum of M: (1-M)·N/64, N up to 256 and at most 1;\nfor the squared error N up to 64, and of that 8 times as much if the outputs are sigmoid\nor softmax, or 1/50 for targets that are numbers; divided by N for -gradient=sum, and by\nwhat makes -loss=sse larger than mse)")
	fs.Var(setting[choice[float64]]{&r.momentum, chosen(number(below1, "at least 0 and below 1")), showChoice[float64]},
		"momentum", "share of a step, `M`, that goes into the next one; β1 of adam (default 0.9, but for sgd 0\nfor the squared error and for batches below 8; rmsprop has none)")
	fs.Var(setting[choice[float32]]{&r.rho, chosen(number32(func(v float64) bool { return v > 0 && float32(v) < 1 }, "above 0 and below 1")), showChoice[float32]},
		"rho", "share `R` of the running mean of squared gradients that is kept in each step; β2 of adam\n(default 0.9 for rmsprop, 0.999 for adam and adamw)")
	fs.Var(setting[choice[float32]]{&r.epsilon, chosen(number32(above0, "a number above 0")), showChoice[float32]},
		"epsilon", "`E`, added to the root of that mean, so that nothing is divided by 0 (default 1e-7 for\nrmsprop, 1e-8 for adam and adamw)")
	fs.Var(setting[int]{&r.Batch, whole(0, "1 or more, or 0 for the whole set"), nil}, "batch", "samples a step, `N`; 1 is one at a time, 0 the whole set")
	fs.Var(setting[int]{&r.Epochs, whole(1, "1 or more"), nil}, "epochs", "passes over the training set, `N`")
	fs.Var(setting[float32]{&r.Training.Clip, number32(above0, "a number above 0"), showNonzero[float32]}, "clip", "scale a gradient down whose norm over all parameters is above `NORM`")
	fs.Var(setting[float32]{&r.Training.Average, number32(below1, "at least 0 and below 1"), showNonzero[float32]}, "average",
		"test and save a moving average of the weights, of which `D` stays in each step, such as\n0.999; early in a run it reaches less far back")
}

func (r *recipe) scheduleFlags(fs *flag.FlagSet) {
	notNegative := number(func(v float64) bool { return v >= 0 && v <= math.MaxFloat32 }, "a number of at least 0")
	fs.Var(setting[train.Schedule]{&r.Schedule, oneOf(train.Schedules()...), nil}, "schedule", "of the learning rate, `NAME`: onecycle, constant, step, exponential, linear or cosine")
	fs.Var(setting[float64]{&r.RateEnd, notNegative, showNonzero[float64]}, "lr-end", "the last `RATE` of linear, cosine and exponential (default 0; exponential needs it or -decay)")
	fs.Var(setting[float64]{&r.Decay, number(func(v float64) bool { return v > 0 && v <= 1 }, "above 0 and at most 1"), showNonzero[float64]}, "decay",
		"what step and exponential multiply the rate by, `D`, after each epoch")
	fs.Var(setting[int]{&r.DecayEvery, whole(1, "1 or more"), showSome}, "decay-every", "multiply by -decay once in `N` epochs: step after every N of them, exponential in equal\nparts after each (default 1)")
	fs.Var(setting[float64]{&r.Warmup, notNegative, showNonzero[float64]}, "warmup", "raise the rate in a straight line over the first `EPOCHS`, such as 0.5 or 2")
	fs.Var(setting[float64]{&r.MomentumEnd, number(below1, "at least 0 and below 1"), showNonzero[float64]}, "momentum-end", "the momentum to come to, `M`; needs -momentum-epochs or -cycle-momentum, which say when")
	fs.Var(setting[int]{&r.MomentumEpochs, whole(1, "1 or more"), showSome}, "momentum-epochs", "reach -momentum-end after `N` epochs, in equal steps")
	fs.BoolVar(&r.CycleMomentum, "cycle-momentum", r.CycleMomentum, "with onecycle: the momentum falls to -momentum-end while the rate rises, and comes back")
	fs.BoolVar(&r.Dampen, "dampen", r.Dampen, "multiply each step's rate by 1-M, M the momentum, which then does not lengthen the steps")
}

func (r *recipe) regularisationFlags(fs *flag.FlagSet) {
	penalty := func(dst *float32, name, usage string) {
		fs.Var(setting[float32]{dst, number32(func(v float64) bool { return v >= 0 }, "a number of at least 0"), showNonzero[float32]}, name, usage)
	}
	penalty(&r.Training.L2, "l2", "add `L`/2·Σw² of all weights to the loss")
	penalty(&r.Training.L1, "l1", "add `L`·Σ|w| of all weights to the loss")
	fs.Var(setting[choice[float32]]{&r.weightDecay, chosen(number32(func(v float64) bool { return v >= 0 }, "a number of at least 0")), showChoice[float32]},
		"weight-decay", "take `D`·rate of each weight away in each step, apart from the gradient (default 0.01 for\nadamw, else 0)")
	// One that rounds to 0 would bound nothing.
	bound := number32(func(v float64) bool { return v == 0 || float32(v) > 0 }, "0, for no bound, or a number of at least 1e-45")
	fs.Var(setting[float32]{&r.Training.MaxNorm, bound, showNonzero[float32]}, "max-norm", "upper bound `C` of the sum of the squared weights into each unit")
	fs.Var(setting[float32]{&r.Training.Drop, number32(below1, "at least 0 and below 1"), showNonzero[float32]}, "dropout", "`SHARE` of each hidden layer's outputs that is left out, at random, while training")
	fs.Var(setting[float32]{&r.Training.DropInput, number32(below1, "at least 0 and below 1"), showNonzero[float32]}, "dropout-input", "`SHARE` of the inputs that is left out")
}

func (r *recipe) stoppingFlags(fs *flag.FlagSet) {
	fs.Var(setting[int]{&r.Validation, validation, showValidation}, "validation", "set `N` training samples aside, in proportion to the classes; the weights of the epoch that\nis the best on them are tested and saved. With training, that is the epoch that is the\nbest on the whole training set, as it is without distortions and dropout")
	fs.Var(setting[int]{&r.Patience, whole(0, "0 or more"), showSome}, "patience", "stop once `N` epochs in a row have brought nothing better on the validation set")
	fs.Var(setting[float64]{&r.MinDelta, number(func(v float64) bool { return v >= 0 && v <= math.MaxFloat32 }, "a number of at least 0"), showNonzero[float64]}, "min-delta", "how much better counts as better, `D`: in accuracy (0.001 is 0.1 percentage points), for\nregression in loss")
	fs.Var(setting[train.TestPolicy]{&r.Test, oneOf(train.TestPolicies()...), nil}, "test", "`WHEN` to look at the test set: end (once, at the end) or each (after each epoch as well)")
}

// validation reads how many samples are for validation.
func validation(s string) (int, error) {
	if s == "training" {
		return dataset.TrainingItself, nil
	}
	return whole(0, "0 or more, or training")(s)
}

func showValidation(n int) string {
	if n == dataset.TrainingItself {
		return "training"
	}
	return showSome(n)
}

func above0(v float64) bool { return v > 0 && float32(v) > 0 && v <= math.MaxFloat32 }
func below1(v float64) bool { return v >= 0 && float32(v) < 1 }

// number32 reads a number that is kept as a float32.
func number32(ok func(float64) bool, allowed string) func(string) (float32, error) {
	read := number(func(v float64) bool { return v <= math.MaxFloat32 && ok(v) }, allowed)
	return func(s string) (float32, error) {
		v, err := read(s)
		return float32(v), err
	}
}

// showNonzero writes a number for the list of flags, where 0 is not to be given.
func showNonzero[T float32 | float64](v T) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprint(v)
}

// showSome is showNonzero for whole numbers.
func showSome(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// oneOutput reads the number of outputs that can be asked for.
func oneOutput(s string) (int, error) {
	if s != "1" {
		return 0, errors.New("must be 1; without it there is one for each class")
	}
	return 1, nil
}

const outputActivations = "softmax, sigmoid, tanh, relu, identity, scaled-tanh or leaky-relu"

// hiddenActivations lists what -act takes.
func hiddenActivations() string {
	return "relu, sigmoid, tanh, identity, scaled-tanh\nor leaky-relu"
}

// names reads one of several values by the parser of its type, whose message is
// not written for flags.
func names[T any](parse func(string) (T, error), allowed string) func(string) (T, error) {
	return func(s string) (T, error) {
		v, err := parse(s)
		if err != nil {
			return v, errors.New("must be " + allowed)
		}
		return v, nil
	}
}

func hiddenActivation(s string) (compute.Activation, error) {
	f, err := compute.ParseActivation(s)
	if err != nil || f == compute.Softmax {
		return 0, errors.New("must be " + strings.ReplaceAll(hiddenActivations(), "\n", " "))
	}
	return f, nil
}

// chosen reads a choice with the reader of its value.
func chosen[T any](parse func(string) (T, error)) func(string) (choice[T], error) {
	return func(s string) (choice[T], error) {
		v, err := parse(s)
		return choice[T]{true, v}, err
	}
}

// showChoice writes a choice for the list of flags.
func showChoice[T any](c choice[T]) string {
	if !c.set {
		return ""
	}
	return fmt.Sprint(c.value)
}
