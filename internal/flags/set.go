package flags

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// ErrHelp is returned by Parse for -h and -help.
var ErrHelp = errors.New("flags: help requested")

// An Error reports a wrong command line.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// Errorf returns an *Error.
func Errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// A Set has the flags of a command.
type Set struct {
	Command string
	Flags   []*Flag
	Args    []string // the arguments after the flags, or also between them
	Mixed   bool     // flags may follow arguments
	given   []Assignment
	initial map[string]string
	expand  map[string]string // the values of expanded assignments
	// Otherwise, if not nil, is called for a value that a flag of the command line refuses. It returns the error to report,
	// or nil if it has another meaning, which leaves the variable of the flag unchanged.
	Otherwise func(f *Flag, value string, refused error) error
}

// NewSet returns the flags of a command from a table.
func NewSet(command string, table []*Flag) *Set {
	s := &Set{Command: command, initial: map[string]string{}, expand: map[string]string{}}
	for _, f := range table {
		if Has(f.Commands, command) {
			s.Flags = append(s.Flags, f)
			s.initial[f.Name] = f.Value.String()
		}
	}
	return s
}

// Lookup returns the flag with a name, or nil.
func (s *Set) Lookup(name string) *Flag {
	for _, f := range s.Flags {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Given reports whether the arguments set a flag.
func (s *Set) Given(name string) bool {
	return slices.ContainsFunc(s.given, func(a Assignment) bool { return a.Name == name })
}

// Parse sets the flags by arguments. Flags that others expand to are set first, so that the
// arguments override them. It returns an *Error or ErrHelp.
func (s *Set) Parse(args []string) error {
	if err := s.split(args); err != nil {
		return err
	}
	for _, a := range s.given {
		if f := s.Lookup(a.Name); f.Expand != nil {
			if err := s.set(a); err != nil {
				return err
			}
			for _, x := range f.Expand(a.Value) {
				f := s.Lookup(x.Name)
				switch {
				case f == nil: // a flag of another command
					continue
				case f.Arg == "" && x.Value == "":
					x.Value = "true"
				}
				if err := s.set(x); err != nil {
					return err
				}
				s.expand[x.Name] = f.Value.String()
			}
		}
	}
	for _, a := range s.given {
		if s.Lookup(a.Name).Expand == nil {
			if err := s.set(a); err != nil {
				return err
			}
		}
	}
	return s.compatible()
}

// split divides arguments into assignments and other arguments.
func (s *Set) split(args []string) error {
	for len(args) > 0 {
		text, isFlag := strings.CutPrefix(args[0], "-")
		if s.Mixed && (!isFlag || text == "") {
			s.Args, args = append(s.Args, args[0]), args[1:]
			continue
		}
		if !isFlag || text == "" {
			if err := s.divided(runtime.GOOS, args[0]); err != nil {
				return err
			}
			if err := s.late(args); err != nil {
				return err
			}
			break
		}
		args = args[1:]
		if text == "-" {
			break
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(text, "-"), "=")
		f := s.Lookup(name)
		switch {
		case f == nil && (name == "h" || name == "help"):
			return ErrHelp
		case f == nil:
			return s.unknown(name, text)
		case (f.Arg == "" || f.Optional) && !hasValue:
			value = "true"
		case !hasValue && (len(args) == 0 || s.isFlag(args[0])):
			return Errorf("-%s: want a value, as in -%s=%s%s", name, name, f.Arg, s.hint())
		case !hasValue:
			value, args = args[0], args[1:]
		}
		s.given = append(s.given, Assignment{name, value})
	}
	s.Args = append(s.Args, args...)
	return nil
}

// divided returns an error if an argument seems to be the end of the flag before it: PowerShell divides -save=a.b at the dot.
func (s *Set) divided(goos, text string) error {
	if goos != "windows" || len(s.given) == 0 || len(text) < 2 || text[0] != '.' || strings.ContainsRune(`./\`, rune(text[1])) {
		return nil
	}
	last := s.given[len(s.given)-1]
	return Errorf("-%s=%s and %s are two arguments; PowerShell divides an argument at a dot unless it is in quotes: -%s=\"%s%s\"",
		last.Name, last.Value, text, last.Name, last.Value, text)
}

// late returns an error if a flag follows the first argument.
func (s *Set) late(args []string) error {
	for _, text := range args {
		if s.isFlag(text) {
			return Errorf("-%s: flags come before the other arguments; put it before %q%s", flagName(text), args[0], s.hint())
		}
	}
	return nil
}

// isFlag reports whether an argument is one of the flags, with or without a value.
func (s *Set) isFlag(text string) bool {
	return strings.HasPrefix(text, "-") && s.Lookup(flagName(text)) != nil
}

// flagName returns the name of a flag that may have a value.
func flagName(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(text, "-"), "-"), "=")
	return name
}

func (s *Set) hint() string { return fmt.Sprintf("; \"shadegrad %s -h\" lists the flags", s.Command) }

// unknown returns the error of a flag that the command does not have.
func (s *Set) unknown(name, text string) error {
	if name != "" && strings.ContainsRune("0123456789.", rune(name[0])) {
		return Errorf("unknown flag -%s; put -- before an argument that begins with -, as in: -- -%s%s", text, text, s.hint())
	}
	names := make([]string, len(s.Flags))
	for i, f := range s.Flags {
		names[i] = f.Name
	}
	question := ""
	if near := Nearest(name, names); near != "" {
		question = "; did you mean -" + near + "?"
	}
	return Errorf("unknown flag -%s%s%s", name, question, s.hint())
}

// set sets the flag of an assignment.
func (s *Set) set(a Assignment) error {
	f := s.Lookup(a.Name)
	err := f.Value.Set(a.Value)
	if err != nil && s.Otherwise != nil {
		err = s.Otherwise(f, a.Value, err)
	}
	var want Want
	switch {
	case errors.As(err, &want):
		return Errorf("-%s: %v, got %q", a.Name, want, a.Value)
	case err != nil:
		return Errorf("-%s=%s: %v", a.Name, a.Value, err)
	}
	return nil
}

// compatible returns an error if flags contradict each other.
func (s *Set) compatible() error {
	for _, f := range s.Flags {
		if !s.Given(f.Name) {
			continue
		}
		switch {
		case f.Needs != "" && !s.Given(f.Needs):
			return Errorf("-%s needs -%s: %s", f.Name, f.Needs, f.Why)
		case f.Without != "" && s.Given(f.Without):
			return Errorf("-%s does not go with -%s: %s", f.Name, f.Without, f.Why)
		}
		for _, a := range s.given {
			if f.Only != "" && a.Name != f.Name && !Has(f.Only, a.Name) {
				return Errorf("-%s does not go with -%s: %s", a.Name, f.Name, f.Why)
			}
		}
	}
	return nil
}

// NoArgs returns an *Error if there are arguments after the flags.
func (s *Set) NoArgs() error {
	if len(s.Args) > 0 {
		example := ""
		for _, name := range []string{"data", "model"} { // the last one counts
			if s.Lookup(name) != nil && !s.Given(name) {
				example = ", as in -" + name + "=" + s.Args[0]
			}
		}
		return Errorf("%s takes no argument %q; flags begin with -, and values follow =%s", s.Command, s.Args[0], example)
	}
	return nil
}

// An Override is a flag whose value differs from the one that another flag expanded to.
type Override struct{ Name, Value, Expanded string }

// Overrides lists the expanded flags that the arguments changed.
func (s *Set) Overrides() []Override {
	var list []Override
	for _, f := range s.Flags {
		if was, ok := s.expand[f.Name]; ok && f.Value.String() != was {
			list = append(list, Override{f.Name, f.Value.String(), was})
		}
	}
	return list
}

// Arguments returns arguments for the flags whose values differ from the initial ones, without the flags in except.
func (s *Set) Arguments(except string) []string {
	var list []string
	for _, f := range s.Flags {
		if v := f.Value.String(); v != s.initial[f.Name] && !Has(except, f.Name) {
			list = append(list, "-"+f.Name+"="+v) // with =, since a value may be empty
		}
	}
	return list
}
