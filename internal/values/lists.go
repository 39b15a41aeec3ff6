// Package values parses the values of the flags that belong to no recipe.
package values

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/backends"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
)

// Backends parses the backends to compare.
func Backends(s string) ([]backends.Kind, error) {
	var list []backends.Kind
	for _, part := range strings.Split(s, ",") {
		k := backends.Kind(strings.TrimSpace(part))
		if k != backends.CPU && k != backends.GPU {
			return nil, flags.Want("cpu, gpu or both, separated by a comma")
		}
		for _, other := range list {
			if k == other {
				return nil, flags.Want("each backend once")
			}
		}
		list = append(list, k)
	}
	return list, nil
}

// Accuracies parses the accuracies to train to.
func Accuracies(s string) ([]float64, error) {
	var list []float64
	for _, part := range strings.Split(s, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || !(v > 0 && v <= 1) {
			return nil, flags.Want("fractions above 0 and at most 1, such as 0.98, separated by commas")
		}
		list = append(list, v)
	}
	return list, nil
}

// maxSeeds bounds the networks of a committee. More is a typing error.
const maxSeeds = 1000

// Seeds parses seeds: "1..5" or "1,3,9".
func Seeds(text string) ([]uint64, error) {
	want := flags.Want(fmt.Sprintf("at least two different seeds, such as 1..5 or 1,3,9, and at most %d", maxSeeds))
	var list []uint64
	for _, part := range strings.Split(text, ",") {
		from, to, isRange := strings.Cut(part, "..")
		if !isRange {
			to = from
		}
		first, err1 := recipe.Seed(from)
		last, err2 := recipe.Seed(to)
		if err1 != nil || err2 != nil || last < first || last-first >= maxSeeds {
			return nil, want
		}
		for i := range last - first + 1 {
			if slices.Contains(list, first+i) {
				return nil, want
			}
			list = append(list, first+i)
		}
	}
	if len(list) < 2 || len(list) > maxSeeds {
		return nil, want
	}
	return list, nil
}

// Address parses the address of a page: true for a free port of this machine, false for none, or address and port.
func Address(s string) (string, error) {
	const usual = "127.0.0.1:0"
	switch s {
	case "true":
		return usual, nil
	case "false":
		return "", nil
	}
	_, port, err := net.SplitHostPort(s)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return "", flags.Want("an address and a port, such as 127.0.0.1:8080, or :8080 for all addresses of this machine")
	}
	return s, nil
}

// Minutes parses a number of minutes.
func Minutes(text string) (float64, error) {
	v, err := recipe.Number(text)
	if err != nil || v <= 0 || v > 1e6 {
		return 0, flags.Want("a number of minutes above 0")
	}
	return v, nil
}

// Names parses the names of layers.
func Names(s string) ([]string, error) {
	list := strings.Split(s, ",")
	for _, name := range list {
		if strings.TrimSpace(name) == "" {
			return nil, flags.Want("names separated by commas, such as fc1,fc2")
		}
	}
	return list, nil
}

// ShowList formats a list for the value of a flag.
func ShowList[T any](list []T) string { return strings.Join(flags.Names(list), ",") }
