// Package tune searches for the flags of a training run that are best on a validation set: random search (Bergstra and
// Bengio, JMLR 13, 2012) with the successive halving of Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar,
// JMLR 18, 2018).
//
// A trial that a rung keeps continues from its checkpoint, with the schedule of the whole run, so that a trial that is
// trained to the end is bit-identical to a run of "shadegrad train" with its flags. The state of the search is stored
// after each rung of a trial, and a search that was killed continues there.
package tune

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
	"shadegrad/internal/tune/space"
)

// A Search is a search for the best flags.
type Search struct {
	State   State // its Identity has the recipe and the bound of trials; Begin reads the rest
	Space   space.Space
	Recipe  recipe.Recipe // without the searched flags; its validation set is held out
	Data    *dataset.Data
	Backend compute.Backend
	Memory  int64         // of the device; 0: no bound
	Limit   time.Duration // of the search in all its parts; 0: none
	Dir     string        // of the state and the checkpoints
	Note    func(string)
	Trained func(t *Trial) // is called after each rung of a trial

	began   time.Duration // reading of the clock
	before  float64       // seconds of earlier parts
	optimal int           // number of the best complete trial; −1: none
}

// Begin reads the state of the directory, if there is one. It returns ErrOther if that is another search.
func (s *Search) Begin() error {
	for _, d := range s.Space {
		s.State.Space = append(s.State.Space, "-"+d.Name+"="+d.Text)
	}
	s.State.Version, s.State.Data, s.State.Backend = version, s.Data.Train.Digest(), s.Backend.Info().Backend
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	old, err := Load(s.Dir)
	switch {
	case err != nil || old == nil:
		return err
	case !reflect.DeepEqual(old.Identity, s.State.Identity):
		return fmt.Errorf("%s: %w", s.Dir, ErrOther)
	}
	s.State = *old
	return nil
}

// Run searches until all trials are made or the time is over, and evaluates the winner on the test set. A search that was
// complete is not changed. If ctx ends it returns train.ErrInterrupted; everything is stored.
func (s *Search) Run(ctx context.Context) error {
	if s.State.Tested != nil {
		return nil
	}
	s.began, s.before, s.optimal = clock.Now(), s.State.Seconds, -1
	for _, t := range s.State.Trials {
		if t.Complete {
			s.choose(t)
		}
	}
	if s.State.Winner == nil {
		if err := s.search(ctx); err != nil {
			return err
		}
		if s.optimal < 0 {
			return errors.New("no trial was trained to the end; search lower learning rates if they diverged, or allow more time with -minutes")
		}
		s.State.Winner = &s.optimal
		if err := s.save(); err != nil {
			return err
		}
	}
	return s.test(ctx)
}

// search trains the trials.
func (s *Search) search(ctx context.Context) (err error) {
	t, err := s.trial(0) // the recipe itself; without result if it needs one of the searched flags
	if err == nil {
		err = s.rung(ctx, t, 0, s.Recipe.Epochs)
	}
	if err != nil {
		return err
	}
	brackets(s.Recipe.Epochs, s.State.Identity.Trials, func(b bracket) bool {
		var over bool
		over, err = s.halve(ctx, b)
		return err == nil && !over
	})
	if last := len(s.State.Trials) - 1; last > 0 && s.State.Trials[last].Last() == nil && s.State.Trials[last].Diverged == "" {
		s.State.Trials = s.State.Trials[:last] // the time was over before it began
	}
	if leader := leaderOf(s.State.Trials); err == nil && s.optimal < 0 && leader != nil { // the time was too short
		return s.rung(ctx, leader, len(leader.Rungs), s.Recipe.Epochs)
	}
	return err
}

// halve trains the trials of a bracket. It reports whether the time of the search is over.
func (s *Search) halve(ctx context.Context, b bracket) (over bool, err error) {
	var list []*Trial
	for i := range b.n {
		t, err := s.trial(b.first + i)
		if err != nil {
			return true, err
		}
		list = append(list, t)
		if over, err := s.inTime(ctx, list, t, 0, b); err != nil || over {
			return true, err
		}
	}
	for i := 1; i < len(b.epochs); i++ {
		kept := best(list, i-1)
		for _, t := range list {
			if !slices.Contains(kept, t) && !t.Complete {
				if err := s.drop(t); err != nil {
					return true, err
				}
			}
		}
		list = kept
		for _, t := range list {
			if over, err := s.inTime(ctx, list, t, i, b); err != nil || over {
				return true, err
			}
		}
	}
	return false, nil
}

