package cli

import (
	"flag"
	"fmt"
	"strconv"

	"shadegrad/internal/backends"
	"shadegrad/internal/preset"
)

// trainFlags are the settings of "shadegrad train".
type trainFlags struct {
	backend backends.Kind
	data    dataFlags
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
	every   int             // report every so many epochs; 0 is the usual
	given   map[string]bool // the flags that were on the command line

	presetName string
	preset     *preset.Preset // nil without one
	overridden []string       // what the command line has in place of the preset's flags
}

const trainUsage = `usage: shadegrad train [FLAGS]

Trains a multilayer perceptron and tests it. Without flags, it learns the built-in
MNIST on the GPU, if there is one, and on the CPU if not.
`

func (a *app) trainFlags(args []string) (*trainFlags, error) {
	f, fs := newTrainFlags()
	if err := a.parseFlags(fs, trainUsage, args); err != nil {
		return nil, err
	}
	if f.presetName != "" {
		return a.presetFlags(f, fs, args)
	}
	return f, f.complete(fs)
}

// newTrainFlags returns the settings of a command line without flags, and the flags that
// change them.
func newTrainFlags() (*trainFlags, *flag.FlagSet) {
	f := &trainFlags{backend: backends.Auto, recipe: defaultRecipe(), tune: switchOn}
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	presetFlag(fs, &f.presetName)
	backendFlag(fs, &f.backend)
	f.data.flags(fs)
	f.recipe.flags(fs)
	fs.StringVar(&f.save, "save", "", "`FILE` to write the network to, as safetensors, after each epoch; a checkpoint\nto go on from is kept beside it until the run is complete")
	fs.StringVar(&f.certify, "certify", "", "`FILE` to write a certificate to, with which \"shadegrad verify\" runs this run again and\ncompares the weights after each epoch")
	fs.StringVar(&f.resume, "resume", "", "go on with the run whose checkpoint is `FILE`, with its settings, and save to the network\nbeside it")
	fs.BoolVar(&f.json, "json", false, "write one JSON object a line to stdout")
	fs.Var(&f.expect, "expect", "exit with status 3 unless `CONDITION`, such as test_acc>=0.97, is met at the end; it\ncan be on train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds, and\nmay be repeated")
	fs.Var(setting[int]{&f.every, whole(1, "1 or more"), showSome}, "every", "report every `N` epochs, and the last (default 1; in runs of more than 50 epochs about 20\ntimes, and at least every 10 s)")
	threadsFlag(fs, &f.threads)
	fs.Var(setting[int64]{&f.memory, memorySize, showMemorySize}, "device-memory", "most of the GPU's memory to take, `SIZE`, such as 64MiB (default all that is free); a\ndata set that does not fit goes there piece by piece")
	fs.Var(setting[switchValue]{&f.tune, oneOf(switchOn, switchOff), nil}, "tune",
		"`SWITCH` for timing the GPU's kernels, on or off: on the first run of a network several\nare timed, in less than a second, and the fastest are remembered")
	fs.BoolVar(&f.profile, "profile", false, "tell at the end where the GPU's time went, kernel by kernel, beside what it can do at most")
	shadowFlag(fs, &f.shadow)
	fs.BoolVar(&f.verbose, "v", false, "tell what a training step was compiled to, where the backend says, and after each\nepoch how each layer is, what is unhealthy, and what to change")
	return f, fs
}

// complete notes which flags were given, and checks what was parsed.
func (f *trainFlags) complete(fs *flag.FlagSet) error {
	f.given = make(map[string]bool)
	fs.Visit(func(g *flag.Flag) { f.given[g.Name] = true })
	if err := noMore(fs); err != nil {
		return err
	}
	for _, name := range []string{"save", "resume", "certify"} {
		if f.given[name] && fs.Lookup(name).Value.String() == "" { // as a script writes it whose variable is not set
			return usagef("-%s= needs the name of a file", name)
		}
	}
	if f.certify != "" && f.resume != "" {
		return usagef("-certify does not go with -resume: a certificate is of a run from its beginning")
	}
	if f.preset != nil && f.resume != "" {
		return usagef("-preset does not go with -resume: the checkpoint has the recipe")
	}
	if f.resume != "" {
		return nil // the checkpoint has the recipe
	}
	return f.recipe.check(f.data.form)
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
