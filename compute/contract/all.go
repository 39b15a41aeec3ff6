package contract

import "shadegrad/compute/judge/cases"

// First asks everything of a backend and returns the first failure, or nil.
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

// All asks everything of a backend and returns all failures.
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

// every reports each failure until report returns false. Its own error says that
// there was no backend to ask, or that it did not close.
func every(open Open, report func(error) bool) (err error) {
	o := &opener{open: open}
	b, err := o.backend()
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := o.close(); err == nil {
			err = closeErr
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
