package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/follow"
	"shadegrad/internal/keep"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const trainUsage = `usage: shadegrad train [FLAGS]

Trains a multilayer perceptron and tests it. Without flags it learns the built-in MNIST,
on the GPU if there is one and otherwise on the CPU.
`

// train is "shadegrad train".
func (a *app) train(args []string) error {
	s, err := a.parseRecipe("train", trainUsage, args)
	if err != nil {
		return err
	}
	a.note(s.presetNote())
	if s.ofSeeds != nil {
		return a.trainSeeds(s, args)
	}
	return a.trainOnce(s)
}

// trainOnce trains one network.
func (a *app) trainOnce(s *settings) (err error) {
	if err := s.absolute(); err != nil {
		return err
	}
	if s.from != "" {
		if s.start, err = loadStart(s.from); err != nil {
			return err
		}
		if err := s.StartFrom(s.start, s.Given); err != nil {
			return err
		}
	}
	var state *train.State
	if s.resume != "" {
		if state, err = a.load(s); err != nil {
			return err
		}
		if s.save == "" {
			s.save = savedWith(s.resume, state)
		}
	}
	files, err := newRunFiles(a.name, s)
	if err != nil {
		return err
	}
	if err := s.refuseOverwrite(files); err != nil {
		return err
	}
	unlock, err := files.Lock(s.report)
	if err != nil {
		return err
	}
	defer unlock()
	state, data, choice, err := a.open(s, state)
	if err != nil {
		return err
	}
	defer func() { choice.Close() }()
	if err := s.expect.Possible(state.Options); err != nil {
		return flags.Errorf("-expect=%v", err)
	}
	if s.resume == "" {
		a.note(recipe.UnreachedMomentum(state.Options))
	}
	choice, why := a.faster(choice, bench.StepOf(state.Options, &data.Train), data)
	files.Data = data
	return a.runTraining(s, files, state, data, choice, why)
}

// absolute makes the paths of the data absolute: a checkpoint stores them, and may be resumed from another directory.
func (s *settings) absolute() (err error) {
	if !dataset.IsBuiltIn(s.Path) {
		if s.Path, err = filepath.Abs(s.Path); err != nil {
			return fmt.Errorf("-data: %w", err)
		}
	}
	if test := &s.Form.TestData; *test != "" && !dataset.IsBuiltIn(*test) {
		if *test, err = filepath.Abs(*test); err != nil {
			return fmt.Errorf("-test-data: %w", err)
		}
	}
	return nil
}

// savedWith returns the file to which the run of a checkpoint saves its network, or "" if it does not save one. A run
// that is resumed without -save continues to save it, even if the file was lost or damaged.
func savedWith(checkpoint string, state *train.State) string {
	if state.SaveName != "" {
		return filepath.Join(filepath.Dir(checkpoint), state.SaveName)
	}
	// Checkpoints of older programs do not store the name.
	save, ok := strings.CutSuffix(checkpoint, ".checkpoint")
	if !ok || filepath.Base(checkpoint) == keep.DefaultCheckpoint && !model.Is(save) {
		return ""
	}
	return save
}

// load reads the checkpoint that -resume names, and extends its run if there are more -epochs.
func (a *app) load(s *settings) (*train.State, error) {
	state, err := train.LoadCheckpoint(s.resume)
	if err != nil {
		return nil, err
	}
	if s.goOn { // the recipe is that of the command line; see state
		return state, nil
	}
	if err := s.Contradiction(s.Given, state, s.resume); err != nil {
		return nil, err
	}
	if before := state.Options.Epochs; s.Given("epochs") && s.Epochs > before {
		if err := state.Extend(s.Epochs); err != nil {
			return nil, s.usage(err)
		}
		if state.Options.SpansRun() {
			a.note(fmt.Sprintf("-epochs=%d instead of %d: from here on the learning rate follows -schedule=%s over %d epochs; the result differs from that of a run begun with %d",
				s.Epochs, before, state.Options.Schedule, s.Epochs, s.Epochs))
		}
	}
	if state.Done() {
		return nil, fmt.Errorf("%s: all %d epochs of its run are done; to continue it, give more -epochs", s.resume, state.Epoch)
	}
	if !s.Given("data") {
		s.Path = state.Data.Path
	}
	s.Form, s.Stored = state.Data.Form, true
	s.HoldOut(state.Options.Validation) // with the seed it selects the validation set
	s.Seed = state.Options.Seed
	return state, nil
}

