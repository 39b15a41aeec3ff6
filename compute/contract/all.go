package contract

import (
	"fmt"

	"shadegrad/compute/judge/cases"
)

// First checks all cases and promises and returns the first failure, or nil.
func First(open Open) error {
	var first error
	err := every(open, func(failure error) bool {
		first = failure
		return false
	})
	if first != nil {
		return first
	}
	return err
}

// All checks all cases and promises and returns all failures.
func All(open Open) []error {
	var list []error
	err := every(open, func(failure error) bool {
		list = append(list, failure)
		return true
	})
	if err != nil {
		list = append(list, err)
	}
	return list
}

// every reports each failure until report returns false. It returns an error if the backend of the cases does not open or close.
func every(open Open, report func(error) bool) (err error) {
	b, err := open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() {
		if closeErr := b.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close: %w", closeErr)
		}
	}()
	for _, c := range cases.All() {
		if failure := c.Check(b); failure != nil && !report(failure) {
			return nil
		}
	}
	for _, c := range Checks() {
		if failure := c.Run(open); failure != nil && !report(failure) {
			return nil
		}
	}
	return nil
}
