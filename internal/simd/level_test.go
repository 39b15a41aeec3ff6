package simd

import (
	"slices"
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
	none, narrow, wide, arm := []Level{Off}, []Level{Off, AVX2}, []Level{Off, AVX2, AVX512}, []Level{Off, NEON}
	for _, c := range []struct {
		word    string
		levels  []Level
		want    Level
		problem string
	}{
		{"", wide, AVX512, ""},
		{"", none, Off, ""},
		{"off", wide, Off, ""},
		{"avx2", wide, AVX2, ""},
		{"avx2", narrow, AVX2, ""},
		{"avx512", wide, AVX512, ""},
		{"avx512", narrow, AVX2, "SHADEGRAD_SIMD=avx512: this machine does not have it; the best it has is avx2"},
		{"avx2", none, Off, "SHADEGRAD_SIMD=avx2: this machine does not have it; the best it has is off"},
		{"fast", narrow, AVX2, `SHADEGRAD_SIMD="fast": must be off, avx2, avx512 or neon`},
		{"", arm, NEON, ""},
		{"neon", arm, NEON, ""},
		{"off", arm, Off, ""},
		{"neon", wide, AVX512, "SHADEGRAD_SIMD=neon: this machine does not have it; the best it has is avx512"},
		{"avx2", arm, NEON, "SHADEGRAD_SIMD=avx2: this machine does not have it; the best it has is neon"},
	} {
		got, err := choose(c.word, c.levels)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != c.want || text != c.problem {
			t.Errorf("choose(%q, %v) = %v, %q, want %v, %q", c.word, c.levels, got, text, c.want, c.problem)
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
	wantPanic(t, "no simd.Level(4)", func() { Set(NEON + 1) })
	for _, l := range []Level{AVX2, AVX512, NEON} {
		if !slices.Contains(Levels(), l) {
			wantPanic(t, "no "+l.String(), func() { Set(l) })
		}
	}
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
