package recipe

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// The topics of the flags.
const (
	topicPreset         = "preset"
	topicNetwork        = "network"
	topicLoss           = "loss"
	topicOptimiser      = "optimiser"
	topicSchedule       = "schedule"
	topicRegularisation = "regularisation"
	topicData           = "data"
	topicAugmentation   = "augmentation"
	topicValidation     = "validation"
)

// Topics are those of the flags that a search can vary, except -epochs, -seed and -outputs.
const Topics = topicNetwork + " " + topicLoss + " " + topicOptimiser + " " + topicSchedule + " " + topicRegularisation + " " + topicAugmentation

// commands have the flags of a recipe.
const commands = "train tune gradcheck network bench"

// Flags returns the rows of the flags that set r.
func (r *Recipe) Flags() []*flags.Flag {
	t := &r.Training
	rows := []*flags.Flag{
		{Name: "preset", Topic: topicPreset, Commands: "train tune gradcheck network", Arg: "NAME", Choices: PresetNames(),
			Value: flags.Of(&r.Preset, presetName), Without: "resume", Why: "the checkpoint has the recipe",
			Expand: func(name string) []flags.Assignment { p, _ := FindPreset(name); return p.Flags },
			Help:   `recipe of a tutorial or a paper, which other flags change; "shadegrad presets" lists them`},

		{Name: "hidden", Topic: topicNetwork, Arg: "SIZES", Fields: "Network.Sizes", Value: flags.Var(&r.Hidden, sizes, ShowSizes),
			Help: "units of each hidden layer, separated by commas; empty for none"},
		{Name: "act", Topic: topicNetwork, Arg: "NAME", Fields: "Network.Hidden", Choices: flags.Names(hiddenActivations),
			Value: flags.Of(&r.Network.Hidden, activation(hiddenActivations)),
			Help:  "activation of the hidden layers: " + alternatives(hiddenActivations)},
		{Name: "output", Topic: topicNetwork, Arg: "NAME", Fields: "Network.Output", Choices: flags.Names(outputActivations),
			Value: flags.Of(&r.output, chosen(activation(outputActivations))), Help: "activation of the outputs: " + alternatives(outputActivations),
			Default: "softmax for cross-entropy, identity for numeric targets, else sigmoid"},
		{Name: "outputs", Topic: topicNetwork, Arg: "N", Value: flags.Optional(&r.outputs, oneOutput), Default: "one per class",
			Help: "1 for a single output that separates two classes"},
		{Name: "init", Topic: topicNetwork, Arg: "NAME", Fields: "Network.Init Network.InitScale", Choices: flags.Names(mlp.Inits()),
			Value: flags.Of(&r.init, chosen(parseWeights)), Default: "he for relu and leaky-relu, inputs for scaled-tanh, else xavier",
			Help: "initial weights: he, xavier, inputs (deviation 1/√inputs), units (1/√units), normal (deviation 1; normal:S for S) or uniform (±0.5; uniform:A for ±A)"},
		{Name: "no-bias", Topic: topicNetwork, Fields: "Network.NoBias", Value: flags.Switch(&r.Network.NoBias), Help: "omit the biases"},
		{Name: "zero-biases", Topic: topicNetwork, Fields: "Network.ZeroBiases", Value: flags.Switch(&r.Network.ZeroBiases),
			Help: "initialise biases to 0 with -init=normal and -init=uniform too; the others always do"},

		{Name: "loss", Topic: topicLoss, Arg: "NAME", Fields: "Network.Loss Network.Reduction", Choices: flags.Names(losses()),
			Value: flags.Of(&r.loss, chosen(flags.OneOf(losses()...))), Default: "cross-entropy; mse for numeric targets",
			Help: "loss function: cross-entropy, mse (mean over outputs), sse (sum) or half-sse"},
		{Name: "targets", Topic: topicLoss, Arg: "OFF..ON", Value: flags.Of(&r.targets, chosen(spanOf)), Default: "0..1",
			Help: "target of an output for the other classes and for its own class"},
		{Name: "smoothing", Topic: topicLoss, Arg: "E", Value: flags.Optional(&r.smoothing, Number),
			Help: "label smoothing: with n classes the target is 1-E+E/n for the sample's class and E/n for the others"},
		{Name: "gradient", Topic: topicLoss, Arg: "HOW", Choices: []string{"mean", "sum"}, Value: flags.Of(&r.gradient, flags.OneOf(gradientMean, gradientSum)),
			Help: "reduce per-sample gradients by mean or sum"},

		{Name: "optimizer", Topic: topicOptimiser, Arg: "NAME", Fields: "Training.Rule", Choices: flags.Names(optimizers()),
			Value: flags.Of(&r.optimizer, flags.OneOf(optimizers()...)), Help: "sgd, nesterov, rmsprop, adam or adamw"},
		{Name: "lr", Topic: topicOptimiser, Arg: "RATE", Fields: "LearningRate", Value: flags.Of(&r.lr, chosen(Number)),
			Help: "learning rate, the maximum of the schedule",
			Default: "0.001 for rmsprop, adam and adamw; else (1-M)·N/64, at most 1, for a momentum M and a batch N (at most 256; for the " +
				"squared error 64); for the squared error times 8 with sigmoid or softmax outputs and times 1/50 with numeric targets; " +
				"divided by N for -gradient=sum, and by sse/mse for -loss=sse"},
		{Name: "momentum", Topic: topicOptimiser, Arg: "M", Fields: "Momentum", Value: flags.Of(&r.momentum, chosen(Number)),
			Help: "momentum; β1 of adam", Default: "0.9; for sgd 0 with the squared error or a batch below 8; none for rmsprop"},
		{Name: "rho", Topic: topicOptimiser, Arg: "R", Fields: "Training.Rho", Value: flags.Of(&r.rho, chosen(nonzero(number32, "a number above 0 and below 1"))),
			Help: "decay of the running mean of squared gradients; β2 of adam", Default: "0.9 for rmsprop, 0.999 for adam and adamw"},
		{Name: "epsilon", Topic: topicOptimiser, Arg: "E", Fields: "Training.Epsilon", Value: flags.Of(&r.epsilon, chosen(nonzero(number32, "a number above 0"))),
			Help: "added to the root of that mean, against a division by 0", Default: "1e-7 for rmsprop, 1e-8 for adam and adamw"},
		{Name: "batch", Topic: topicOptimiser, Arg: "N", Fields: "Batch", Value: flags.Of(&r.Batch, whole), Help: "samples per step; 0 for the whole set"},
		{Name: "epochs", Topic: topicOptimiser, Arg: "N", Fields: "Epochs", Value: flags.Of(&r.Epochs, whole), Help: "number of passes over the training set"},
		{Name: "clip", Topic: topicOptimiser, Arg: "NORM", Fields: "Training.Clip", Value: flags.Optional(&t.Clip, nonzero(number32, "a number above 0")),
			Help: "scale down a gradient whose norm over all parameters is above NORM"},
		{Name: "average", Topic: topicOptimiser, Arg: "D", Fields: "Training.Average", Value: flags.Optional(&t.Average, number32),
			Help: "test and save a moving average of the weights with decay D per step, such as 0.999; early steps average over fewer"},
		{Name: "seed", Topic: topicOptimiser, Commands: commands + " digits", Arg: "N", Value: flags.Of(&r.Seed, Seed),
			Help: "random seed of initial weights, shuffles, dropout, distortions and validation set; the same seed gives the same run"},

		{Name: "schedule", Topic: topicSchedule, Arg: "NAME", Fields: "Schedule", Choices: flags.Names(train.Schedules()),
			Value: flags.Of(&r.Schedule, flags.OneOf(train.Schedules()...)),
			Help:  "schedule of the learning rate: " + alternatives(train.Schedules())},
		{Name: "lr-end", Topic: topicSchedule, Arg: "RATE", Fields: "RateEnd", Value: flags.Optional(&r.RateEnd, Number),
			Help: "last learning rate of linear, cosine and exponential", Default: "0; exponential needs it or -decay"},
		{Name: "decay", Topic: topicSchedule, Arg: "D", Fields: "Decay", Value: flags.Optional(&r.Decay, nonzero(Number, "a number above 0 and at most 1")),
			Help: "factor of the learning rate per epoch, for step and exponential"},
		{Name: "decay-every", Topic: topicSchedule, Arg: "N", Fields: "DecayEvery", Value: flags.Optional(&r.DecayEvery, nonzero(whole, "1 or more")),
			Help: "apply -decay once in N epochs: step after every N, exponential in equal parts after each", Default: "1"},
		{Name: "warmup", Topic: topicSchedule, Arg: "EPOCHS", Fields: "Warmup", Value: flags.Optional(&r.Warmup, Number),
			Help: "increase the learning rate linearly over the first EPOCHS, such as 0.5 or 2"},
		{Name: "momentum-end", Topic: topicSchedule, Arg: "M", Fields: "MomentumEnd", Value: flags.Optional(&r.MomentumEnd, Number),
			Help: "momentum after -momentum-epochs, which it needs"},
		{Name: "momentum-epochs", Topic: topicSchedule, Arg: "N", Fields: "MomentumEpochs", Value: flags.Optional(&r.MomentumEpochs, nonzero(whole, "1 or more")),
			Help: "reach -momentum-end after N epochs, in equal steps"},
		{Name: "dampen", Topic: topicSchedule, Fields: "Dampen", Value: flags.Switch(&r.Dampen),
			Help: "multiply the learning rate of each step by 1-M, with M the momentum, so that momentum does not lengthen the steps"},

		{Name: "l2", Topic: topicRegularisation, Arg: "L", Fields: "Training.L2", Value: flags.Optional(&t.L2, number32), Help: "add L/2·Σw² over all weights to the loss"},
		{Name: "l1", Topic: topicRegularisation, Arg: "L", Fields: "Training.L1", Value: flags.Optional(&t.L1, number32), Help: "add L·Σ|w| over all weights to the loss"},
		{Name: "weight-decay", Topic: topicRegularisation, Arg: "D", Fields: "Training.Decay", Value: flags.Of(&r.weightDecay, chosen(number32)),
			Help: "decoupled weight decay: subtract D·rate·w from each weight in each step", Default: "0.01 for adamw, else 0"},
		{Name: "max-norm", Topic: topicRegularisation, Arg: "C", Fields: "Training.MaxNorm", Value: flags.Optional(&t.MaxNorm, number32),
			Help: "upper bound of the sum of squared weights into each unit"},
		{Name: "dropout", Topic: topicRegularisation, Arg: "P", Fields: "Training.Drop", Value: flags.Optional(&t.Drop, number32),
			Help: "fraction of each hidden layer's outputs that dropout omits in training"},
		{Name: "dropout-input", Topic: topicRegularisation, Arg: "P", Fields: "Training.DropInput", Value: flags.Optional(&t.DropInput, number32),
			Help: "fraction of the inputs that dropout omits in training"},
	}
	rows = append(rows, r.dataFlags()...)
	rows = append(rows, []*flags.Flag{
		{Name: "augment", Topic: topicAugmentation, Commands: commands + " digits", Arg: "HOW", Fields: "Training.Augment",
			Choices: strings.Fields("elastic affine simard ciresan none"), Value: flags.Var(&t.Augment, parseAugment, showAugment),
			Help: "distort the training images, differently in each epoch: elastic, affine, simard, ciresan or none; or parts such as " +
				"sigma=5..6,alpha=36..38,rotation=15,scaling=0.15,shear=0.2,shift=1,calm=1+7 (classes with half the rotation and shear, or none); " +
				`or a name, then parts; "shadegrad digits -augment=HOW" shows the result`},

		{Name: "validation", Topic: topicValidation, Arg: "N", Fields: "Validation", Value: r.validation(),
			Help: "hold out N training samples, or a fraction such as 0.1, stratified by class; test and save the weights of the best validation epoch; " +
				"with training, validate on the whole training set without distortions and dropout"},
		{Name: "patience", Topic: topicValidation, Arg: "N", Fields: "Patience", Value: flags.Optional(&r.Patience, whole),
			Help: "stop after N epochs in a row without improvement on the validation set"},
		{Name: "test", Topic: topicValidation, Arg: "WHEN", Fields: "Test", Choices: flags.Names(train.TestPolicies()),
			Value: flags.Of(&r.Test, flags.OneOf(train.TestPolicies()...)), Help: "evaluate on the test set at the end, or after each epoch as well"},
	}...)
	for _, f := range rows {
		if f.Commands == "" {
			f.Commands = commands
		}
	}
	return rows
}

