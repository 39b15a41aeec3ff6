package cli

import "testing"

// TestMistyped checks that an error proposes a similar name, and none if none is similar.
func TestMistyped(t *testing.T) {
	refuse(t, []badFlags{
		{"train -prset=xor", []string{"unknown flag -prset; did you mean -preset?", `"shadegrad train -h" lists the flags`}},
		{"train -optimiser=adam", []string{"unknown flag -optimiser; did you mean -optimizer?"}},
		{"train -standardize", []string{"did you mean -standardise?"}},
		{"train -dorpout=0.5", []string{"did you mean -dropout?"}},
		{"train -wd=1", []string{`unknown flag -wd; "shadegrad train -h" lists the flags`}},
		{"eval -lr=1", []string{`unknown flag -lr; "shadegrad eval -h" lists the flags`}},
		{"predict -model=x -1,0.5", []string{"unknown flag -1,0.5; put -- before an argument that begins with -, as in: -- -1,0.5"}},
		{"predict -model=x -.5", []string{"as in: -- -.5"}},
		{"trian", []string{`unknown command "trian"; did you mean train?`}},
		{"xyz", []string{`unknown command "xyz" (available: train, presets, `}},
	})
}
