package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
	"shadegrad/internal/tune"
)

const tuneUsage = `usage: shadegrad tune -FLAG=A..B -FLAG=X|Y|Z [FLAGS]

Searches for the flags of "shadegrad train" that are best on a validation set, by random
search with successive halving (Hyperband): most combinations are trained for a few epochs,
and the best third continues. A flag with a range A..B or choices X|Y|Z is searched, as in

  shadegrad tune -lr=1e-3..1 "-hidden=64|128|256" -dropout=0..0.5 -minutes=10

Ranges of positive numbers from A to 100·A or more are searched on a logarithmic scale. The
other flags are those of train. Without -validation, a tenth of the training set is held out.
The test set is evaluated once, with the winner. The same command continues a search that
was interrupted; with -trials its winner does not depend on that.
`

const (
	defaultMinutes    = 10
	defaultValidation = "0.1"
)

// tune is "shadegrad tune".
func (a *app) tune(args []string) error {
	s, err := a.parseFlags("tune", tuneUsage, args)
	if err != nil {
		return err
	}
	if err := s.checkTune(); err != nil {
		return err
	}
	a.note(s.presetNote())
	if err := s.absolute(); err != nil {
		return err
	}
	data, err := s.openHeldOut()
	if err != nil {
		return err
	}
	a.note(data.Note)
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("-dir: %w", err)
	}
	unlock, err := atomicfile.Lock(filepath.Join(s.dir, "search"))
	if err != nil {
		return err
	}
	defer unlock()
	old, err := tune.Load(s.dir)
	if err != nil {
		return fmt.Errorf("%w; name another directory with -dir, or delete this one", err)
	}
	opener, kind := a.opener, s.backend
	if opener.Repeat = old != nil; old != nil && kind == backends.Auto {
		kind = backends.Kind(old.Backend) // the faster one can be another the next time
	}
	choice, err := a.openBackend(opener, kind)
	if err != nil {
		return err
	}
	why := reason(choice)
	if o, err := s.OptionsOn(&data.Train); err == nil {
		choice, why = a.faster(choice, bench.StepOf(o, &data.Train), data)
	}
	defer func() { choice.Close() }()
	fmt.Fprintf(a.stderr, "%s; chosen because %s\n", report.Describe(choice.Info()), why)
	return a.search(s, args, data, choice)
}

// checkTune returns an error if the flags do not describe a search, and completes them.
func (s *settings) checkTune() error {
	o, err := s.OptionsOn(s.Usual())
	switch {
	case len(s.space) == 0:
		return flags.Errorf("tune: want a flag to search, with a range or choices, such as -lr=1e-3..1 or -hidden=64|128")
	case s.Test == train.TestEach:
		return flags.Errorf("-test=each: a search tests the winner alone; omit it")
	case o.Validation == dataset.TrainingItself:
		return flags.Errorf("-validation=training: a search needs samples that are not trained on; omit it, or give their number")
	case !o.Validates():
		err = s.Lookup("validation").Value.Set(defaultValidation)
	default:
		err = nil
	}
	if s.minutes == 0 && s.trials == 0 {
		s.minutes = defaultMinutes
	}
	return err
}

// openHeldOut reads the data with a validation set: that of -validation, that of the files, or a tenth.
func (s *settings) openHeldOut() (*dataset.Data, error) {
	d, err := s.Open()
	if errors.Is(err, dataset.ErrHeldOut) && !s.Given("validation") {
		s.HoldOut(0)
		d, err = s.Open()
	}
	return d, err
}

// search runs a search and prints its result.
func (a *app) search(s *settings, args []string, data *dataset.Data, choice *backends.Choice) error {
	regression := data.Train.Outputs > 0
	out := json.NewEncoder(a.stdout)
	var written error // the first error of writing
	search := &tune.Search{Space: s.space, Recipe: s.Recipe, Data: data, Backend: choice.Backend, Memory: s.memory, Dir: s.dir, Note: a.note,
		Limit: time.Duration(s.minutes * float64(time.Minute))}
	search.State.Recipe = s.Arguments("preset backend threads device-memory json dir minutes trials")
	search.State.Identity.Trials = s.trials
	search.Trained = func(t *tune.Trial) {
		if s.json {
			written = cmp.Or(written, out.Encode(report.TrialEvent{Event: "trial", Trial: t}))
			return
		}
		_, err := fmt.Fprintln(a.stdout, report.Trial(t, s.Epochs, regression))
		written = cmp.Or(written, err)
	}
	program := cmp.Or(a.name, "shadegrad")
	again := typed(slices.Concat([]string{program, "tune"}, args)...)
	err := search.Begin()
	if errors.Is(err, tune.ErrOther) {
		return fmt.Errorf("%w; name another directory with -dir, or delete this one", err)
	}
	if err != nil {
		return err
	}
	if n := len(search.State.Trials); n > 0 {
		a.note(fmt.Sprintf("%s: continuing a search of %s and %.0f s", s.dir, report.Count(n, "trial"), search.State.Seconds))
	}
	ctx, stop := a.interruptible()
	err = recipe.Explain(s.table, search.Run(ctx))
	signal := stop()
	var device *train.DeviceError
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return &stoppedError{signal, again}
	case errors.As(err, &device):
		return fmt.Errorf("%w; to continue, run: %s", err, again)
	case err != nil:
		return err
	case written != nil:
		return written
	}
	state := &search.State
	winner := state.Trials[*state.Winner]
	arguments := search.Arguments(winner)
	if s.Given("backend") {
		arguments = append(arguments, "-backend="+string(s.backend))
	}
	if s.json {
		return out.Encode(report.NewTunedEvent(state, arguments, regression))
	}
	_, err = fmt.Fprintf(a.stdout, "\n%s\n%s\nto repeat it, run: %s\n", report.Trials(state, regression), report.Tuned(state, regression),
		typed(slices.Concat([]string{program, "train"}, arguments)...))
	if err == nil {
		a.note("saved " + tune.WinnerFile(s.dir))
	}
	return err
}