// open reads the data while the backend opens, since both can take a while, and returns the start of the run. The
// self-test of a GPU waits for the data, which the kernels of the run depend on.
func (a *app) open(s *settings, resumed *train.State) (*train.State, *dataset.Data, *backends.Choice, error) {
	type opened struct {
		choice *backends.Choice
		err    error
	}
	done, ofRun := make(chan opened, 1), make(chan []judge.Case, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- opened{nil, fmt.Errorf("opening the backend: internal error: %v", r)}
			}
		}()
		opener := a.opener
		opener.Cases = func() []judge.Case { return <-ofRun }
		opener.NoTuning, opener.Repeat = s.tune == switchOff, s.resume != ""
		c, err := opener.Open(s.backend)
		done <- opened{c, err}
	}()
	var state *train.State
	data, err := s.Open()
	if err == nil {
		state, err = s.state(resumed, data)
	}
	if err == nil {
		ofRun <- bench.CasesOf(state.Options, data)
	}
	close(ofRun)
	o := <-done
	if err != nil || o.err != nil {
		if o.choice != nil {
			err = errors.Join(err, o.choice.Close())
		}
		if err != nil {
			return nil, nil, nil, err
		}
		return nil, nil, nil, openError(o.err, "-backend")
	}
	a.printFindings(o.choice)
	a.note(data.Note)
	a.note(s.started)
	return state, data, o.choice, nil
}

// state returns the start of the run: a new one, or the resumed one, which must have the same data.
func (s *settings) state(resumed *train.State, d *dataset.Data) (*train.State, error) {
	if s.start != nil {
		s.StartOn(s.start, &d.Train, s.Given)
	}
	if resumed == nil {
		o, err := s.options(d)
		if err != nil {
			return nil, err
		}
		state := train.NewState(o, d, s.Path)
		state.Data.Form = s.Form
		if s.start != nil {
			s.started, err = s.begin(state, s.start, d)
		}
		return state, err
	}
	if err := resumed.Data.Same(d); err != nil {
		return nil, fmt.Errorf("%s: %w; the file is not modified", s.resume, err)
	}
	o, err := s.options(d)
	if err == nil && s.start != nil {
		o.From, err = s.start.Digest()
	}
	if s.goOn && (err != nil || !reflect.DeepEqual(o, resumed.Options)) {
		return nil, fmt.Errorf("%s: its run has other settings than this command line; give the same flags, or delete the file", s.resume)
	}
	resumed.Data.Name, resumed.Data.Path = d.Name, s.Path // the data may have moved
	return resumed, nil
}

