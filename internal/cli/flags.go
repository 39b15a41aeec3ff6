package cli

import (
	"errors"
	"io"
	"runtime"
	"strings"

	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/exchange"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/simd"
	"shadegrad/internal/train"
	"shadegrad/internal/tune/space"
	"shadegrad/internal/values"
	"shadegrad/internal/workers"
)

// settings are the values of the flags of every command. Each command reads its own.
type settings struct {
	recipe.Recipe
	*flags.Set
	table []*flags.Flag

	backend  backends.Kind
	backends []backends.Kind
	threads  int   // 0: all
	memory   int64 // of the device, in bytes; 0: all
	tune     switchValue
	browser  switchValue
	json     bool
	quick    bool

	save, certify, resume, model, out, logdir, report, live string

	models  []string    // of eval and predict: a network or a committee
	ofSeeds []uint64    // of train: the seeds of a committee
	space   space.Space // of tune
	dir     string
	minutes float64
	trials  int
	goOn    bool

	from    string       // of train and verify
	start   *model.Model // of -from
	started string       // describes it
	layers  []string     // of export and import
	choices exchange.Choices
	softmax bool

	expect         values.Expectations
	every, shadow  int
	verbose, force bool
	profile        bool
	samples, tried int // of gradcheck
	units, count   int
	repeat, seeds  int
	sweep          bool
	format         report.BenchFormat
	split          dataset.Part
	proba          bool
	timeTo         []float64
	seed           *uint64 // of verify
}

// A switchValue is on or off.
type switchValue string

const (
	switchOn  switchValue = "on"
	switchOff switchValue = "off"
)

// The limits of numbers that are typing errors beyond them.
const (
	maxThreads   = 1024 // no machine is faster with more
	maxInRow     = 1000 // images of a sheet
	maxDrawn     = 100  // units of a layer in a drawing, which connects each with each
	leastRepeats = 10   // runs of a median
)

const (
	topicCheck  = "check"
	topicBench  = "measurement"
	topicDevice = "device"
	topicOutput = "output"
)

// newSettings returns the settings of a command without arguments.
func newSettings(command string) *settings {
	s := &settings{Recipe: recipe.Default(), backends: []backends.Kind{backends.CPU, backends.GPU}, tune: switchOn, browser: switchOn,
		dir: "shadegrad-tune", samples: 8, tried: 50, units: 16, count: 10, repeat: leastRepeats, seeds: 3, format: report.BenchText}
	switch command {
	case "digits":
		s.backend = backends.CPU
	case "verify", "replay": // that of the file
	default:
		s.backend = backends.Auto
	}
	s.table = append(append(s.Recipe.Flags(), s.flags()...), s.importFlags()...)
	s.Set = flags.NewSet(command, s.table)
	s.Mixed = command == "report"
	if command == "tune" {
		s.Otherwise = s.space.Add
	}
	return s
}

