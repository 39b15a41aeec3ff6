package preset

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestAll has every preset be found by its name, alone, and say all that is printed of it.
func TestAll(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+[0-9]*(-[a-z]+)?$`)
	network := regexp.MustCompile(`^\d+(-\d+)+, `)
	seen := map[string]bool{}
	for i, p := range All() {
		if got, ok := Find(p.Name); !ok || got != p {
			t.Errorf("%q is not found by its name", p.Name)
		}
		if seen[p.Name] || !name.MatchString(p.Name) || Names()[i] != p.Name {
			t.Errorf("the name %q is there twice, or none to type", p.Name)
		}
		seen[p.Name] = true
		if !network.MatchString(p.Network) || p.Source == "" || p.Figure == "" || p.Time == "" || len(p.Flags) == 0 {
			t.Errorf("%s lacks something: %+v", p.Name, p)
		}
		for _, text := range []string{p.Network, p.Source, p.Figure, p.Time, p.Differs} {
			if text != strings.TrimSpace(text) || strings.ContainsAny(text, "\n\t") || strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no part of a line", p.Name, text)
			}
		}
	}
	if p, ok := Find("none"); ok {
		t.Errorf("found %+v", p)
	}
}

// TestFlags has flags as a command line has them, however their text is laid out, and what is said of
// each preset's: that they leave nothing that decides the outcome to the usual.
func TestFlags(t *testing.T) {
	p := Preset{Flags: flags(" -hidden=1,2\n\t-no-bias -targets=-1..1 -init=uniform:0.05\t")}
	want := []Flag{{"hidden", "1,2"}, {"no-bias", ""}, {"targets", "-1..1"}, {"init", "uniform:0.05"}}
	if !reflect.DeepEqual(p.Flags, want) {
		t.Errorf("flags %q, want %q", p.Flags, want)
	}
	if got := strings.Join(p.Args(), " "); got != "-hidden=1,2 -no-bias -targets=-1..1 -init=uniform:0.05" {
		t.Errorf("arguments %s", got)
	}
	for _, p := range All() {
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
