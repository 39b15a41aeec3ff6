package recipe

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
)

// A flagError is an error about an option whose message names flags.
type flagError struct {
	text string
	err  error
}

func (e *flagError) Error() string { return e.text }

func (e *flagError) Unwrap() error { return e.err }

// Explain returns err with the fields of a *mlp.FieldError translated to the flags of a table.
func Explain(table []*flags.Flag, err error) error {
	var field *mlp.FieldError
	if !errors.As(err, &field) {
		return err
	}
	return &flagError{field.Text(func(name string, value any) string { return setting(table, name, value) }), err}
}

// optionFlags are the flags of the options.
var optionFlags = sync.OnceValue(func() []*flags.Flag { return new(Recipe).Flags() })

// FlagSetting returns the flag that sets a field of train.Options to a value: "-lr=0.1". For a nil value it returns
// only the name: "-lr".
func FlagSetting(field string, value any) string { return setting(optionFlags(), field, value) }

// setting is FlagSetting for the flags of a table.
func setting(table []*flags.Flag, field string, value any) string {
	flag := field
	for _, f := range table {
		if flags.Has(f.Fields, field) {
			flag = f.Name
		}
	}
	switch v := value.(type) {
	case nil:
		return "-" + flag
	case bool:
		if v {
			return "-" + flag
		}
	case []int: // the sizes of all layers; the flag has the hidden ones
		value = ""
		if len(v) > 2 {
			value = ShowSizes(v[1 : len(v)-1])
		}
	case int:
		if field == "Validation" && v == dataset.TrainingItself {
			value = "training"
		}
	}
	return fmt.Sprintf("-%s=%v", flag, value)
}

// augmentPart returns a part of -augment as its value has it.
func augmentPart(field string, value any) string {
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
