package dataset

import (
	"errors"
	"fmt"
)

// What data have not that a Form asks for. Errors wrap these: who asked knows how to ask for less.
var (
	ErrNoTargets = errors.New("targets are for CSV files")
	ErrNoImages  = errors.New("only images can be padded")
	ErrNoNumbers = errors.New("only rows of numbers are standardised")
)

// A PadError is that of images which are larger than what they were to be padded to.
type PadError struct {
	Name   string // of the data set
	Images Size
	To     Size
}

func (e *PadError) Error() string {
	return fmt.Sprintf("%s: images of %dx%d cannot be padded to %dx%d", e.Name, e.Images.Width, e.Images.Height, e.To.Width, e.To.Height)
}

// Unsuited tells whether an error is that of data which have not what a Form asks for.
func Unsuited(err error) bool {
	var pad *PadError
	return errors.Is(err, ErrNoTargets) || errors.Is(err, ErrNoImages) || errors.Is(err, ErrNoNumbers) || errors.As(err, &pad)
}
