package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// trainFlags are the settings of "shadegrad train".
type trainFlags struct {
	backend backends.Kind
	data    string
	recipe  recipe
	save    string
	certify string
	resume  string
	json    bool
	expect  expectations
	threads int
	memory  int64       // of the device, in bytes; 0 is all
	tune    switchValue // whether the GPU's kernels are timed
	shadow  int         // replay every so many steps; 0 is none
	verbose bool
	profile bool
	given   map[string]bool // the flags that were on the command line
}

// A recipe is the part of the flags that decides the outcome, and that a
// checkpoint remembers.
type recipe struct {
	hidden   []int
	act      compute.Activation
	output   choice[compute.Activation]
	loss     compute.LossKind
	init     choice[mlp.Init]
	batch    int
	epochs   int
	lr       choice[float64]
	momentum choice[float64]
	schedule train.Schedule
	seed     uint64
}

// defaultRecipe is that of a command line without flags.
func defaultRecipe() recipe {
	return recipe{hidden: []int{256}, act: compute.ReLU, batch: 64, epochs: 5, schedule: train.OneCycle, seed: 1}
}

// A choice is a value that follows from others until the user sets it.
type choice[T any] struct {
	set   bool
	value T
}

func (c choice[T]) or(follows T) T {
	if c.set {
		return c.value
	}
	return follows
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

const trainUsage = `usage: shadegrad train [FLAGS]

Trains a multilayer perceptron and tests it. Without flags, it learns the built-in
MNIST on the GPU, if there is one, and on the CPU if not.

`

func (a *app) trainFlags(args []string) (*trainFlags, error) {
	f := &trainFlags{backend: backends.Auto, recipe: defaultRecipe(), tune: switchOn}
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	backendFlag(fs, &f.backend)
	dataFlag(fs, &f.data)
	f.recipe.flags(fs)
	fs.StringVar(&f.save, "save", "", "`FILE` to write the network to, as safetensors, after each epoch; a checkpoint\nto go on from is kept beside it until the run is complete")
	fs.StringVar(&f.certify, "certify", "", "`FILE` to write a certificate to, with which \"shadegrad verify\" runs this run again and\ncompares the weights after each epoch")
	fs.StringVar(&f.resume, "resume", "", "go on with the run whose checkpoint is `FILE`, with its settings")
	fs.BoolVar(&f.json, "json", false, "write one JSON object a line to stdout")
	fs.Var(&f.expect, "expect", "exit with status 3 unless `CONDITION`, such as test_acc>=0.97, is met at the end; it\ncan be on train_loss, train_acc, test_loss, test_acc or seconds; may be repeated")
	threadsFlag(fs, &f.threads)
	fs.Var(setting[int64]{&f.memory, memorySize, showMemorySize}, "device-memory", "most of the GPU's memory to take, `SIZE`, such as 64MiB (default all that is free); a\ndata set that does not fit goes there piece by piece")
	fs.Var(setting[switchValue]{&f.tune, oneOf(switchOn, switchOff), nil}, "tune",
		"`SWITCH` for timing the GPU's kernels, on or off: on the first run of a network several\nare timed, in less than a second, and the fastest are remembered")
	fs.BoolVar(&f.profile, "profile", false, "tell at the end where the GPU's time went, kernel by kernel, beside what it can do at most")
	shadowFlag(fs, &f.shadow)
	fs.BoolVar(&f.verbose, "v", false, "tell what a training step was compiled to, where the backend says, and after each\nepoch how each layer is, what is unhealthy, and what to change")
	if err := a.parseFlags(fs, trainUsage, args); err != nil {
		return nil, err
	}
	f.given = make(map[string]bool)
	fs.Visit(func(g *flag.Flag) { f.given[g.Name] = true })
	if err := noMore(fs); err != nil {
		return nil, err
	}
	for _, name := range []string{"save", "resume", "certify"} {
		if f.given[name] && fs.Lookup(name).Value.String() == "" { // as a script writes it whose variable is not set
			return nil, usagef("-%s= needs the name of a file", name)
		}
	}
	if f.certify != "" && f.resume != "" {
		return nil, usagef("-certify does not go with -resume: a certificate is of a run from its beginning")
	}
	if f.resume != "" {
		return f, nil // the checkpoint has the recipe
	}
	return f, f.recipe.check()
}

// A switchValue is on or off.
type switchValue string

const (
	switchOn  switchValue = "on"
	switchOff switchValue = "off"
)

func backendFlag(fs *flag.FlagSet, dst *backends.Kind) {
	fs.Var(setting[backends.Kind]{dst, backends.ParseKind, nil}, "backend",
		"`NAME` of the backend: auto, gpu or cpu; auto falls back to the CPU, gpu never does")
}

func dataFlag(fs *flag.FlagSet, dst *string) {
	fs.StringVar(dst, "data", "", "`DIR` with the four IDX files of a data set, gzipped or not (default the built-in\nMNIST)")
}

func threadsFlag(fs *flag.FlagSet, dst *int) {
	fs.Var(setting[int]{dst, threads, showThreads}, "threads", "how many threads the CPU may use, `N` (default all)")
}

// maxThreads bounds -threads. More are no faster on any machine, and a slip of the
// finger would have the runtime run out of memory.
const maxThreads = 1024

// threads reads a number of threads.
func threads(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxThreads {
		return 0, fmt.Errorf("must be from 1 to %d", maxThreads)
	}
	return n, nil
}

func showThreads(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// flags declares the flags of a recipe.
func (r *recipe) flags(fs *flag.FlagSet) {
	positive := number(func(v float64) bool { return v > 0 && float32(v) > 0 && v <= math.MaxFloat32 }, "a number above 0")
	fs.Var(setting[[]int]{&r.hidden, sizes, showSizes}, "hidden", "`SIZES` of the hidden layers, separated by commas; empty for none")
	fs.Var(setting[compute.Activation]{&r.act, hiddenActivation, nil}, "act", "activation of the hidden layers, `NAME`: relu, sigmoid, tanh or identity")
	fs.Var(setting[choice[compute.Activation]]{&r.output, chosen(names(compute.ParseActivation, "softmax, sigmoid, tanh, relu or identity")), showChoice[compute.Activation]}, "output",
		"activation of the outputs, `NAME`: softmax, sigmoid, tanh, relu or identity (default\nsoftmax for cross-entropy, sigmoid for mse)")
	fs.Var(setting[compute.LossKind]{&r.loss, names(compute.ParseLossKind, "cross-entropy or mse"), nil}, "loss", "what is minimised, `NAME`: cross-entropy or mse, the mean squared error")
	fs.Var(setting[choice[mlp.Init]]{&r.init, chosen(oneOf(mlp.Inits()...)), showChoice[mlp.Init]}, "init",
		"first weights, `NAME`: he, xavier, normal (deviation 1), units (deviation 1/√units) or\nuniform (±½) (default he for relu, xavier for others)")
	fs.Var(setting[int]{&r.batch, whole(0, "1 or more, or 0 for the whole set"), nil}, "batch", "samples a step, `N`; 1 is one at a time, 0 the whole set")
	fs.Var(setting[int]{&r.epochs, whole(1, "1 or more"), nil}, "epochs", "passes over the training set, `N`")
	fs.Var(setting[choice[float64]]{&r.lr, chosen(positive), showChoice[float64]}, "lr",
		"learning `RATE`, the highest of the schedule (default what suits a batch of N and a\nmomentum of M: (1-M)·N/64, N up to 256 and at most 1; for mse N up to 64, and 8 times\nas much if the outputs are sigmoid or softmax)")
	fs.Var(setting[choice[float64]]{&r.momentum, chosen(number(func(v float64) bool { return v >= 0 && float32(v) < 1 }, "at least 0 and below 1")), showChoice[float64]},
		"momentum", "share of a step, `M`, that goes into the next one (default 0.9, but 0 for mse and for\nbatches below 8)")
	fs.Var(setting[train.Schedule]{&r.schedule, oneOf(train.Schedules()...), nil}, "schedule", "of the learning rate, `NAME`: onecycle or constant")
	fs.Var(setting[uint64]{&r.seed, seed, nil}, "seed", "of the first weights and the shuffles, `N`; the same seed gives the same run")
}

// check tells, before the data is read, which flags do not go together.
func (r *recipe) check() error {
	if f := r.output.or(compute.Softmax); r.loss == compute.CrossEntropy && f != compute.Softmax && f != compute.Sigmoid {
		return usagef("-output=%s does not go with -loss=%s, which needs softmax or sigmoid; -loss=mse takes any", f, r.loss)
	}
	if n := len(r.hidden); n >= mlp.MaxLayers {
		return usagef("-hidden has %d layers; there can be at most %d", n, mlp.MaxLayers-1)
	}
	for i := 1; i < len(r.hidden); i++ {
		if m, n := r.hidden[i-1], r.hidden[i]; m > math.MaxInt32/n {
			return usagef("-hidden=%s: between %d and %d units there would be %d weights; there can be at most %d weights",
				showSizes(r.hidden), m, n, int64(m)*int64(n), math.MaxInt32)
		}
	}
	return nil
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
		return 0, fmt.Errorf("must be relu, sigmoid, tanh or identity")
	}
	return f, nil
}

// options returns the options of a run on a data set.
func (r *recipe) options(d *dataset.Data) (train.Options, error) {
	c := mlp.Config{Hidden: r.act, Loss: r.loss, Scale: 1. / 255, On: 1}
	c.Sizes = append([]int{d.Train.Features()}, r.hidden...)
	// One output stands for two classes, so that one class takes two.
	c.Sizes = append(c.Sizes, max(d.Train.Classes, 2))
	output, init := compute.Softmax, mlp.Xavier
	if r.loss == compute.SquaredError {
		output = compute.Sigmoid
	}
	if r.act == compute.ReLU {
		init = mlp.He
	}
	c.Output, c.Init = r.output.or(output), r.init.or(init)
	o := train.Options{Network: c, Batch: r.batch, Epochs: r.epochs, Schedule: r.schedule, Seed: r.seed}
	batch := o.BatchSize(d.Train.Len())
	o.Momentum = r.momentum.or(train.DefaultMomentum(r.loss, batch))
	o.LearningRate = r.lr.or(train.DefaultRate(c, batch, o.Momentum))
	if err := o.Check(); err != nil {
		return o, &usageError{err.Error()}
	}
	return o, nil
}

// contradictions tells which of the given flags differ from the options that a
// checkpoint has.
func (f *trainFlags) contradictions(o train.Options) error {
	hidden := o.Network.Sizes[1 : len(o.Network.Sizes)-1]
	r := &f.recipe
	for _, c := range []struct{ name, given, stored string }{
		{"hidden", showSizes(r.hidden), showSizes(hidden)},
		{"act", r.act.String(), o.Network.Hidden.String()},
		{"output", r.output.value.String(), o.Network.Output.String()},
		{"loss", r.loss.String(), o.Network.Loss.String()},
		{"init", string(r.init.value), string(o.Network.Init)},
		{"batch", fmt.Sprint(r.batch), fmt.Sprint(o.Batch)},
		{"epochs", fmt.Sprint(r.epochs), fmt.Sprint(o.Epochs)},
		{"lr", fmt.Sprint(r.lr.value), fmt.Sprint(o.LearningRate)},
		{"momentum", fmt.Sprint(r.momentum.value), fmt.Sprint(o.Momentum)},
		{"schedule", string(r.schedule), string(o.Schedule)},
		{"seed", fmt.Sprint(r.seed), fmt.Sprint(o.Seed)},
	} {
		if f.given[c.name] && c.given != c.stored {
			return usagef("-%s=%s contradicts -resume=%s, whose run has %s; leave -%s out", c.name, c.given, f.resume, c.stored, c.name)
		}
	}
	return nil
}
