package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"shadegrad/internal/report"
	"shadegrad/internal/simd"
)

// A setting is a flag's value with the function that reads it.
type setting[T any] struct {
	dst   *T
	parse func(string) (T, error)
	show  func(T) string // nil: fmt.Sprint
}

func (s setting[T]) Set(text string) error {
	v, err := s.parse(text)
	if err == nil {
		*s.dst = v
	}
	return err
}

// String is also called on the zero setting, by package flag.
func (s setting[T]) String() string {
	switch {
	case s.dst == nil:
		return ""
	case s.show != nil:
		return s.show(*s.dst)
	}
	return fmt.Sprint(*s.dst)
}

// parseFlags reads a command's arguments. Anything wrong with them, or with what
// the environment asks for, is a usageError.
func (a *app) parseFlags(fs *flag.FlagSet, usage string, args []string) error {
	fs.SetOutput(io.Discard)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		text := bytes.NewBufferString(usage)
		printFlags(text, fs)
		if _, writeErr := a.stdout.Write(text.Bytes()); writeErr != nil {
			return writeErr
		}
		return err
	}
	if err != nil {
		return usagef("%s; \"shadegrad %s -h\" lists the flags", flagMistake(fs, err), fs.Name())
	}
	if err := simd.Problem(); err != nil {
		return &usageError{err.Error()}
	}
	return nil
}

// noMore tells that a command takes no arguments beside its flags.
func noMore(fs *flag.FlagSet) error {
	if fs.NArg() > 0 {
		return usagef("%s takes no argument %q; flags begin with -, values follow =", fs.Name(), fs.Arg(0))
	}
	return nil
}

// whole reads a whole number of at least low.
func whole(low int, allowed string) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		switch {
		case n > math.MaxInt32: // also where Atoi found it too large for an int
			return 0, fmt.Errorf("must be at most %d", math.MaxInt32)
		case err != nil || n < low:
			return 0, errors.New("must be " + allowed)
		}
		return n, nil
	}
}

// number reads a number that ok accepts.
func number(ok func(float64) bool, allowed string) func(string) (float64, error) {
	return func(s string) (float64, error) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !ok(v) {
			return 0, errors.New("must be " + allowed)
		}
		return v, nil
	}
}

// seed reads a random seed.
func seed(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, errors.New("must be a whole number, 0 or more")
	}
	return n, nil
}

// maxUnits bounds a hidden layer. More would be a slip of the finger, and their
// weights are drawn before a backend can say that they are too many for it.
const maxUnits = 1_000_000

// sizes reads the sizes of hidden layers.
func sizes(s string) ([]int, error) {
	var list []int
	if s == "" {
		return list, nil
	}
	for _, part := range strings.Split(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > maxUnits {
			return nil, fmt.Errorf("%q must be a number of units from 1 to %d; layers are separated by commas", part, maxUnits)
		}
		list = append(list, n)
	}
	return list, nil
}

func showSizes(list []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
}

// oneOf reads one of several names.
func oneOf[T ~string](all ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		names := make([]string, len(all))
		for i, v := range all {
			if s == string(v) {
				return v, nil
			}
			names[i] = string(v)
		}
		return "", errors.New("must be " + report.Alternatives(names))
	}
}