// inTime trains a trial up to a rung if there is time for it and then to train the best one of a list to the end.
// Otherwise it trains the best one to the end, if there is time for that, and reports that the time is over.
func (s *Search) inTime(ctx context.Context, list []*Trial, t *Trial, rung int, b bracket) (over bool, err error) {
	if t.at(rung) != nil || t.Diverged != "" {
		return false, nil
	}
	leader := leaderOf(list)
	needed, rest := s.left(t, b.epochs[rung]), 0.
	if leader != nil && !leader.Complete && leader != t {
		rest = s.left(leader, s.Recipe.Epochs)
	}
	switch {
	case !s.late(needed + rest):
		return false, s.rung(ctx, t, rung, b.epochs[rung])
	case rest > 0 && !s.late(rest):
		return true, s.rung(ctx, leader, len(leader.Rungs), s.Recipe.Epochs)
	}
	return true, nil
}

// leaderOf returns the trial with the best last result of those that did not diverge, or nil.
func leaderOf(list []*Trial) (leader *Trial) {
	for _, t := range list {
		if t.Diverged == "" && t.Last() != nil && (leader == nil || compare(t.Last(), leader.Last()) < 0) {
			leader = t
		}
	}
	return leader
}

// left estimates the seconds of training a trial up to an epoch, by its own time or that of the recipe.
func (s *Search) left(t *Trial, epochs int) float64 {
	done, measured := 0, t
	if t.Last() != nil {
		done = t.Last().Epochs
	} else if measured = s.State.Trials[0]; measured.Last() == nil {
		return 0
	}
	return float64(epochs-done) * measured.Seconds / float64(measured.Last().Epochs)
}

// late reports whether the time will be over after the given number of seconds.
func (s *Search) late(seconds float64) bool {
	return s.Limit > 0 && s.seconds()+seconds >= s.Limit.Seconds()
}

// seconds returns the time of the search in all its parts.
func (s *Search) seconds() float64 { return s.before + clock.Since(s.began).Seconds() }

// trial returns a trial, drawn if it is new.
func (s *Search) trial(number int) (*Trial, error) {
	if number < len(s.State.Trials) {
		return s.State.Trials[number], nil
	}
	t := &Trial{Number: number}
	if number > 0 {
		var err error
		if t.Flags, err = s.Space.Draw(s.Recipe.Seed, number, s.valid); err != nil {
			return nil, err
		}
	} else if err := s.valid(nil); err != nil {
		t.Diverged = err.Error()
	}
	s.State.Trials = append(s.State.Trials, t)
	return t, nil
}

// valid returns an error if flags contradict the recipe or each other.
func (s *Search) valid(list []flags.Assignment) error {
	_, err := s.options(list)
	return err
}

// options returns the options of a trial.
func (s *Search) options(list []flags.Assignment) (train.Options, error) {
	r := recipe.Default()
	set, err := s.set(&r, list)
	if err != nil {
		return train.Options{}, err
	}
	r.Form = s.Recipe.Form
	o, err := r.OptionsOn(&s.Data.Train)
	return o, recipe.Explain(set.Flags, err)
}

// set sets a recipe to that of a trial.
func (s *Search) set(r *recipe.Recipe, list []flags.Assignment) (*flags.Set, error) {
	set := flags.NewSet("train", r.Flags())
	return set, set.Parse(slices.Concat(s.State.Recipe, flags.Names(list)))
}

// Arguments returns the flags of "shadegrad train" that repeat a trial.
func (s *Search) Arguments(t *Trial) []string {
	r := recipe.Default()
	set, err := s.set(&r, t.Flags)
	if err != nil {
		return nil
	}
	var list []string
	for _, arg := range set.Arguments("preset") {
		list = append(list, strings.TrimSuffix(arg, "=true"))
	}
	return list
}

