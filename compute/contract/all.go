package contract

import (
	"fmt"
	"iter"

	"shadegrad/compute/judge/cases"
)

// Failures checks all cases and promises and yields each failure. If the backend of the cases does not open, that
// error is the only failure.
func Failures(open Open) iter.Seq[error] {
	return func(yield func(error) bool) {
		b, err := open()
		if err != nil {
			yield(fmt.Errorf("open: %w", err))
			return
		}
		for _, c := range cases.All() {
			if err := c.Check(b); err != nil && !yield(err) {
				_ = b.Close()
				return
			}
		}
		if err := b.Close(); err != nil && !yield(fmt.Errorf("close: %w", err)) {
			return
		}
		for _, c := range Checks() {
			if err := c.Run(open); err != nil && !yield(err) {
				return
			}
		}
	}
}

// First returns the first of the Failures, or nil.
func First(open Open) error {
	for err := range Failures(open) {
		return err
	}
	return nil
}
