package recipe

import (
	"reflect"
	"regexp"
	"shadegrad/internal/flags"
	"strings"
	"testing"
)

// TestPresets checks that every preset is found by its name and has all the texts that are printed.
func TestPresets(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+[0-9]*(-[a-z]+)?$`)
	network := regexp.MustCompile(`^\d+(-\d+)+, `)
	seen := map[string]bool{}
	for i, p := range Presets() {
		if got, err := FindPreset(p.Name); err != nil || got != p {
			t.Errorf("%q is not found by its name", p.Name)
		}
		if seen[p.Name] || !name.MatchString(p.Name) || PresetNames()[i] != p.Name {
			t.Errorf("the name %q is there twice, or none to type", p.Name)
		}
		seen[p.Name] = true
		if !network.MatchString(p.Network) || p.Source == "" || p.Figure == "" || p.Time == "" || len(p.Flags) == 0 {
			t.Errorf("%s lacks something: %+v", p.Name, p)
		}
		for _, text := range []string{p.Network, p.Source, p.Figure, p.Time, p.Differs} {
			if text != strings.TrimSpace(text) || strings.ContainsAny(text, "\n\t") || strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q does not fit within a line", p.Name, text)
			}
		}
	}
	if p, err := FindPreset("none"); err == nil {
		t.Errorf("found %+v", p)
	}
}

// TestPresetFlags checks that flags are parsed from text in any layout, and that a preset leaves no flag that
// determines the result at its default.
func TestPresetFlags(t *testing.T) {
	p := Preset{Flags: assignments(" -hidden=1,2\n\t-no-bias -targets=-1..1 -init=uniform:0.05\t")}
	want := []flags.Assignment{{Name: "hidden", Value: "1,2"}, {Name: "no-bias", Value: ""}, {Name: "targets", Value: "-1..1"}, {Name: "init", Value: "uniform:0.05"}}
	if !reflect.DeepEqual(p.Flags, want) {
		t.Errorf("flags %q, want %q", p.Flags, want)
	}
	if got := strings.Join(p.Args(), " "); got != "-hidden=1,2 -no-bias -targets=-1..1 -init=uniform:0.05" {
		t.Errorf("arguments %s", got)
	}
	for _, p := range Presets() {
		set := map[string]string{}
		for _, f := range p.Flags {
			if _, twice := set[f.Name]; twice {
				t.Errorf("%s has -%s twice", p.Name, f.Name)
			}
			set[f.Name] = f.Value
		}
		for _, name := range strings.Fields("hidden act output init loss gradient optimizer lr schedule batch epochs") {
			if set[name] == "" {
				t.Errorf("%s leaves -%s to the usual", p.Name, name)
			}
		}
		if (set["optimizer"] == "rmsprop") != (set["rho"] != "" && set["epsilon"] != "") || (set["optimizer"] == "sgd") != (set["momentum"] != "") {
			t.Errorf("%s leaves numbers of -optimizer=%s to the usual", p.Name, set["optimizer"])
		}
		if set["seed"] != "" {
			t.Errorf("%s has a seed", p.Name)
		}
	}
}
