package tune

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"shadegrad/cpu"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// TestBrackets compares the brackets with algorithm 1 of the paper for R = 81 and η = 3.
func TestBrackets(t *testing.T) {
	list := func(epochs, trials, most int) (text []string) {
		brackets(epochs, trials, func(b bracket) bool {
			text = append(text, fmt.Sprint(b.first, b.n, b.epochs))
			return len(text) < most
		})
		return text
	}
	for _, c := range []struct {
		epochs, trials, most int
		want                 []string
	}{
		{81, 0, 6, []string{"1 81 [1 3 9 27 81]", "82 34 [3 9 27 81]", "116 15 [9 27 81]", "131 8 [27 81]", "139 5 [81]", "144 81 [1 3 9 27 81]"}},
		{5, 7, 9, []string{"1 3 [2 5]", "4 2 [5]", "6 2 [2 5]"}},
		{1, 2, 9, []string{"1 1 [1]", "2 1 [1]"}},
	} {
		if got := list(c.epochs, c.trials, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%d epochs: %q, want %q", c.epochs, got, c.want)
		}
	}
}

// search returns a small search in a directory.
func search(t *testing.T, dir string, trials int, set ...string) *Search {
	t.Helper()
	r := recipe.Default()
	args := append([]string{"-data=moons", "-validation=0.3", "-epochs=9", "-hidden=8"}, set...)
	table := flags.NewSet("train", r.Flags())
	if err := table.Parse(args); err != nil {
		t.Fatal(err)
	}
	d, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	b := cpu.New()
	t.Cleanup(func() { b.Close() })
	s := &Search{Recipe: r, Data: d, Backend: b, Dir: dir, Note: func(text string) { t.Log(text) }, Trained: func(*Trial) {}}
	s.State.Recipe, s.State.Identity.Trials = table.Arguments("preset"), trials
	ranges := recipe.Default()
	searched := flags.NewSet("train", ranges.Flags())
	searched.Otherwise = s.Space.Add
	if err := searched.Parse([]string{"-lr=1e-4..10", "-batch=1|4|16", "-optimizer=sgd|adam|rmsprop", "-momentum=0.1|0.9"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	return s
}

// without returns the state of a search without its times.
func without(s *Search) State {
	state := s.State
	state.Seconds, state.Trials = 0, nil
	for _, t := range s.State.Trials {
		other := *t
		other.Seconds = 0
		state.Trials = append(state.Trials, &other)
	}
	tested := *state.Tested
	tested.Seconds, tested.EvalSeconds = 0, 0
	state.Tested = &tested
	return state
}

// TestSearch checks the winner of a search, and that each complete trial has the results of a run with its flags.
func TestSearch(t *testing.T) {
	s := search(t, t.TempDir(), 14)
	s.Trained = func(trial *Trial) { // a trial continues from this state in its next rung
		if st, err := s.state(trial); trial.Diverged == "" && (err != nil || st.Epoch != trial.Last().Epochs || st.Tested != nil) {
			t.Errorf("trial %d continues from epoch %d, want %d and no test; error %v", trial.Number, st.Epoch, trial.Last().Epochs, err)
		}
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.State.Trials); n != 15 {
		t.Fatalf("%d trials, want 15", n)
	}
	complete := 0
	for _, trial := range s.State.Trials {
		if strings.Contains(fmt.Sprint(trial.Flags), "{optimizer rmsprop}") {
			t.Errorf("trial %d: rmsprop has no momentum", trial.Number)
		}
		if !trial.Complete {
			continue
		}
		complete++
		o, err := s.options(trial.Flags)
		if err != nil {
			t.Fatal(err)
		}
		alone := &train.Run{Data: s.Data, State: train.NewState(o, s.Data, "moons"), Report: silent{}, Backend: s.Backend}
		if err := alone.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		got, want := trial.Last(), alone.State.Outcome()
		if *got != (Result{9, want.Epoch, want.ValAcc, want.ValLoss}) {
			t.Errorf("trial %d: %+v, alone %+v", trial.Number, *got, want)
		}
		if w := s.State.Trials[*s.State.Winner].Last(); compare(got, w) < 0 {
			t.Errorf("trial %d is better than the winner: %+v, %+v", trial.Number, *got, *w)
		}
		if trial.Number == *s.State.Winner && (s.State.Tested.TestAcc != want.TestAcc || s.State.Tested.TestLoss != want.TestLoss) {
			t.Errorf("the test of the winner is %+v, alone %+v", *s.State.Tested, want)
		}
	}
	if complete < 3 || complete == 15 {
		t.Errorf("%d of 15 trials are complete", complete)
	}
	files, err := os.ReadDir(s.Dir)
	if err != nil || len(files) != 2 {
		t.Errorf("files at the end: %v, error %v", files, err)
	}
}

// TestResume interrupts a search after every rung, and in the steps of the next, and compares the result with that of a
// search that was not interrupted.
func TestResume(t *testing.T) {
	whole := search(t, t.TempDir(), 9)
	if err := whole.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	dir, parts := t.TempDir(), 0
	for {
		s := search(t, dir, 9)
		ctx, cancel := context.WithCancel(context.Background())
		s.Trained = func(*Trial) { cancel() }
		err := s.Run(ctx)
		cancel()
		if err == nil {
			if got, want := without(s), without(whole); !reflect.DeepEqual(got, want) {
				t.Errorf("after %d parts the search has\n%+v\nwant\n%+v", parts, got, want)
			}
			break
		}
		if parts++; !errors.Is(err, train.ErrInterrupted) || parts > 100 {
			t.Fatal(err)
		}
	}
	if parts < 9 {
		t.Errorf("the search was interrupted %d times", parts)
	}
	// A complete search does not train.
	again := search(t, dir, 9)
	again.Trained = func(t2 *Trial) { t.Errorf("trial %d was trained again", t2.Number) }
	if err := again.Run(context.Background()); err != nil {
		t.Error(err)
	}

	// Other flags are another search.
	other := search(t, t.TempDir(), 8)
	other.Dir, other.State.Space = dir, nil
	if err := other.Begin(); !errors.Is(err, ErrOther) {
		t.Errorf("a search with another number of trials: %v", err)
	}
	for _, text := range []string{"", "{}", `{"version":1,"trials":[null]}`, `{"version":1,"winner":0}`, `{"version":2}`} {
		if err := os.WriteFile(stateFile(dir), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), stateFile(dir)) {
			t.Errorf("a state %q: %v", text, err)
		}
	}
}

// TestLimit checks that a search whose time is over has a complete winner.
func TestLimit(t *testing.T) {
	s := search(t, t.TempDir(), 0)
	s.Limit = time.Nanosecond
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.State.Trials); n != 1 || *s.State.Winner != 0 {
		t.Errorf("%d trials, winner %d; want the recipe alone", n, *s.State.Winner)
	}
	// -momentum goes with rmsprop in no case, so the recipe itself has no result.
	s = search(t, t.TempDir(), 0, "-momentum-end=0.9")
	s.Limit = time.Nanosecond
	if err := s.Run(context.Background()); err == nil {
		t.Error("a search without a valid trial has a winner")
	}
}

