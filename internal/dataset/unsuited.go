package dataset

import (
	"errors"
	"fmt"
)

// Errors of a Form that does not suit the data. Errors of this package wrap them, so that a caller can retry with another
// Form.
var (
	ErrNoTargets = errors.New("targets are for CSV files")
	ErrNoImages  = errors.New("only images can be padded or resized")
	ErrHeldOut   = errors.New("samples are held out for validation already")
	ErrNoNumbers = errors.New("only rows of numbers are standardised")
	ErrNoColumns = errors.New("only data files have columns, and parts in other files, to choose")
)

// A PadError reports images that are larger than the padded size.
type PadError struct {
	Name   string // of the data set
	Images Size
	To     Size
}

func (e *PadError) Error() string {
	return fmt.Sprintf("%s: images of %dx%d cannot be padded to %dx%d", e.Name, e.Images.Width, e.Images.Height, e.To.Width, e.To.Height)
}

// A Damage is the error of a file that is incomplete or contradicts its header.
type Damage struct{ error }

func (d Damage) Unwrap() error { return d.error }

// Unsuited reports whether an error is that of a Form that does not suit the data.
func Unsuited(err error) bool {
	var pad *PadError
	return errors.Is(err, ErrNoTargets) || errors.Is(err, ErrNoImages) || errors.Is(err, ErrNoNumbers) || errors.Is(err, ErrNoColumns) || errors.As(err, &pad)
}
