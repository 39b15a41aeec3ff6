package dialect

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// FuzzDecimal compares ParseNumber with math/big, bit by bit.
func FuzzDecimal(f *testing.F) {
	for _, number := range []string{"0", "-0", "+1.5", ".5", "5.", ".", "-", "", "1e5", "1e", "1e+", "1.e-3", "16777217", "16777217.0001", "0.1",
		"3.4028235e38", "3.4028236e38", "1.1754944e-38", "1e-45", "123456789012345", "1234567890123456", "1e0000", "0e99999", "7.038531e-26", "1..2", "0x1p3",
		"7", "007", "255", "256", "255.0", "2.5e2", "-1", "1_0", "inf", "NaN"} {
		f.Add([]byte(number))
	}
	f.Fuzz(func(t *testing.T, cell []byte) {
		checkNumber(t, string(cell))
	})
}

var decimalForm = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// checkNumber compares ParseNumber with math/big.
func checkNumber(t *testing.T, cell string) {
	t.Helper()
	got, err := ParseNumber([]byte(cell))
	if strings.EqualFold(strings.TrimLeft(cell, "+-"), "true") || strings.EqualFold(strings.TrimLeft(cell, "+-"), "false") {
		return
	}
	if !decimalForm.MatchString(cell) || len(cell) > maxNumber {
		if err != ErrNotNumber && err != ErrNotFinite && err != ErrMissing {
			t.Fatalf("%q is not a number, got %v, error %v", cell, got, err)
		}
		return
	}
	var want float32
	if _, exponent, _ := strings.Cut(strings.ToLower(cell), "e"); len(strings.TrimLeft(exponent, "+-0")) < 5 {
		// 400 digits and a power of five of 5,000 take fewer bits than this.
		exact, _, bad := big.ParseFloat(cell, 10, 20_000, big.ToNearestEven)
		if bad != nil {
			t.Fatal(bad)
		}
		want, _ = exact.Float32()
	} else if v, _ := strconv.ParseFloat(cell, 32); true {
		want = float32(v) // 0 or infinite
	}
	switch {
	case math.IsInf(float64(want), 0):
		if err != ErrTooLarge {
			t.Fatalf("%q is too large, got %v, error %v", cell, got, err)
		}
	case err != nil || math.Float32bits(got) != math.Float32bits(want):
		t.Fatalf("%q is %v, want %v; error %v", cell, got, want, err)
	}
}