// TestBest checks which trials a rung keeps.
func TestBest(t *testing.T) {
	var list []*Trial
	for i, r := range []Result{{ValAcc: 0.5, ValLoss: 1}, {ValAcc: 0.9, ValLoss: 2}, {ValAcc: 0.9, ValLoss: 1}, {ValAcc: 0.7}, {ValAcc: 0.8}, {}, {ValAcc: 0.9, ValLoss: 1}} {
		list = append(list, &Trial{Number: i, Rungs: []Result{{}, r}})
	}
	list[3].Complete, list[3].Rungs = true, []Result{{ValAcc: 0.95}} // it stopped early
	list[5].Rungs, list[5].Diverged = nil, "the loss is NaN"
	numbers := func(list []*Trial) (n []int) {
		for _, trial := range list {
			n = append(n, trial.Number)
		}
		return n
	}
	for _, c := range []struct{ of, want []int }{
		{[]int{0, 1, 2, 3, 4, 5, 6}, []int{3, 2}},
		{[]int{6, 5, 4, 2, 1, 0}, []int{6, 2}}, // of equal ones the first
		{[]int{5, 0}, []int{0}},
		{[]int{5}, []int{5}},
	} {
		var of []*Trial
		for _, n := range c.of {
			of = append(of, list[n])
		}
		if got := numbers(best(of, 1)); !slices.Equal(got, c.want) {
			t.Errorf("of the trials %v the best are %v, want %v", c.of, got, c.want)
		}
	}
}

// TestLeader checks that a trial that diverged does not lead, although it led before.
func TestLeader(t *testing.T) {
	of := func(accuracy float64, diverged string) *Trial {
		return &Trial{Rungs: []Result{{ValAcc: accuracy}}, Diverged: diverged}
	}
	list := []*Trial{of(0.9, "the loss is NaN"), of(0.7, ""), of(0.8, ""), {}}
	if got := leaderOf(list); got != list[2] {
		t.Errorf("the leader is %+v", got)
	}
	if got := leaderOf(list[:1]); got != nil {
		t.Errorf("the leader is %+v", got)
	}
}
