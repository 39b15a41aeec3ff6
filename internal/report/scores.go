package report

import (
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/train"
)

// Scores is the evaluation of a saved network on a test set.
type Scores struct {
	*train.Scores
	Names []string // of the classes; nil if they have none
	Path  string   // of the network
	Data  *dataset.Data
}

// name returns the name of a class, or "".
func (s Scores) name(class int) string {
	if class < len(s.Names) {
		return s.Names[class]
	}
	return ""
}

// Text formats the scores for people: loss, accuracy and confusion matrix, or for regression the loss alone.
func (s Scores) Text() string {
	var t strings.Builder
	path, name := PrintableName(s.Path), PrintableName(s.Data.Name)
	if s.Confusion == nil {
		fmt.Fprintf(&t, "%s on %s: %s, loss %.6g\n", path, name, Count(s.Samples, "test sample"), s.Loss)
		return t.String()
	}
	hits := 0
	for i := range s.Confusion {
		hits += s.Confusion[i][i]
	}
	fmt.Fprintf(&t, "%s on %s: %d of %d test %s right, accuracy %.2f%%, loss %.4f\n\n",
		path, name, hits, s.Samples, Samples(s.Data.Test.Height), 100*s.Acc, s.Loss)
	width := len(fmt.Sprint(s.Samples)) + 1
	fmt.Fprintf(&t, "rows: true class; columns: predicted class\n%5s", "")
	for j := range s.Confusion {
		fmt.Fprintf(&t, "%*d", width, j)
	}
	fmt.Fprint(&t, "  precision  recall\n")
	for i, row := range s.Confusion {
		fmt.Fprintf(&t, "%5d", i)
		for _, n := range row {
			fmt.Fprintf(&t, "%*s", width, dotForZero(n))
		}
		fmt.Fprintf(&t, "  %9s  %6s", hitRate(s, i, s.Predicted(i)), hitRate(s, i, s.Actual(i)))
		if name := s.name(i); name != "" {
			fmt.Fprintf(&t, "  %s", Short(name))
		}
		fmt.Fprint(&t, "\n")
	}
	return t.String()
}

// dotForZero writes a dot for 0, which keeps the other numbers of a confusion matrix visible.
func dotForZero(n int) string {
	if n == 0 {
		return "."
	}
	return fmt.Sprint(n)
}

// hitRate formats the correct predictions of a class as a percentage of n samples: its precision or its recall.
func hitRate(s Scores, class, n int) string {
	return percent(float64(s.Confusion[class][class]), float64(n), "%.2f")
}

// An EvalEvent is the line of "eval -json". For regression it has neither accuracy nor classes.
type EvalEvent struct {
	Event     string       `json:"event"` // "eval"
	Model     string       `json:"model"`
	Data      string       `json:"data"`
	Images    int          `json:"test_images"`
	Acc       *float64     `json:"test_acc,omitempty"`
	Loss      float64      `json:"test_loss"`
	Confusion [][]int      `json:"confusion,omitempty"` // [true class][predicted class]
	Classes   []classScore `json:"classes,omitempty"`
	Backend   string       `json:"backend"`
	Device    string       `json:"device"`
}

// A classScore has null for a figure that no sample defines.
type classScore struct {
	Class     int      `json:"class"`
	Name      string   `json:"name,omitempty"`
	Images    int      `json:"images"`
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
}

// Event returns the line of "eval -json" for an evaluation on a backend.
func (s Scores) Event(i compute.Info) EvalEvent {
	e := EvalEvent{Event: "eval", Model: s.Path, Data: s.Data.Name, Images: s.Samples, Loss: s.Loss,
		Confusion: s.Confusion, Backend: i.Backend, Device: i.Device}
	if s.Confusion != nil {
		e.Acc = &s.Acc
	}
	for c, row := range s.Confusion {
		hits := float64(row[c])
		e.Classes = append(e.Classes, classScore{Class: c, Name: s.name(c), Images: s.Actual(c),
			Precision: finite(hits / float64(s.Predicted(c))), Recall: finite(hits / float64(s.Actual(c)))})
	}
	return e
}