var (
	hiddenActivations = []compute.Activation{compute.ReLU, compute.Sigmoid, compute.Tanh, compute.Identity, compute.ScaledTanh, compute.LeakyReLU}
	outputActivations = []compute.Activation{compute.Softmax, compute.Sigmoid, compute.Tanh, compute.ReLU, compute.Identity, compute.ScaledTanh, compute.LeakyReLU}
)

// alternatives returns "a, b or c".
func alternatives[T any](values []T) string { return flags.Alternatives(flags.Names(values)) }

// activation returns a parser of some activations.
func activation(list []compute.Activation) func(string) (compute.Activation, error) {
	return func(s string) (compute.Activation, error) {
		for _, f := range list {
			if f.String() == s {
				return f, nil
			}
		}
		return 0, flags.Want(alternatives(list))
	}
}

// HiddenActivation parses a value of -act.
func HiddenActivation(s string) (compute.Activation, error) { return activation(hiddenActivations)(s) }

// OutputActivation parses a value of -output.
func OutputActivation(s string) (compute.Activation, error) { return activation(outputActivations)(s) }

// Pixels parses a value of -pixels: the inputs for black and white pixels.
func Pixels(s string) (from, to float64, err error) {
	p, err := pixelSpan(s)
	return p.from, p.to, err
}