// runTraining trains on the backend chosen because of why, reports and saves. It returns the error to report if the run does not complete.
func (a *app) runTraining(s *settings, files *runFiles, state *train.State, d *dataset.Data, c *backends.Choice, why string) (err error) {
	text := report.NewText(a.stdout, a.stderr, state, a.newBar())
	text.Explain = func(err error) error { return recipe.Explain(s.table, err) }
	var show report.Reporter = text
	if s.json {
		show = report.NewJSON(a.stdout, func() time.Duration { return a.now() - a.started }, text)
	}
	scores := follow.TestScores(state, d)
	show, closeLog, err := s.startLog(show, state, scores)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(closeLog(), err) }()
	show = a.plot(report.Sparse(show, s.every, state.Options.Epochs), s, state, d, scores)
	before, err := follow.TrainingOutputs("before training", state, d)
	if err != nil {
		return err
	}
	show = follow.OutputsFirst(show, before)
	files.Note = show.Note
	show.Begin(why)
	run := &train.Run{Data: d, State: state, Report: show, Backend: c.Backend, DeviceMemory: s.memory, Save: files.AfterEpoch}
	if s.verbose {
		run.Compiled, run.Diagnosed = text.Compiled, show.Diagnosed
	}
	if c.Fallback {
		run.Fallback = func(failure error) (compute.Backend, error) {
			text.FallBack(failure)
			return cpu.New(), nil
		}
	}
	watch, err := a.watch(s, files, run, show, why)
	if err != nil {
		return err
	}
	defer func() { err = s.endWatch(watch, c, files, err) }()
	files.shadow(run, s.shadow, show)
	certificate, err := s.startCertificate(run, text)
	if err != nil {
		return err
	}
	var profiler compute.Profiler
	if s.profile {
		if profiler, err = startProfile(c.Backend); err != nil {
			return err
		}
	}
	ctx, stop := a.interruptible()
	err = recipe.Explain(s.table, run.Do(ctx))
	signal := stop()
	show.End()
	var device *train.DeviceError
	var diverged *train.DivergedError
	var breach *train.BreachError
	switch {
	case errors.Is(err, train.ErrInterrupted) && state.Values == nil:
		return &stoppedError{signal: signal}
	case errors.Is(err, train.ErrInterrupted):
		resume, saveErr := files.checkpointNow(state, s)
		if saveErr != nil {
			return saveErr
		}
		return &stoppedError{signal, resume}
	case errors.As(err, &diverged):
		return fmt.Errorf("%w; %s; try a lower -lr than %g%s", err, files.lastGood(state), state.Options.LearningRate, farTargets(&d.Train))
	case errors.As(err, &breach):
		return files.breached(breach, state)
	case errors.As(err, &device):
		return files.deviceFailed(err, state, s)
	case err != nil:
		return err
	}
	shadowed(run, show)
	if profiler != nil {
		if p, err := profiler.StopProfile(); err != nil {
			show.Note("no profile: " + err.Error()) // the run itself is complete
		} else {
			show.Profile(p)
		}
	}
	after, err := follow.TrainingOutputs("after training", state, d)
	if err != nil {
		return err
	}
	if after != nil {
		show.Outputs(after)
	}
	if err := a.complete(s, files, state, show); err != nil || certificate == nil {
		return err
	}
	return certificate.save(s, files, show)
}

// farTargets returns advice for targets whose size makes a usual learning rate too high: the gradient of the
// squared error grows with them.
func farTargets(s *dataset.Set) string {
	const usual = 100
	var largest float32
	for _, v := range s.Targets {
		largest = max(largest, v, -v)
	}
	if largest <= usual {
		return ""
	}
	return fmt.Sprintf(", or scale the targets, which reach %g, to about 1 in the file", largest)
}

// complete reports the outcome and checks what was expected of it.
func (a *app) complete(s *settings, files *runFiles, state *train.State, show report.Reporter) error {
	saveErr := files.complete(state, s)
	seconds := (a.now() - a.started).Seconds()
	if err := errors.Join(show.Done(state.Outcome(), seconds), saveErr); err != nil {
		return err
	}
	if s.save != "" {
		show.Note("saved " + report.PrintableName(s.save))
	}
	var unmet []error
	for _, x := range s.expect {
		if err := x.Check(state.Outcome(), seconds); err != nil {
			unmet = append(unmet, fmt.Errorf("-expect=%w", err))
		}
	}
	return errors.Join(unmet...)
}

// startProfile starts the device's profiler.
func startProfile(b compute.Backend) (compute.Profiler, error) {
	p, ok := b.(compute.Profiler)
	if !ok {
		return nil, fmt.Errorf("-profile: the %s backend does not time its kernels; use a system profiler such as perf", b.Info().Backend)
	}
	return p, p.StartProfile()
}
