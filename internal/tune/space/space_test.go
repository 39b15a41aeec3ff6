package space

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
)

// dimension parses the value of a flag as the command line does.
func dimension(t *testing.T, s *Space, name, value string) error {
	t.Helper()
	r := recipe.Default()
	for _, f := range r.Flags() {
		if f.Name == name {
			err := f.Value.Set(value)
			if err == nil {
				t.Fatalf("-%s=%s is a value", name, value)
			}
			return s.Add(f, value, err)
		}
	}
	t.Fatalf("no flag -%s", name)
	return nil
}

// TestSpace checks the dimensions of flags.
func TestSpace(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        Dimension
	}{
		{"lr", "1e-3..1", Dimension{from: 1e-3, to: 1, log: true}},
		{"lr", "0.02..1", Dimension{from: 0.02, to: 1}},
		{"dropout", "0..0.5", Dimension{to: 0.5}},
		{"batch", "16..512", Dimension{from: 16, to: 512, whole: true}},
		{"hidden", "10..2000", Dimension{from: 10, to: 2000, whole: true, log: true}},
		{"hidden", "64|128,64|", Dimension{choices: []string{"64", "128,64", ""}}},
		{"act", "relu|tanh", Dimension{choices: []string{"relu", "tanh"}}},
		{"augment", "none|sigma=5..6,alpha=30", Dimension{choices: []string{"none", "sigma=5..6,alpha=30"}}},
		{"no-bias", "true|false", Dimension{choices: []string{"true", "false"}}},
	} {
		var s Space
		if err := dimension(t, &s, c.name, c.value); err != nil {
			t.Errorf("-%s=%s: %v", c.name, c.value, err)
			continue
		}
		c.want.Name, c.want.Text = c.name, c.value
		if !reflect.DeepEqual(s[0], c.want) {
			t.Errorf("-%s=%s: %+v, want %+v", c.name, c.value, s[0], c.want)
		}
	}
	for _, c := range []struct{ name, value, want string }{
		{"lr", "fast", "want a finite number"},
		{"lr", "1..0.1", "want a range from a number to a higher one"},
		{"lr", "1..x", `"x": want a finite number`},
		{"act", "relu|rely", `"rely": want relu`},
		{"act", "relu|relu", `"relu" is there twice`},
		{"act", "relu..tanh", "want a range from a number"},
		{"hidden", "0.5..10", `"0.5": want numbers of units`},
		{"epochs", "1..10", "can be searched, not this one"},
		{"seed", "1|2", "can be searched, not this one"},
		{"limit", "10|20", "can be searched, not this one"},
	} {
		var s Space
		if err := dimension(t, &s, c.name, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("-%s=%s: %v, want %s", c.name, c.value, err, c.want)
		}
	}
}

// TestDraw checks the distributions, and that a trial depends on the seed and its number alone.
func TestDraw(t *testing.T) {
	var s Space
	for _, d := range [][2]string{{"lr", "1e-4..1"}, {"dropout", "0.2..0.4"}, {"batch", "3..5"}, {"hidden", "1..1000"}, {"act", "relu|tanh|sigmoid"}} {
		if err := dimension(t, &s, d[0], d[1]); err != nil {
			t.Fatal(err)
		}
	}
	const n = 3000
	columns := make([][]string, len(s))
	for trial := n; trial > 0; trial-- { // in another order than a search
		list, err := s.Draw(7, trial, func(list []flags.Assignment) error {
			if list[4].Value == "sigmoid" {
				return errors.New("no sigmoid")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range list {
			columns[i] = append(columns[i], a.Value)
		}
	}
	numbers := func(column int) (list []float64) {
		for _, text := range columns[column] {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, v)
		}
		slices.Sort(list)
		return list
	}
	for i, want := range []struct{ least, median, most float64 }{{1e-4, 1e-2, 1}, {0.2, 0.3, 0.4}, {3, 4, 5}, {1, 31.6, 1000}} {
		v := numbers(i)
		if v[0] < want.least || v[n-1] > want.most {
			t.Errorf("-%s: %v to %v", s[i].Name, v[0], v[n-1])
		}
		// The standard error of a median of a uniform distribution is 1/(2√n) of its width: 0.9%.
		width, at := want.most-want.least, (v[n/2]-want.median)/(want.most-want.least)
		if s[i].log {
			width = math.Log(want.most / want.least)
			at = math.Log(v[n/2]/want.median) / width
		}
		if math.Abs(at) > 0.05 {
			t.Errorf("-%s: the median is %v, want %v", s[i].Name, v[n/2], want.median)
		}
	}
	for column, want := range map[int][]string{2: {"3", "4", "5"}, 4: {"relu", "tanh"}} {
		counts := map[string]int{}
		for _, v := range columns[column] {
			counts[v]++
		}
		for _, v := range want {
			share := n / len(want)
			if math.Abs(float64(counts[v]-share)) > 5*math.Sqrt(float64(share)) {
				t.Errorf("-%s=%s: %d times of %d", s[column].Name, v, counts[v], n)
			}
		}
		if len(counts) != len(want) {
			t.Errorf("-%s: %v", s[column].Name, counts)
		}
	}
	first, _ := s.Draw(7, 1, func([]flags.Assignment) error { return nil })
	other, _ := s.Draw(8, 1, func([]flags.Assignment) error { return nil })
	if reflect.DeepEqual(first, other) {
		t.Error("another seed draws the same trial")
	}
	if _, err := s.Draw(7, 1, func([]flags.Assignment) error { return errors.New("never") }); err == nil {
		t.Error("a space without a valid combination has a trial")
	}
}