// chosen returns a parser of a choice.
func chosen[T any](parse func(string) (T, error)) func(string) (choice[T], error) {
	return func(s string) (choice[T], error) {
		v, err := parse(s)
		return choice[T]{true, v}, err
	}
}

// whole parses an integer within 32 bits, such as 1000 or 1e3. The options check its range.
func whole(s string) (int, error) {
	n, err := strconv.ParseInt(decimal(s), 10, 32)
	if err != nil {
		return 0, flags.Want(fmt.Sprintf("a whole number up to %d", math.MaxInt32))
	}
	return int(n), nil
}

// decimal returns a whole number with an exponent, such as 1e3, in decimal digits, and any other text unchanged.
func decimal(s string) string {
	s = strings.TrimSpace(s)
	const exact = 1 << 53 // every smaller whole number is a float64
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !strings.ContainsAny(s, "eE") || v != math.Trunc(v) || math.Abs(v) > exact {
		return s
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Number parses a finite number within the range of a float32. The options check their own ranges.
func Number(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
		return 0, flags.Want("a finite number")
	}
	return v, nil
}

// number32 parses a number that is stored as a float32, where a number too small would become 0.
func number32(s string) (float32, error) {
	v, err := Number(s)
	if err == nil && v != 0 && float32(v) == 0 {
		err = flags.Want("0 or a number of at least 1e-45")
	}
	return float32(v), err
}

// nonzero returns a parser that refuses 0, which means in the options that the value is not set.
func nonzero[T int | float32 | float64](parse func(string) (T, error), want flags.Want) func(string) (T, error) {
	return func(s string) (T, error) {
		v, err := parse(s)
		if err == nil && v == 0 {
			err = want
		}
		return v, err
	}
}

// Seed parses a random seed.
func Seed(s string) (uint64, error) {
	n, err := strconv.ParseUint(decimal(s), 10, 64)
	if err != nil {
		return 0, flags.Want("a whole number, 0 or more")
	}
	return n, nil
}

// maxUnits bounds a hidden layer. A larger one is a typing error, and its weights are drawn before a
// backend can refuse it.
const maxUnits = 1_000_000

// sizes parses the sizes of hidden layers.
func sizes(s string) ([]int, error) {
	var list []int
	if s == "" {
		return list, nil
	}
	for _, part := range strings.Split(s, ",") {
		n, err := strconv.Atoi(decimal(part))
		if err != nil || n < 1 || n > maxUnits {
			return nil, flags.Want(fmt.Sprintf("numbers of units from 1 to %d, separated by commas", maxUnits))
		}
		list = append(list, n)
	}
	return list, nil
}

// ShowSizes returns sizes as -hidden has them.
func ShowSizes(list []int) string { return strings.Join(flags.Names(list), ",") }

// validation is a Value for the number of validation samples or their fraction of the training set.
func (r *Recipe) validation() flags.Value {
	parse := func(s string) (float64, error) {
		if s == "training" {
			return dataset.TrainingItself, nil
		}
		if n, err := whole(s); err == nil && n >= 0 {
			return float64(n), nil
		}
		if v, err := Number(s); err == nil && v > 0 && v < 1 {
			return v, nil
		}
		return 0, flags.Want("a whole number of samples, 0 or more, a fraction such as 0.1, or training")
	}
	return flags.Var(&r.holdOut, parse, func(v float64) string {
		switch v {
		case 0:
			return ""
		case dataset.TrainingItself:
			return "training"
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	})
}

// oneOutput parses the number of outputs, which is 1 or follows from the data.
func oneOutput(s string) (int, error) {
	if s != "1" {
		return 0, flags.Want("1, or no -outputs for one per class")
	}
	return 1, nil
}