// state returns the state of a trial from its checkpoint, or a new one if the checkpoint is missing or cannot be used.
func (s *Search) state(t *Trial) (*train.State, error) {
	o, err := s.options(t.Flags)
	if err != nil {
		return nil, err
	}
	fresh := train.NewState(o, s.Data, s.Recipe.Path)
	fresh.Data.Form, fresh.Data.Digest = s.Recipe.Form, s.State.Data
	if st, err := train.LoadCheckpoint(s.checkpoint(t)); err == nil && reflect.DeepEqual(st.Options, fresh.Options) && st.Data.Digest == fresh.Data.Digest {
		return st, nil
	}
	return fresh, nil
}

// rung trains a trial up to an epoch and stores the result, unless that is done.
func (s *Search) rung(ctx context.Context, t *Trial, rung, epochs int) error {
	if len(t.Rungs) > rung || t.Diverged != "" || t.Complete {
		return nil
	}
	begin := clock.Now()
	st, err := s.state(t)
	if err != nil {
		return err
	}
	err = s.train(ctx, t, st, epochs)
	var diverged *train.DivergedError
	switch {
	case errors.As(err, &diverged):
		t.Diverged = diverged.Error()
	case errors.Is(err, train.ErrInterrupted):
		t.Seconds += clock.Since(begin).Seconds()
		s.State.Seconds = s.seconds()
		return errors.Join(err, s.save())
	case err != nil:
		return err
	default:
		e := st.Outcome()
		t.Rungs = append(t.Rungs, Result{st.Epoch, e.Epoch, e.ValAcc, e.ValLoss})
		t.Complete = st.Trained()
	}
	if t.Seconds += clock.Since(begin).Seconds(); t.Diverged == "" {
		if err := s.keep(t, st); err != nil {
			return err
		}
	}
	s.State.Seconds = s.seconds()
	if err := s.save(); err != nil {
		return err
	}
	s.Trained(t)
	switch previous := s.optimal; {
	case t.Diverged != "":
		return s.drop(t)
	case !t.Complete:
		return nil
	case !s.choose(t): // only the best complete trial is tested
		return s.drop(t)
	case previous >= 0:
		return s.drop(s.State.Trials[previous])
	}
	return nil
}

// choose reports whether a complete trial is the best so far, and notes its number if so. Of equal trials the one with the lowest
// number is the best.
func (s *Search) choose(t *Trial) bool {
	if s.optimal >= 0 {
		if c := compare(t.Last(), s.State.Trials[s.optimal].Last()); c > 0 || c == 0 && t.Number > s.optimal {
			return false
		}
	}
	s.optimal = t.Number
	return true
}

// saveEvery is the time between two checkpoints during a rung.
const saveEvery = 10 * time.Second

// train moves the state of a trial up to an epoch.
func (s *Search) train(ctx context.Context, t *Trial, st *train.State, epochs int) error {
	if st.Epoch >= epochs || st.Trained() {
		return nil
	}
	saved := clock.Now()
	run := &train.Run{Data: s.Data, State: st, Report: silent{}, Backend: s.Backend, DeviceMemory: s.Memory, Until: epochs}
	run.Save = func(st *train.State) error {
		if ctx.Err() == nil && clock.Since(saved) < saveEvery {
			return nil
		}
		saved = clock.Now()
		return s.keep(t, st)
	}
	return run.Do(ctx)
}

// test evaluates the winner on the test set and saves its network.
func (s *Search) test(ctx context.Context) error {
	t := s.State.Trials[*s.State.Winner]
	st, err := s.state(t)
	if err != nil {
		return err
	}
	run := &train.Run{Data: s.Data, State: st, Report: silent{}, Backend: s.Backend, DeviceMemory: s.Memory}
	if err := run.Do(ctx); err != nil {
		return err
	}
	if err := atomicfile.Noted(st.Model(s.Data).Save(WinnerFile(s.Dir)), s.Note); err != nil {
		return err
	}
	outcome := st.Outcome()
	s.State.Seconds, s.State.Tested = s.seconds(), &outcome
	if err := s.save(); err != nil {
		return err
	}
	for _, t := range s.State.Trials {
		if err := s.drop(t); err != nil {
			return err
		}
	}
	return nil
}

// silent is the reporter of a trial.
type silent struct{}

func (silent) Started(compute.Info)    {}
func (silent) Progress(train.Progress) {}
func (silent) Finished(train.Epoch)    {}
func (silent) Noticed(train.Notice)    {}
