package values

import (
	"fmt"
	"strconv"
	"strings"

	"shadegrad/internal/flags"
	"shadegrad/internal/train"
)

// An Expectation of a run is a figure, a comparison and a number.
type Expectation struct {
	Text     string // as it was written
	name, op string
	bound    float64
}

// An UnmetError reports that the outcome of a run does not meet an expectation.
type UnmetError struct {
	Expectation, Figure string
	Value               float64
}

func (e *UnmetError) Error() string {
	return fmt.Sprintf("%s was not met: %s is %.6g", e.Expectation, e.Figure, e.Value)
}

// figures are the figures of an epoch that can be compared.
var figures = map[string]func(train.Epoch, float64) float64{
	"train_loss": func(e train.Epoch, _ float64) float64 { return e.TrainLoss },
	"train_acc":  func(e train.Epoch, _ float64) float64 { return e.TrainAcc },
	"val_loss":   func(e train.Epoch, _ float64) float64 { return e.ValLoss },
	"val_acc":    func(e train.Epoch, _ float64) float64 { return e.ValAcc },
	"test_loss":  func(e train.Epoch, _ float64) float64 { return e.TestLoss },
	"test_acc":   func(e train.Epoch, _ float64) float64 { return e.TestAcc },
	"seconds":    func(_ train.Epoch, seconds float64) float64 { return seconds },
}

// parseExpectation parses "test_acc>=0.97".
func parseExpectation(s string) (Expectation, error) {
	// The longer operators first, since < is the beginning of <=.
	for _, op := range []string{">=", "<=", ">", "<"} {
		name, bound, found := strings.Cut(s, op)
		if !found {
			continue
		}
		e := Expectation{Text: s, name: strings.TrimSpace(name), op: op}
		var err error
		e.bound, err = strconv.ParseFloat(strings.TrimSpace(bound), 64)
		if err != nil || e.bound != e.bound || figures[e.name] == nil {
			break
		}
		return e, nil
	}
	return Expectation{}, flags.Want("a condition like test_acc>=0.97, with train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds, and >=, <=, > or <; accuracies are from 0 to 1")
}

// possible returns an error if runs with these options do not have the figure.
func (x Expectation) possible(o train.Options) error {
	switch {
	case o.Network.Regression && strings.HasSuffix(x.name, "_acc"):
		return fmt.Errorf("%s: regression has no accuracy; use %s", x.Text, strings.Replace(x.name, "_acc", "_loss", 1))
	case !o.Validates() && strings.HasPrefix(x.name, "val_"):
		return fmt.Errorf("%s: there is no validation set; hold one out with -validation=N", x.Text)
	}
	return nil
}

// Check returns an *UnmetError if the outcome does not meet the Expectation.
func (x Expectation) Check(e train.Epoch, seconds float64) error {
	v := figures[x.name](e, seconds)
	met := false
	switch x.op {
	case ">=":
		met = v >= x.bound
	case "<=":
		met = v <= x.bound
	case ">":
		met = v > x.bound
	case "<":
		met = v < x.bound
	}
	if met {
		return nil
	}
	return &UnmetError{x.Text, x.name, v}
}

// Expectations are those of a flag that can be repeated.
type Expectations []Expectation

// Possible returns an error if runs with these options do not have one of the figures.
func (l Expectations) Possible(o train.Options) error {
	for _, x := range l {
		if err := x.possible(o); err != nil {
			return err
		}
	}
	return nil
}

func (l Expectations) String() string {
	var texts []string
	for _, x := range l {
		texts = append(texts, x.Text)
	}
	return strings.Join(texts, ",")
}

// Add parses one or more expectations, separated by commas, and returns l with them.
func (l *Expectations) Add(s string) (Expectations, error) {
	list := *l
	for _, part := range strings.Split(s, ",") {
		x, err := parseExpectation(part)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}