// flags returns the rows of the flags that are not part of a recipe.
func (s *settings) flags() []*flags.Flag {
	const anyFile = "the name of a file"
	positive, onOff := recipe.AtLeast(1), flags.OneOf(switchOn, switchOff)
	hardware := flags.OneOf(backends.GPU, backends.CPU)
	return []*flags.Flag{
		{Name: "samples", Topic: topicCheck, Commands: "gradcheck", Arg: "N", Value: flags.Of(&s.samples, positive), Help: "number of training samples in the batch"},
		{Name: "weights", Topic: topicCheck, Commands: "gradcheck", Arg: "N", Value: flags.Of(&s.tried, positive), Help: "number of weights, and of biases, to try in each layer"},

		{Name: "repeat", Topic: topicBench, Commands: "bench", Arg: "N", Value: flags.Of(&s.repeat, recipe.AtLeast(leastRepeats)), Help: "runs of each backend, 10 or more"},
		{Name: "sweep", Topic: topicBench, Commands: "bench", Value: flags.Switch(&s.sweep), Help: "time batches of 1, 4, 16, … as well, and report where one backend overtakes the other"},
		{Name: "time-to", Topic: topicBench, Commands: "bench", Arg: "FRACTIONS", Value: flags.Var(&s.timeTo, values.Accuracies, values.ShowList),
			Help: "also train to each test accuracy, such as 0.97,0.98, and report the seconds from the start of the process"},
		{Name: "seeds", Topic: topicBench, Commands: "bench", Arg: "N", Value: flags.Of(&s.seeds, positive), Help: "number of seeds to train with for -time-to"},

		{Name: "backend", Topic: topicDevice, Commands: "train tune gradcheck digits eval doctor", Arg: "NAME", Choices: []string{"auto", "gpu", "cpu"},
			Value: flags.Of(&s.backend, flags.OneOf(backends.Auto, backends.GPU, backends.CPU)), Help: "auto, gpu or cpu; auto falls back to the CPU, gpu never does"},
		{Name: "backend", Topic: topicDevice, Commands: "verify replay", Arg: "NAME", Choices: []string{"gpu", "cpu"}, Value: flags.Of(&s.backend, hardware),
			Help: "gpu or cpu", Default: "that of the file"},
		{Name: "backends", Topic: topicDevice, Commands: "bench", Arg: "NAMES", Value: flags.Var(&s.backends, values.Backends, values.ShowList),
			Help: "backends to compare, separated by commas; the default omits a GPU that cannot be used"},
		{Name: "threads", Topic: topicDevice, Commands: "train tune gradcheck bench digits eval verify replay", Arg: "N",
			Value: flags.Optional(&s.threads, recipe.Between(1, maxThreads)), Help: "number of CPU threads, at most one per CPU", Default: "all that CPU affinity and CPU quota allow"},
		{Name: "device-memory", Topic: topicDevice, Commands: "train tune", Arg: "SIZE", Fields: "DeviceMemory", Value: flags.Optional(&s.memory, values.MemorySize),
			Help: "limit of GPU memory, such as 64MiB; a larger data set is transferred in pieces", Default: "all free memory"},
		{Name: "tune", Topic: topicDevice, Commands: "train replay", Arg: "SWITCH", Choices: []string{"on", "off"}, Value: flags.Of(&s.tune, onOff),
			Help: "on or off: time GPU kernels on the first run of a network, in less than a second, and remember the fastest; replay needs the value of the run"},

		{Name: "model", Topic: topicOutput, Commands: "eval predict", Arg: "FILES", Value: flags.Var(&s.models, values.NetworkFiles, values.ShowList),
			Help: "saved network (required); several, separated by commas, form a committee, whose answer is the mean of their outputs"},
		{Name: "model", Topic: topicOutput, Commands: "draw", Arg: "FILE", Value: flags.Path(&s.model, anyFile), Help: "saved network (required)"},
		{Name: "browser", Topic: topicOutput, Commands: "draw", Arg: "SWITCH", Choices: []string{"on", "off"}, Value: flags.Of(&s.browser, onOff),
			Help: "on or off: open the page in the browser, if the program runs on a terminal"},
		{Name: "split", Topic: topicOutput, Commands: "eval", Arg: "NAME", Choices: []string{"test", "train", "all"},
			Value: flags.Of(&s.split, flags.OneOf(dataset.TestPart, dataset.TrainPart, dataset.AllParts)),
			Help:  "samples to test: test, train or all", Default: "test; all for other data than the training set if they have no test part"},
		{Name: "model", Topic: topicOutput, Commands: "digits", Arg: "FILE", Value: flags.Path(&s.model, anyFile), Help: "show the first layer of a saved network",
			Only: "o count threads", Why: "it shows weights, not images"},
		{Name: "model", Topic: topicOutput, Commands: "network", Arg: "FILE", Value: flags.Path(&s.model, anyFile), Help: "show a saved network",
			Only: "o units", Why: "the file contains the network"},
		{Name: "model", Topic: topicOutput, Commands: "export", Arg: "FILE", Value: flags.Path(&s.model, anyFile), Help: "saved network (required)"},
		{Name: "o", Topic: topicOutput, Commands: "export", Arg: "FILE", Value: flags.Of(&s.out, values.ExchangeFile),
			Help: "write FILE.onnx, FILE.npz or FILE.safetensors (required)"},
		{Name: "layers", Topic: topicOutput, Commands: "export", Arg: "NAMES", Value: flags.Var(&s.layers, values.Names, values.ShowList),
			Help: "names of the layers, such as fc1,fc2", Default: "those of PyTorch's nn.Sequential: 0,2,4,…; in npz W1, b1, W2, …"},
		{Name: "softmax", Topic: topicOutput, Commands: "export", Value: flags.Switch(&s.softmax),
			Help: "end an ONNX graph with the softmax, if the network has it, instead of the sums before it"},
		{Name: "force", Topic: topicOutput, Commands: "export", Value: flags.Switch(&s.force), Help: "let -o replace a file, but never that of -model"},
		{Name: "model", Topic: topicOutput, Commands: "import", Arg: "FILE", Value: flags.Path(&s.model, anyFile), Help: "ONNX model, safetensors file or npz archive (required)"},
		{Name: "o", Topic: topicOutput, Commands: "import", Arg: "FILE", Value: flags.Path(&s.out, anyFile), Help: "save the network to FILE, as safetensors (required)"},
		{Name: "count", Topic: topicOutput, Commands: "digits", Arg: "N", Value: flags.Of(&s.count, recipe.Between(1, maxInRow)), Help: "images per row"},
		{Name: "o", Topic: topicOutput, Commands: "digits", Arg: "FILE", Value: flags.Path(&s.out, anyFile), Help: "write a PNG file", Default: "text on stdout"},
		{Name: "o", Topic: topicOutput, Commands: "network", Arg: "FILE", Value: flags.Of(&s.out, values.SVGFile), Help: "draw the network in an SVG file, which browsers show"},
		{Name: "o", Topic: topicOutput, Commands: "predict", Arg: "FILE", Value: flags.Of(&s.out, values.PredictionFile), Default: "text on stdout",
			Help: "write the label of each sample to a CSV or JSON file, after its file name, its id, or its number from 1"},
		{Name: "o", Topic: topicOutput, Commands: "report", Arg: "FILE", Value: flags.Of(&s.out, values.HTMLFile), Help: "write the page to an HTML file (required)"},
		{Name: "proba", Topic: topicOutput, Commands: "predict", Value: flags.Switch(&s.proba), Needs: "o", Why: "text names the most likely classes",
			Help: "also write the value of each output, such as the probability of each class"},
		{Name: "units", Topic: topicOutput, Commands: "network", Arg: "N", Value: flags.Of(&s.units, recipe.Between(1, maxDrawn)), Needs: "o", Why: "only a drawing has units",
			Help: "draw at most the N most important units of each layer, up to 100"},
		{Name: "seed", Topic: topicOutput, Commands: "verify", Arg: "N", Value: flags.Of(&s.seed, func(text string) (*uint64, error) {
			n, err := recipe.Seed(text)
			return &n, err
		}), Help: "the claimed seed of the run", Default: "that of the file"},
		{Name: "save", Topic: topicOutput, Commands: "train", Arg: "FILE", Value: flags.Path(&s.save, anyFile),
			Help: "save the network after each epoch, as safetensors, and until the run is complete a checkpoint next to it"},
		{Name: "dir", Topic: topicOutput, Commands: "tune", Arg: "DIR", Value: flags.Path(&s.dir, "the name of a directory"),
			Help: "keep the state of the search in DIR, and the network of the winner; the same command continues a search that was interrupted or killed"},
		{Name: "minutes", Topic: topicOutput, Commands: "tune", Arg: "M", Value: flags.Optional(&s.minutes, values.Minutes), Default: "10 without -trials, else none",
			Help: "end the search after M minutes, including the earlier parts of a continued search"},
		{Name: "trials", Topic: topicOutput, Commands: "tune", Arg: "N", Value: flags.Optional(&s.trials, positive), Default: "as many as -minutes allows",
			Help: "try N combinations of flags, besides the recipe itself"},
		{Name: "seeds", Topic: topicOutput, Commands: "train", Arg: "SEEDS", Value: flags.Var(&s.ofSeeds, values.Seeds, values.ShowList), Needs: "save", Without: "seed",
			Why:  "each network has its own seed and its own file",
			Help: "train a network for each seed, such as 1..5 or 1,3,9, one after another, and test them and their committee; {seed} in the names of -save and other files stands for the seed"},
		{Name: "continue", Topic: topicOutput, Commands: "train", Value: flags.Switch(&s.goOn), Needs: "seeds", Why: "a single run is resumed with -resume",
			Help: "keep the networks that are complete, and resume the one that is not"},
		{Name: "force", Topic: topicOutput, Commands: "train", Value: flags.Switch(&s.force), Needs: "save", Why: "it lets -save replace a file",
			Help: "let -save replace a file that is not a Shadegrad network, but never the input data"},
		{Name: "resume", Topic: topicOutput, Commands: "train", Arg: "FILE", Value: flags.Path(&s.resume, anyFile),
			Help: "resume the run of a checkpoint with its settings, and save to the network next to it; a higher -epochs extends the run, and the schedule continues as that of the longer run"},
		{Name: "from", Topic: topicOutput, Commands: "train", Arg: "FILE", Value: flags.Path(&s.from, anyFile), Without: "resume", Why: "the checkpoint has the weights",
			Help: "start with the weights, the layers and the input preparation of a saved network; the output layer is new if the number of classes differs"},
		{Name: "from", Topic: topicOutput, Commands: "verify", Arg: "FILE", Value: flags.Path(&s.from, anyFile), Help: "network with which the run began, if it began with one"},
		{Name: "certify", Topic: topicOutput, Commands: "train", Arg: "FILE", Value: flags.Path(&s.certify, anyFile), Without: "resume", Why: "a certificate covers a run from its start",
			Help: `write a certificate, with which "shadegrad verify" repeats the run and compares the weights after each epoch`},
		{Name: "logdir", Topic: topicOutput, Commands: "train", Arg: "DIR", Value: flags.Path(&s.logdir, "the name of a directory"),
			Help: "also write each report of the run to an event file for TensorBoard: curves, weights and the confusion matrix; use a directory for each run"},
		{Name: "report", Topic: topicOutput, Commands: "train", Arg: "FILE", Value: flags.Of(&s.report, values.HTMLFile),
			Help: "write a web page about the run when it ends, even if it is interrupted or diverges: curves, health of the layers, weights, confusion matrix and mistakes"},
		{Name: "live", Topic: topicOutput, Commands: "train", Arg: "ADDRESS", Optional: true, Value: flags.Of(&s.live, values.Address),
			Help: "show the page of -report in browsers during the run; without an address such as :8080 only programs on this machine can reach it"},
		{Name: "expect", Topic: topicOutput, Commands: "train", Arg: "CONDITION", Value: flags.Var(&s.expect, s.expect.Add, values.Expectations.String),
			Help: "exit with status 3 if a condition such as test_acc>=0.97 is not met at the end; figures: train_loss, train_acc, val_loss, val_acc, test_loss, test_acc, seconds; can be repeated"},
		{Name: "every", Topic: topicOutput, Commands: "train", Arg: "N", Value: flags.Optional(&s.every, positive),
			Help: "report every N epochs, and the last", Default: "1; with more than 50 epochs about 20 reports, at least every 10 s"},
		{Name: "profile", Topic: topicOutput, Commands: "train", Value: flags.Switch(&s.profile), Help: "report at the end the GPU time of each kernel, compared with the device's peak"},
		{Name: "shadow", Topic: topicOutput, Commands: "train", Arg: "N", Fields: "Shadow", Value: flags.Optional(&s.shadow, positive), Default: "never",
			Help: `check every Nth step, from the first, in float64 on the CPU, and stop at a wrong one with a capsule for "shadegrad replay"; a check of the default network takes about 0.05 s`},
		{Name: "v", Topic: topicOutput, Commands: "train", Value: flags.Switch(&s.verbose),
			Help: "report the compiled step if the backend can, and after each epoch the health of each layer with advice"},
		{Name: "format", Topic: topicOutput, Commands: "bench", Arg: "NAME", Choices: []string{"text", "bench", "json"},
			Value: flags.Of(&s.format, flags.OneOf(report.BenchText, report.BenchLines, report.BenchJSON)), Help: "format of stdout: text; bench, for benchstat -col /backend; or json, one object per line"},
		{Name: "quick", Topic: topicOutput, Commands: "doctor", Value: flags.Switch(&s.quick), Help: "check kernels with the cases of the self-test only"},
		{Name: "json", Topic: topicOutput, Commands: "train tune gradcheck eval doctor bench", Value: flags.Switch(&s.json), Help: "write JSON to stdout, one object per line (doctor: one object)"},
	}
}

