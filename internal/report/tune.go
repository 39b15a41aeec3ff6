package report

import (
	"fmt"
	"slices"
	"strings"

	"shadegrad/internal/flags"
	"shadegrad/internal/tune"
)

// trialFlags returns the searched flags of a trial.
func trialFlags(t *tune.Trial) string {
	if t.Number == 0 {
		return "(the recipe itself)"
	}
	return strings.Join(flags.Names(t.Flags), " ")
}

// resultText formats the result of a trial: an accuracy or, for regression, a loss.
func resultText(r *tune.Result, regression bool) string {
	if regression {
		return fmt.Sprintf("%.6g", r.ValLoss)
	}
	return fmt.Sprintf("%.2f%%", 100*r.ValAcc)
}

// Trial describes the last rung of a trial on a line.
func Trial(t *tune.Trial, epochs int, regression bool) string {
	if t.Diverged != "" {
		return fmt.Sprintf("trial %d: diverged: %s; %s", t.Number, t.Diverged, trialFlags(t))
	}
	what := "accuracy"
	if regression {
		what = "loss"
	}
	return fmt.Sprintf("trial %d: epoch %d/%d: validation %s %s; %s", t.Number, t.Last().Epochs, epochs, what, resultText(t.Last(), regression), trialFlags(t))
}

// shownTrials is the number of trials in the table of a search.
const shownTrials = 20

// Trials formats the best trials of a search as a table, the longest trained first.
func Trials(s *tune.State, regression bool) string {
	list := slices.Clone(s.Trials)
	slices.SortStableFunc(list, tune.Compare)
	head := "validation accuracy"
	if regression {
		head = "validation loss"
	}
	rows := [][]string{{"trial", "epochs", head, "seconds", "flags"}}
	for _, t := range list[:min(len(list), shownTrials)] {
		epochs, result := "0", "diverged"
		if t.Last() != nil {
			epochs = fmt.Sprint(t.Last().Epochs)
		}
		if t.Diverged == "" && t.Last() != nil {
			result = resultText(t.Last(), regression)
		}
		rows = append(rows, []string{fmt.Sprint(t.Number), epochs, result, fmt.Sprintf("%.2f", t.Seconds), trialFlags(t)})
	}
	text := Table(rows)
	if n := len(list) - shownTrials; n > 0 {
		text += fmt.Sprintf("and %d more\n", n)
	}
	return text
}

// A TrialEvent is a line of "tune -json" after each rung of a trial.
type TrialEvent struct {
	Event string `json:"event"` // "trial"
	*tune.Trial
}

// A TunedEvent is the last line of "tune -json".
type TunedEvent struct {
	Event     string       `json:"event"` // "done"
	Trials    int          `json:"trials"`
	Winner    *tune.Trial  `json:"winner"`
	Recipe    *tune.Result `json:"recipe,omitempty"` // the result of trial 0
	Arguments []string     `json:"arguments"`        // of "train", to repeat the winner
	TestAcc   *float64     `json:"test_acc,omitempty"`
	TestLoss  float64      `json:"test_loss"`
	Seconds   float64      `json:"seconds"` // of the search in all its parts
	Backend   string       `json:"backend"`
}

// NewTunedEvent returns the event of a complete search.
func NewTunedEvent(s *tune.State, arguments []string, regression bool) TunedEvent {
	e := TunedEvent{Event: "done", Trials: len(s.Trials) - 1, Winner: s.Trials[*s.Winner], Recipe: s.Trials[0].Last(), Arguments: arguments,
		TestLoss: s.Tested.TestLoss, Seconds: s.Seconds, Backend: s.Backend}
	if !regression {
		e.TestAcc = &s.Tested.TestAcc
	}
	return e
}

// Tuned describes the winner of a complete search.
func Tuned(s *tune.State, regression bool) string {
	w := s.Trials[*s.Winner]
	text := fmt.Sprintf("winner of %s: trial %d, %s on the validation set", Count(len(s.Trials)-1, "trial"), w.Number, resultText(w.Last(), regression))
	if recipe := s.Trials[0].Last(); recipe != nil && w.Number > 0 {
		text += fmt.Sprintf(" (the recipe itself: %s)", resultText(recipe, regression))
	}
	if regression {
		return text + fmt.Sprintf("; test loss %.6g; %.2f s", s.Tested.TestLoss, s.Seconds)
	}
	return text + fmt.Sprintf("; test accuracy %.2f%%, loss %.4f; %.2f s", 100*s.Tested.TestAcc, s.Tested.TestLoss, s.Seconds)
}
