package mlp

import (
	"errors"
	"fmt"
	"strings"
)

// A FieldError reports an option that breaks a rule. Field and Other name struct fields, so
// that a program can translate them to the names that its users know.
type FieldError struct {
	Field string // "LearningRate"; "Training.Decay" if the field is in an inner struct
	Value any
	// Other is the second field of a contradiction, or "". If OtherValue is nil, Other must
	// be set, and Rule says what it is.
	Other      string
	OtherValue any
	Rule       string // "must be above 0", or why the two fields contradict each other
	Err        error  // the cause, if Rule is empty
}

// Invalid returns a *FieldError for a field alone.
func Invalid(field string, value any, rule string) error {
	return &FieldError{Field: field, Value: value, Rule: rule}
}

// Conflict returns a *FieldError for a field that contradicts another, or needs it if
// otherValue is nil.
func Conflict(field string, value any, other string, otherValue any, rule string) error {
	return &FieldError{Field: field, Value: value, Other: other, OtherValue: otherValue, Rule: rule}
}

// Error returns the message with the names of the struct fields.
func (e *FieldError) Error() string {
	return e.Text(func(field string, value any) string {
		if value == nil {
			return field
		}
		return fmt.Sprintf("%s=%v", field, value)
	})
}

// Text returns the message with each field written by setting. Its value is nil if the message
// has the name alone.
func (e *FieldError) Text(setting func(field string, value any) string) string {
	first := setting(e.Field, e.Value)
	switch {
	case e.Err != nil:
		return fmt.Sprintf("%s: %v", first, e.Err)
	case e.Other == "":
		return first + ": " + e.Rule
	case e.OtherValue == nil:
		return fmt.Sprintf("%s needs %s, %s", first, setting(e.Other, nil), e.Rule)
	}
	return fmt.Sprintf("%s does not go with %s: %s", first, setting(e.Other, e.OtherValue), e.Rule)
}

// Unwrap returns the cause, or nil.
func (e *FieldError) Unwrap() error { return e.Err }

// Within returns err with the fields of a *FieldError qualified by the name of the struct that
// contains them.
func Within(outer string, err error) error {
	var field *FieldError
	if !errors.As(err, &field) {
		return err
	}
	inner := *field
	inner.Field = outer + "." + inner.Field
	if inner.Other != "" {
		inner.Other = outer + "." + inner.Other
	}
	return &inner
}

// OneOf returns the rule of a value that must be in a list.
func OneOf[T any](list []T) string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = fmt.Sprint(v)
	}
	last := len(names) - 1
	if last == 0 {
		return "must be " + names[0]
	}
	return "must be " + strings.Join(names[:last], ", ") + " or " + names[last]
}
