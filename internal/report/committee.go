package report

import (
	"fmt"
	"math"

	"shadegrad/internal/train"
)

// A Member is a network of a committee with its results on a test set.
type Member struct {
	Name string // of its file, or its seed
	train.Scores
}

// Committee formats the results of networks, their mean and deviation, and the results of their committee as a table.
// head is the heading of the names.
func Committee(head string, list []Member, together train.Scores, regression bool) string {
	rows := [][]string{{head, "wrong", "test error", "loss"}}
	if regression {
		rows = [][]string{{head, "loss"}}
	}
	add := func(name, wrong, rate, loss string) {
		row := []string{name, wrong, rate, loss}
		if regression {
			row = []string{name, loss}
		}
		rows = append(rows, row)
	}
	figures := func(name string, s train.Scores) {
		add(name, fmt.Sprint(wrong(s)), fmt.Sprintf("%.2f%%", 100*(1-s.Acc)), fmt.Sprintf("%.4f", s.Loss))
	}
	var mistakes, rates, losses []float64
	for _, m := range list {
		figures(PrintableName(m.Name), m.Scores)
		mistakes, rates, losses = append(mistakes, float64(wrong(m.Scores))), append(rates, 100*(1-m.Acc)), append(losses, m.Loss)
	}
	add("mean", meanText(mistakes, "%.1f"), meanText(rates, "%.2f")+"%", meanText(losses, "%.4f"))
	figures("committee", together)
	return Table(rows)
}

// wrong returns the number of samples of other classes than predicted.
func wrong(s train.Scores) int { return int(math.Round(float64(s.Samples) * (1 - s.Acc))) }

// errorRate returns the fraction of samples of other classes than predicted, without the rounding of 1 − Acc.
func errorRate(s train.Scores) float64 { return float64(wrong(s)) / float64(s.Samples) }

// meanText formats the mean of some numbers with their standard deviation.
func meanText(list []float64, format string) string {
	mean, deviation := MeanDeviation(list)
	return fmt.Sprintf(format+" ± "+format, mean, deviation)
}

// MeanDeviation returns the mean of some numbers and their standard deviation, with n − 1 in the denominator; for a
// single number it is 0.
func MeanDeviation(list []float64) (mean, deviation float64) {
	for _, v := range list {
		mean += v / float64(len(list))
	}
	for _, v := range list {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(max(len(list)-1, 1)))
}

// A CommitteeEvent is the last line of "train -seeds -json" and of "eval -json" for a committee. For regression it has no
// errors.
type CommitteeEvent struct {
	Event     string        `json:"event"` // "committee"
	Data      string        `json:"data"`
	Images    int           `json:"test_images"`
	Members   []memberEvent `json:"members"`
	MeanError *float64      `json:"mean_error,omitempty"` // of the members' test errors, from 0 to 1
	Deviation *float64      `json:"deviation,omitempty"`
	Error     *float64      `json:"test_error,omitempty"` // of the committee
	Loss      float64       `json:"test_loss"`
	Backend   string        `json:"backend"`
	Seconds   float64       `json:"seconds,omitempty"` // of "train": from the start of the process
}

type memberEvent struct {
	Name  string   `json:"name"`
	Error *float64 `json:"test_error,omitempty"`
	Loss  float64  `json:"test_loss"`
}

// NewCommitteeEvent returns the event without data, backend and seconds.
func NewCommitteeEvent(list []Member, together train.Scores, regression bool) CommitteeEvent {
	e := CommitteeEvent{Event: "committee", Images: together.Samples, Loss: together.Loss}
	var rates []float64
	for _, m := range list {
		v := memberEvent{Name: m.Name, Loss: m.Loss}
		if rate := errorRate(m.Scores); !regression {
			v.Error = &rate
			rates = append(rates, rate)
		}
		e.Members = append(e.Members, v)
	}
	if !regression {
		mean, deviation := MeanDeviation(rates)
		rate := errorRate(together)
		e.MeanError, e.Deviation, e.Error = &mean, &deviation, &rate
	}
	return e
}
