package simd

import (
	"strings"
	"testing"
)

// wantPanic fails unless f panics with a text that contains one of this package's.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		text, ok := recover().(string)
		if !ok || !strings.HasPrefix(text, "simd: ") || !strings.Contains(text, want) {
			t.Fatalf("panic %q, want one with %q", text, want)
		}
	}()
	f()
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		word    string
		best    Level
		want    Level
		problem string
	}{
		{"", AVX512, AVX512, ""},
		{"", Off, Off, ""},
		{"off", AVX512, Off, ""},
		{"avx2", AVX512, AVX2, ""},
		{"avx2", AVX2, AVX2, ""},
		{"avx512", AVX512, AVX512, ""},
		{"avx512", AVX2, AVX2, "SHADEGRAD_SIMD=avx512: this machine does not have it; the best it has is avx2"},
		{"avx2", Off, Off, "SHADEGRAD_SIMD=avx2: this machine does not have it; the best it has is off"},
		{"fast", AVX2, AVX2, `SHADEGRAD_SIMD="fast": must be off, avx2 or avx512`},
	} {
		got, err := choose(c.word, c.best)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != c.want || text != c.problem {
			t.Errorf("choose(%q, %v) = %v, %q, want %v, %q", c.word, c.best, got, text, c.want, c.problem)
		}
	}
}

func TestSet(t *testing.T) {
	defer Set(Current())
	for _, l := range Levels() {
		Set(l)
		if Current() != l {
			t.Errorf("Current() = %v after Set(%v)", Current(), l)
		}
	}
	wantPanic(t, "no simd.Level(-1)", func() { Set(-1) })
	wantPanic(t, "no simd.Level(3)", func() { Set(AVX512 + 1) })
}

// TestMistakes checks that each function panics if lengths do not match.
func TestMistakes(t *testing.T) {
	x, y := make([]float32, 4), make([]float32, 3)
	for name, f := range map[string]func(){
		"Add":          func() { Add(x, y) },
		"AddBias":      func() { AddBias(x, y) },
		"BiasReLU":     func() { BiasReLU(x, nil) },
		"DeltaReLU":    func() { DeltaReLU(x, x, y) },
		"DeltaSigmoid": func() { DeltaSigmoid(x, y, x) },
		"DeltaTanh":    func() { DeltaTanh(y, x, x) },
		"SGD":          func() { SGD(x, y, 1) },
		"Momentum":     func() { Momentum(x, x, y, 1, 1) },
		"Softmax":      func() { Softmax(x, 3) },
		"ColumnSum":    func() { ColumnSum(y, x) },
		"Dot":          func() { Dot(x, y) },
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, name+": ", f) })
	}
}
