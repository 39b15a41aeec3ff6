package cli

import (
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/train"
)

// scores adds how scores are shown.
type scores struct {
	*train.Scores
	names []string // of the classes; nil where they have none
}

// name returns the name of a class, or "".
func (s scores) name(class int) string {
	if class < len(s.names) {
		return s.names[class]
	}
	return ""
}

// precision is the share of those taken for class j that are of it; ok is false
// where none was taken for it.
func (s scores) precision(j int) (p float64, ok bool) {
	return share(s.Confusion[j][j], s.Predicted(j))
}

// recall is the share of those of class i that were taken for it; ok is false
// where there are none.
func (s scores) recall(i int) (r float64, ok bool) {
	return share(s.Confusion[i][i], s.Actual(i))
}

func share(part, whole int) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

// table writes the scores for people. For regression there is only a loss.
func (s scores) table(path string, d *dataset.Data) string {
	var t strings.Builder
	path, name := printableName(path), printableName(d.Name)
	if s.Confusion == nil {
		fmt.Fprintf(&t, "%s on %s: %s, loss %.6g\n", path, name, count(s.Samples, "test sample"), s.Loss)
		return t.String()
	}
	hits := 0
	for i := range s.Confusion {
		hits += s.Confusion[i][i]
	}
	fmt.Fprintf(&t, "%s on %s: %d of %d test %s right, accuracy %.2f%%, loss %.4f\n\n",
		path, name, hits, s.Samples, samples(d.Test.Height), 100*s.Acc, s.Loss)
	width := len(fmt.Sprint(s.Samples)) + 1
	fmt.Fprintf(&t, "rows: what it is; columns: what it was taken for\n%5s", "")
	for j := range s.Confusion {
		fmt.Fprintf(&t, "%*d", width, j)
	}
	fmt.Fprint(&t, "  precision  recall\n")
	for i, row := range s.Confusion {
		fmt.Fprintf(&t, "%5d", i)
		for _, n := range row {
			fmt.Fprintf(&t, "%*s", width, dotForZero(n))
		}
		fmt.Fprintf(&t, "  %9s  %6s", percent(s.precision(i)), percent(s.recall(i)))
		if name := s.name(i); name != "" {
			fmt.Fprintf(&t, "  %s", printableName(name))
		}
		fmt.Fprint(&t, "\n")
	}
	return t.String()
}

// dotForZero keeps the zeros of a confusion matrix from hiding the rest.
func dotForZero(n int) string {
	if n == 0 {
		return "."
	}
	return fmt.Sprint(n)
}

// percent writes a share, or a dash where there is none.
func percent(v float64, ok bool) string {
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.2f%%", 100*v)
}

// An evalEvent is what "eval -json" writes. For regression it has neither accuracy nor classes.
type evalEvent struct {
	Event     string       `json:"event"` // "eval"
	Model     string       `json:"model"`
	Data      string       `json:"data"`
	Images    int          `json:"test_images"`
	Acc       *float64     `json:"test_acc,omitempty"`
	Loss      float64      `json:"test_loss"`
	Confusion [][]int      `json:"confusion,omitempty"` // [class][taken for]
	Classes   []classScore `json:"classes,omitempty"`
	Backend   string       `json:"backend"`
	Device    string       `json:"device"`
}

// A classScore has null for what no sample defines.
type classScore struct {
	Class     int      `json:"class"`
	Name      string   `json:"name,omitempty"`
	Images    int      `json:"images"`
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
}

func (s scores) event(path string, d *dataset.Data, i compute.Info) evalEvent {
	e := evalEvent{Event: "eval", Model: path, Data: d.Name, Images: s.Samples, Loss: s.Loss,
		Confusion: s.Confusion, Backend: i.Backend, Device: i.Device}
	if s.Confusion != nil {
		e.Acc = &s.Acc
	}
	for c := range s.Confusion {
		score := classScore{Class: c, Name: s.name(c), Images: s.Actual(c)}
		if p, ok := s.precision(c); ok {
			score.Precision = &p
		}
		if r, ok := s.recall(c); ok {
			score.Recall = &r
		}
		e.Classes = append(e.Classes, score)
	}
	return e
}
