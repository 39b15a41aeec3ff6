package cli

import (
	"errors"
	"fmt"
	"strings"

	"shadegrad/internal/mlp"
	"shadegrad/internal/report"
)

// A flagError is an error about an option, with its message in terms of flags.
type flagError struct {
	text string
	err  error
}

func (e *flagError) Error() string { return e.text }

func (e *flagError) Unwrap() error { return e.err }

// inFlags returns err with the fields of a *mlp.FieldError written as flags.
func inFlags(err error) error {
	var field *mlp.FieldError
	if !errors.As(err, &field) {
		return err
	}
	return &flagError{field.Text(report.FlagSetting), err}
}

// augmentSetting writes a part of -augment as its value has it.
func augmentSetting(field string, value any) string {
	name := strings.ToLower(field)
	if name == "translation" {
		name = "shift"
	}
	switch v := value.(type) {
	case nil:
		return name
	case [2]float32:
		return fmt.Sprintf("%s=%v..%v", name, v[0], v[1])
	}
	return fmt.Sprintf("%s=%v", name, value)
}
