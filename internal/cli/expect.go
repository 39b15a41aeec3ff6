package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shadegrad/internal/train"
)

// An expectation is one -expect: a figure, a comparison and a number.
type expectation struct {
	text, name, op string
	bound          float64
}

// expected are the figures that -expect can name.
var expected = map[string]func(train.Epoch, float64) float64{
	"train_loss": func(e train.Epoch, _ float64) float64 { return e.TrainLoss },
	"train_acc":  func(e train.Epoch, _ float64) float64 { return e.TrainAcc },
	"val_loss":   func(e train.Epoch, _ float64) float64 { return e.ValLoss },
	"val_acc":    func(e train.Epoch, _ float64) float64 { return e.ValAcc },
	"test_loss":  func(e train.Epoch, _ float64) float64 { return e.TestLoss },
	"test_acc":   func(e train.Epoch, _ float64) float64 { return e.TestAcc },
	"seconds":    func(_ train.Epoch, seconds float64) float64 { return seconds },
}

// parseExpectation reads "test_acc>=0.97".
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
		if err != nil || e.bound != e.bound || expected[e.name] == nil {
			break
		}
		return e, nil
	}
	return expectation{}, errors.New("must be like test_acc>=0.97, with train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds, and >=, <=, > or <; accuracies are between 0 and 1")
}

// possible tells why a figure cannot be expected of a run with these options.
func (x expectation) possible(o train.Options) error {
	switch {
	case o.Network.Regression && strings.HasSuffix(x.name, "_acc"):
		return usagef("-expect=%s: a network for regression has no accuracy; expect something of %s", x.text, strings.Replace(x.name, "_acc", "_loss", 1))
	case !o.Validates() && strings.HasPrefix(x.name, "val_"):
		return usagef("-expect=%s: there is no validation set; -validation=N puts one aside", x.text)
	}
	return nil
}

// check returns an unmetError if the outcome is not as expected.
func (x expectation) check(e train.Epoch, seconds float64) error {
	v := expected[x.name](e, seconds)
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

// expectations is a flag that may be given more than once.
type expectations []expectation

// possible tells why one of them cannot be met by any run with these options.
func (l expectations) possible(o train.Options) error {
	for _, x := range l {
		if err := x.possible(o); err != nil {
			return err
		}
	}
	return nil
}

func (l *expectations) String() string {
	if l == nil {
		return ""
	}
	var texts []string
	for _, x := range *l {
		texts = append(texts, x.text)
	}
	return strings.Join(texts, ",")
}

// Set adds one or more expectations, separated by commas.
func (l *expectations) Set(s string) error {
	for _, part := range strings.Split(s, ",") {
		x, err := parseExpectation(part)
		if err != nil {
			return err
		}
		*l = append(*l, x)
	}
	return nil
}
