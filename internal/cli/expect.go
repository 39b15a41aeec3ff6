package cli

import (
	"fmt"
	"strconv"
	"strings"

	"shadegrad/internal/flags"
	"shadegrad/internal/train"
)

// An expectation is one -expect: a figure, a comparison and a number.
type expectation struct {
	text, name, op string
	bound          float64
}

// figures are the figures of an epoch that -expect can compare.
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
func parseExpectation(s string) (expectation, error) {
	// The longer operators first, since < is the beginning of <=.
	for _, op := range []string{">=", "<=", ">", "<"} {
		name, bound, found := strings.Cut(s, op)
		if !found {
			continue
		}
		e := expectation{text: s, name: strings.TrimSpace(name), op: op}
		var err error
		e.bound, err = strconv.ParseFloat(strings.TrimSpace(bound), 64)
		if err != nil || e.bound != e.bound || figures[e.name] == nil {
			break
		}
		return e, nil
	}
	return expectation{}, flags.Want("a condition like test_acc>=0.97, with train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds, and >=, <=, > or <; accuracies are from 0 to 1")
}

// possible returns an error if runs with these options do not have the figure.
func (x expectation) possible(o train.Options) error {
	switch {
	case o.Network.Regression && strings.HasSuffix(x.name, "_acc"):
		return flags.Errorf("-expect=%s: regression has no accuracy; use %s", x.text, strings.Replace(x.name, "_acc", "_loss", 1))
	case !o.Validates() && strings.HasPrefix(x.name, "val_"):
		return flags.Errorf("-expect=%s: there is no validation set; hold one out with -validation=N", x.text)
	}
	return nil
}

// check returns an unmetError if the outcome does not meet the expectation.
func (x expectation) check(e train.Epoch, seconds float64) error {
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
	return &unmetError{fmt.Sprintf("-expect=%s was not met: %s is %.6g", x.text, x.name, v)}
}

// expectations are those of a flag that can be repeated.
type expectations []expectation

// possible returns an error if runs with these options do not have one of the figures.
func (l expectations) possible(o train.Options) error {
	for _, x := range l {
		if err := x.possible(o); err != nil {
			return err
		}
	}
	return nil
}

func (l expectations) String() string {
	var texts []string
	for _, x := range l {
		texts = append(texts, x.text)
	}
	return strings.Join(texts, ",")
}

// add parses one or more expectations, separated by commas, and returns l with them.
func (l *expectations) add(s string) (expectations, error) {
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
