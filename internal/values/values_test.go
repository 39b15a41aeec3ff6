package values

import (
	"errors"
	"slices"
	"testing"

	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

func TestMemorySize(t *testing.T) {
	for s, want := range map[string]int64{
		"1": 1, "1B": 1, "64MiB": 64 << 20, "64 MiB": 64 << 20, "1.5GiB": 3 << 29, "2GB": 2e9, "1kB": 1000, "1KiB": 1024,
		"0": 0, "-1MiB": 0, "": 0, "MiB": 0, "64MiBs": 0, "NaN": 0, "inf": 0, "1e30": 0, "0.5": 0, "64mib": 0,
	} {
		got, err := MemorySize(s)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, error %v; want %d", s, got, err, want)
		}
	}
}

// TestExpectations checks each comparison above, at and below its bound, and the figures that a run does not have.
func TestExpectations(t *testing.T) {
	for text, met := range map[string][3]bool{ // below, at and above the bound
		"test_acc>=0.5": {false, true, true}, "test_acc > 0.5": {false, false, true},
		"test_acc<=0.5": {true, true, false}, "test_acc<0.5": {true, false, false},
	} {
		var none Expectations
		list, err := none.Add("seconds<9," + text)
		if err != nil || len(list) != 2 || list.String() != "seconds<9,"+text {
			t.Fatalf("%s: %v, error %v", text, list, err)
		}
		for i, acc := range []float64{0.25, 0.5, 0.75} {
			err := list[1].Check(train.Epoch{TestAcc: acc}, 1)
			var unmet *UnmetError
			if errors.As(err, &unmet) == met[i] || !met[i] && (unmet.Figure != "test_acc" || unmet.Value != acc || unmet.Expectation != text) {
				t.Errorf("%s: of %v the error is %v", text, acc, err)
			}
		}
		if err := list[0].Check(train.Epoch{}, 9); err == nil {
			t.Error("9 s are less than 9")
		}
	}
	list, err := (&Expectations{}).Add("val_acc>0")
	if err != nil {
		t.Fatal(err)
	}
	o := train.Options{Validation: 10}
	if err := list.Possible(o); err != nil {
		t.Error(err)
	}
	o.Network = mlp.Config{Regression: true}
	if err := list.Possible(o); err == nil || err.Error() != "val_acc>0: regression has no accuracy; use val_loss" {
		t.Errorf("error %v", err)
	}
	if err := list.Possible(train.Options{}); err == nil {
		t.Error("a run without a validation set has a figure on it")
	}
}

// TestLists checks lists with their parts in any form, and refused ones.
func TestLists(t *testing.T) {
	for text, want := range map[string][]uint64{
		"1..3": {1, 2, 3}, "4,1..2": {4, 1, 2}, "7": nil, "1,1": nil, "3..1": nil, "1..1000": make([]uint64, 1000), "1..1001": nil, "1..": nil, "a,b": nil,
	} {
		got, err := Seeds(text)
		if (err == nil) != (want != nil) || len(got) != len(want) || len(want) < 4 && !slices.Equal(got, want) {
			t.Errorf("%q: %v, error %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"true": "127.0.0.1:0", "false": "", ":8080": ":8080", "[::1]:80": "[::1]:80", "8080": "error", "localhost": "error", "a:99999": "error", "": "error",
	} {
		if got, err := Address(text); (err != nil) != (want == "error") || err == nil && got != want {
			t.Errorf("%q: %q, error %v; want %q", text, got, err, want)
		}
	}
	if got := ShowList([]float64{0.5, 0.25}); got != "0.5,0.25" {
		t.Errorf("a list is shown as %q", got)
	}
}