// parse reads the arguments of a command. It returns a *flags.Error if they are wrong, or flags.ErrHelp after it has
// printed the help.
func (a *app) parse(command, usage string, args []string) (*settings, error) {
	s := newSettings(command)
	err := s.Parse(args)
	if errors.Is(err, flags.ErrHelp) {
		var text strings.Builder
		text.WriteString(usage)
		s.PrintHelp(&text)
		if _, writeErr := io.WriteString(a.stdout, text.String()); writeErr != nil {
			return nil, writeErr
		}
	}
	if err != nil {
		return nil, err
	}
	if err := simd.Problem(); err != nil {
		return nil, &flags.Error{Text: err.Error()}
	}
	switch limit := workers.Available(); { // of gonum too
	case s.threads > 0:
		runtime.GOMAXPROCS(min(s.threads, runtime.NumCPU())) // further threads would only wait for a CPU
	case limit.N < runtime.GOMAXPROCS(0) && a.env("GOMAXPROCS") == "":
		runtime.GOMAXPROCS(limit.N)
	}
	return s, nil
}

// parseFlags is parse for a command that takes no arguments besides flags.
func (a *app) parseFlags(command, usage string, args []string) (*settings, error) {
	s, err := a.parse(command, usage, args)
	if err == nil {
		err = s.NoArgs()
	}
	return s, err
}

// parseRecipe is parseFlags for a command with the flags of a recipe, which it checks.
func (a *app) parseRecipe(command, usage string, args []string) (*settings, error) {
	s, err := a.parseFlags(command, usage, args)
	if err != nil || s.resume != "" { // the checkpoint has the recipe
		return s, err
	}
	return s, s.usage(s.Check())
}

// usage returns an error of the options as a *flags.Error.
func (s *settings) usage(err error) error {
	if err == nil {
		return nil
	}
	return &flags.Error{Text: recipe.Explain(s.table, err).Error()}
}

// options returns the options of a run on a training set.
func (s *settings) options(d *dataset.Data) (train.Options, error) {
	o, err := s.OptionsOn(&d.Train)
	return o, s.usage(err)
}
