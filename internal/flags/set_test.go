package flags

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// set returns a set with a name, a list that can be empty, a switch, and a recipe of them.
func set() *Set {
	name, list, on, recipe := "", "1,2", false, ""
	text := func(s string) (string, error) { return s, nil }
	return NewSet("do", []*Flag{
		{Name: "name", Commands: "do", Arg: "NAME", Value: Text(&name, "a name")},
		{Name: "list", Commands: "do", Arg: "LIST", Value: Of(&list, text)},
		{Name: "on", Commands: "do", Value: Switch(&on)},
		{Name: "recipe", Commands: "do", Arg: "NAME", Value: Of(&recipe, text), Expand: func(string) []Assignment {
			return []Assignment{{"list", ""}, {"on", ""}, {"of-another-command", "1"}}
		}},
	})
}

// values returns the values of the flags of a set.
func values(s *Set) string {
	var list []string
	for _, f := range s.Flags {
		list = append(list, f.Name+"="+f.Value.String())
	}
	return strings.Join(list, " ")
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "name= list=1,2 on= recipe="},
		{"-name=a -on", "name=a list=1,2 on=true recipe="},
		{"--name a --on=false x", "name=a list=1,2 on= recipe="},
		{"-list= -- -name=a", "name= list= on= recipe="},
		{"-recipe=r", "name= list= on=true recipe=r"},
		{"-list=3 -recipe=r -on=false", "name= list=3 on= recipe=r"},
		{"-name=", `-name: want a name, got ""`},
		{"-on=", `-on: want true or false, got ""`},
		{"-name", `-name: want a value, as in -name=NAME; "shadegrad do -h" lists the flags`},
		{"-name -on=true", `-name: want a value, as in -name=NAME; "shadegrad do -h" lists the flags`},
		{"-name -x", "name=-x list=1,2 on= recipe="},
		{"-nam=a", `unknown flag -nam; did you mean -name?; "shadegrad do -h" lists the flags`},
	} {
		s := set()
		got := ""
		if err := s.Parse(strings.Fields(tt.args)); err != nil {
			got = err.Error()
		} else {
			got = values(s)
		}
		if got != tt.want {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.want)
		}
	}
	if err := set().Parse([]string{"-h"}); !errors.Is(err, ErrHelp) {
		t.Errorf("error %v of -h", err)
	}
}

// TestHome checks that ~ is the home directory where a shell would make it so.
func TestHome(t *testing.T) {
	home := filepath.FromSlash("/home/me")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for path, want := range map[string]string{"~": home, "~/a/b": filepath.Join(home, "a", "b"), "a/~": "a/~", "~other/a": "~other/a", "./~": "./~", "": ""} {
		if got := Home(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// TestArguments checks that the arguments of a set make an equal set.
func TestArguments(t *testing.T) {
	for _, args := range []string{"", "-on", "-list= -name=true", "-recipe=r -list=3", "-on=false -name=a"} {
		s, again := set(), set()
		if err := s.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		list := s.Arguments("")
		if err := again.Parse(list); err != nil {
			t.Errorf("%q: %v of %q", args, err, list)
		}
		if got, want := values(again), values(s); got != want {
			t.Errorf("%q: %s of %q, want %s", args, got, list, want)
		}
	}
	s := set()
	if err := s.Parse([]string{"-on", "-name=a"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Arguments("on other"); !slices.Equal(got, []string{"-name=a"}) {
		t.Errorf("%q without -on", got)
	}
}
