package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// train is "shadegrad train".
func (a *app) train(args []string) error {
	f, err := a.trainFlags(args)
	if err != nil {
		return err
	}
	setThreads(f.threads)
	if f.preset != nil {
		fmt.Fprintln(a.stderr, f.presetNote())
	}
	if !dataset.IsBuiltIn(f.data.path) {
		// A checkpoint remembers the place, and may be resumed from another.
		if f.data.path, err = filepath.Abs(f.data.path); err != nil {
			return fmt.Errorf("-data: %w", err)
		}
	}
	if f.resume != "" && f.save == "" {
		f.save = besides(f.resume)
	}
	files, err := newRunFiles(a.name, f)
	if err != nil {
		return err
	}
	var state *train.State
	if f.resume != "" {
		if state, err = f.load(); err != nil {
			return err
		}
	}
	data, choice, err := a.open(f)
	if err != nil {
		return err
	}
	defer func() { choice.Close() }()
	if state, err = f.state(state, data); err != nil {
		return err
	}
	if err := f.expect.possible(state.Options); err != nil {
		return err
	}
	if note := shortOfMomentum(state.Options); note != "" && f.resume == "" {
		fmt.Fprintln(a.stderr, note)
	}
	choice, why := a.faster(choice, stepOf(state.Options, &data.Train), data)
	files.data = data
	return a.runTraining(f, files, state, data, choice, why)
}

// besides returns the network that a run saves whose checkpoint this is, or "" where none is:
// who goes on with the run and leaves -save out would else end with neither.
func besides(checkpoint string) string {
	save, ok := strings.CutSuffix(checkpoint, ".checkpoint")
	if !ok {
		return ""
	}
	if _, err := model.Load(save); err != nil {
		return "" // a file of another kind is left alone
	}
	return save
}

// load reads the checkpoint that -resume names.
func (f *trainFlags) load() (*train.State, error) {
	state, err := train.LoadCheckpoint(f.resume)
	if err != nil {
		return nil, err
	}
	if err := f.contradictions(state); err != nil {
		return nil, err
	}
	if state.Done() {
		return nil, fmt.Errorf("%s: all %d epochs of its run are done; there is nothing to resume", f.resume, state.Epoch)
	}
	if !f.given["data"] {
		f.data.path = state.Data.Path
	}
	f.data.form, f.data.typed = state.Data.Form, false
	// The validation set is the one that was put aside.
	f.recipe.Validation, f.recipe.Seed = state.Options.Validation, state.Options.Seed
	return state, nil
}

// open reads the data while the backend opens; either can take a while.
func (a *app) open(f *trainFlags) (*dataset.Data, *backends.Choice, error) {
	type opened struct {
		choice *backends.Choice
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- opened{nil, fmt.Errorf("opening the backend: internal error: %v", r)}
			}
		}()
		opener := a.opener
		opener.NoTuning = f.tune == switchOff
		c, err := opener.Open(f.backend)
		done <- opened{c, err}
	}()
	data, err := f.data.openSplit(f.recipe.Validation, f.recipe.Seed)
	o := <-done
	if err != nil || o.err != nil {
		if o.choice != nil {
			err = errors.Join(err, o.choice.Close())
		}
		if err != nil {
			return nil, nil, err
		}
		return nil, nil, openError(o.err, "-backend")
	}
	a.printFindings(o.choice)
	if data.Note != "" {
		fmt.Fprintln(a.stderr, report.PrintableName(data.Note))
	}
	return data, o.choice, nil
}

// state returns where the run begins: at resumed, which must be of the same
// data, or anew.
func (f *trainFlags) state(resumed *train.State, d *dataset.Data) (*train.State, error) {
	if resumed == nil {
		o, err := f.recipe.options(d)
		if err != nil {
			return nil, err
		}
		s := train.NewState(o, d, f.data.path)
		s.Data.Form = f.data.form
		return s, nil
	}
	if err := resumed.Data.Same(d); err != nil {
		return nil, fmt.Errorf("%s: %w; the file is left as it is", f.resume, err)
	}
	resumed.Data.Name, resumed.Data.Path = d.Name, f.data.path // it may have moved
	return resumed, nil
}

