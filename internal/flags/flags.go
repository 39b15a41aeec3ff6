// Package flags implements a table of command-line flags with a row for each flag. A Set parses the arguments of
// a command by the rows, and prints its help and its shell completion.
//
// The syntax is that of Go's package flag: -name=value, -name value or, for a switch, -name; two dashes
// do the same; "--" ends the flags.
package flags

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Flag is a row of the table.
type Flag struct {
	Name     string
	Value    Value
	Topic    string
	Commands string // that have the flag, separated by spaces
	Arg      string // what stands for the value in help, such as "N"; empty for a switch
	Optional bool   // the value may be omitted, and is then "true"
	Help     string
	Default  string   // the rule of the default value; if empty, help shows the initial value
	Choices  []string // the values, if they can be listed
	Fields   string   // the fields of the options that the flag sets, separated by spaces
	Only     string   // the flags that go with this one, separated by spaces; empty for all
	Without  string   // a flag that does not go with this one
	Needs    string   // a flag that this one needs
	Why      string   // the reason for Only, Without or Needs
	// Expand returns the assignments that a value stands for. Those on the command line override them.
	Expand func(value string) []Assignment
}

// A Value is the variable of a flag.
type Value interface {
	Set(string) error
	String() string
}

// An Assignment is a flag with its value. The value of a switch may be empty.
type Assignment struct{ Name, Value string }

// String returns the assignment as an argument: "-hidden=300".
func (a Assignment) String() string {
	if a.Value == "" {
		return "-" + a.Name
	}
	return "-" + a.Name + "=" + a.Value
}

// A Want is the error about a value that cannot be parsed. It describes the valid values.
type Want string

func (w Want) Error() string { return "want " + string(w) }

type variable[T any] struct {
	dst   *T
	parse func(string) (T, error)
	show  func(T) string
}

func (v variable[T]) Set(text string) error {
	x, err := v.parse(text)
	if err == nil {
		*v.dst = x
	}
	return err
}

func (v variable[T]) String() string { return v.show(*v.dst) }

// Var returns a Value that parse reads and show writes.
func Var[T any](dst *T, parse func(string) (T, error), show func(T) string) Value {
	return variable[T]{dst, parse, show}
}

// Of returns a Value that parse reads and fmt writes.
func Of[T any](dst *T, parse func(string) (T, error)) Value {
	return variable[T]{dst, parse, func(v T) string { return fmt.Sprint(v) }}
}

// Optional is Of for a variable whose zero value means that it is not set and is written "".
func Optional[T any](dst *T, parse func(string) (T, error)) Value {
	return variable[T]{dst, parse, func(v T) string {
		if reflect.ValueOf(v).IsZero() {
			return ""
		}
		return fmt.Sprint(v)
	}}
}

// Text returns a Value that accepts any text except the empty one. what describes it in errors.
func Text(dst *string, what string) Value {
	return Of(dst, func(s string) (string, error) {
		if s == "" {
			return s, Want(what)
		}
		return s, nil
	})
}

// Path is Text for the name of a file or a directory.
func Path(dst *string, what string) Value {
	return Of(dst, func(s string) (string, error) {
		if s == "" {
			return s, Want(what)
		}
		return Home(s), nil
	})
}

// Home returns a path with ~ at its beginning replaced by the home directory, as shells do except after = or in quotes.
func Home(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// Switch returns the Value of a switch.
func Switch(dst *bool) Value {
	return Optional(dst, func(s string) (bool, error) {
		v, err := strconv.ParseBool(s)
		if err != nil {
			return v, Want("true or false")
		}
		return v, nil
	})
}

// OneOf returns a parser of names.
func OneOf[T ~string](names ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		if !slices.Contains(names, T(s)) {
			return "", Want(Alternatives(Names(names)))
		}
		return T(s), nil
	}
}

// Names returns the texts of values.
func Names[T any](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v)
	}
	return list
}

// Alternatives returns "a, b or c".
func Alternatives(names []string) string { return join(names, " or ") }

// List returns "a, b and c".
func List(names []string) string { return join(names, " and ") }

func join(names []string, last string) string {
	n := len(names) - 1
	if n < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:n], ", ") + last + names[n]
}

// Has reports whether a list of words separated by spaces has a word.
func Has(list, word string) bool { return slices.Contains(strings.Fields(list), word) }
