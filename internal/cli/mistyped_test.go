package cli

import "testing"

// TestMistyped names what was likely meant, and nothing where nothing is near.
func TestMistyped(t *testing.T) {
	refuse(t, []badFlags{
		{"train -prset=xor", []string{"there is no flag -prset; did you mean -preset?", `"shadegrad train -h" lists the flags`}},
		{"train -optimiser=adam", []string{"there is no flag -optimiser; did you mean -optimizer?"}},
		{"train -standardize", []string{"did you mean -standardise?"}},
		{"train -dorpout=0.5", []string{"did you mean -dropout?"}},
		{"train -wd=1", []string{`there is no flag -wd; "shadegrad train -h" lists the flags`}},
		{"eval -lr=1", []string{`there is no flag -lr; "shadegrad eval -h" lists the flags`}},
		{"predict -model=x -1,0.5", []string{"there is no flag -1,0.5; what begins with - and is no flag comes after --, as in: -- -1,0.5"}},
		{"predict -model=x -.5", []string{"as in: -- -.5"}},
		{"trian", []string{`no command "trian"; did you mean train?`}},
		{"xyz", []string{`no command "xyz"; there are train, presets, `}},
	})
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "adc", 1}, {"abc", "acb", 1},
		{"abc", "ac", 1}, {"ac", "abc", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