// runTraining trains on a backend that was chosen because of why, reports, saves, and turns how it ended into an error.
func (a *app) runTraining(f *trainFlags, files *runFiles, state *train.State, d *dataset.Data, c *backends.Choice, why string) error {
	text := report.NewText(a.stdout, a.stderr, state, a.newBar())
	var show report.Reporter = text
	if f.json {
		show = report.NewJSON(a.stdout, a.started, text)
	}
	show = report.Sparse(show, f.every, state.Options.Epochs)
	before, err := trainingOutputs("before training", state, d)
	if err != nil {
		return err
	}
	show = &outputsFirst{show, before}
	show.Begin(why)
	run := &train.Run{Data: d, State: state, Report: show, Backend: c, DeviceMemory: f.memory, Save: files.afterEpoch}
	if f.verbose {
		run.Compiled, run.Diagnosed = text.Compiled, show.Diagnosed
	}
	if c.Fallback {
		run.Fallback = func(failure error) (compute.Backend, error) {
			text.FallBack(inFlags(failure))
			return cpu.New(), nil
		}
	}
	files.shadow(run, f.shadow, show)
	certified, err := f.certified(run, text)
	if err != nil {
		return err
	}
	var profiler compute.Profiler
	if f.profile {
		if profiler, err = startProfile(c.Backend); err != nil {
			return err
		}
	}
	ctx, stop := a.interruptible()
	err = inFlags(run.Do(ctx))
	signal := stop()
	show.End()
	var device *train.DeviceError
	var diverged *train.DivergedError
	var breach *train.BreachError
	switch {
	case errors.Is(err, train.ErrInterrupted) && state.Values == nil:
		return &stoppedError{signal: signal}
	case errors.Is(err, train.ErrInterrupted):
		resume, saveErr := files.checkpointNow(state, f)
		if saveErr != nil {
			return saveErr
		}
		return &stoppedError{signal, resume}
	case errors.As(err, &diverged):
		return fmt.Errorf("%w; %s; try a lower -lr than %g%s", err, files.lastGood(state), state.Options.LearningRate, farTargets(&d.Train))
	case errors.As(err, &breach):
		return files.breached(breach, state)
	case errors.As(err, &device):
		return files.deviceFailed(err, state, f)
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
	after, err := trainingOutputs("after training", state, d)
	if err != nil {
		return err
	}
	if after != nil {
		show.Outputs(after)
	}
	if err := a.complete(f, files, state, show); err != nil || certified == nil {
		return err
	}
	return certified.save(f, files.program, show)
}

// farTargets advises on targets whose size alone makes a usual learning rate too high: the gradient of
// the squared error grows with them.
func farTargets(s *dataset.Set) string {
	const usual = 100
	var largest float32
	for _, v := range s.Targets {
		largest = max(largest, v, -v)
	}
	if largest <= usual {
		return ""
	}
	return fmt.Sprintf(", or bring the targets, which go up to %g, nearer to 1 in the file", largest)
}

// complete says how the run ended and checks what was expected of it.
func (a *app) complete(f *trainFlags, files *runFiles, state *train.State, show report.Reporter) error {
	if err := files.complete(state); err != nil {
		return err
	}
	seconds := time.Since(a.started).Seconds()
	if err := show.Done(state.Outcome(), seconds); err != nil {
		return err
	}
	if f.save != "" {
		show.Note("saved " + report.PrintableName(f.save))
	}
	var unmet []error
	for _, x := range f.expect {
		unmet = append(unmet, x.check(state.Outcome(), seconds))
	}
	return errors.Join(unmet...)
}

// setThreads limits the CPU backend, and gonum with it, to n threads; 0 is all.
func setThreads(n int) {
	if n > 0 {
		runtime.GOMAXPROCS(n)
	}
}

// startProfile starts the device's profiler.
func startProfile(b compute.Backend) (compute.Profiler, error) {
	p, ok := b.(compute.Profiler)
	if !ok {
		return nil, fmt.Errorf("-profile: the %s backend does not time its kernels; use a system profiler such as perf", b.Info().Backend)
	}
	return p, p.StartProfile()
}
