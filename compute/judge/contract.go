package judge

import (
	"fmt"

	"shadegrad/compute"
)

// An Open opens a backend. What it returns is closed by the caller.
type Open func() (compute.Backend, error)

// A Check is a promise of package compute that is not about numbers.
type Check struct {
	// Name says what is promised: "queue/fetch sees its place".
	Name string

	run func(o *opener) error
}

// Run tells whether a backend keeps the promise. It opens the backends it needs,
// since some checks break theirs, and closes them.
func (c Check) Run(open Open) (err error) {
	o := &opener{open: open}
	defer func() {
		if closeErr := o.close(); err == nil && closeErr != nil {
			err = closeErr
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", c.Name, err)
		}
	}()
	return c.run(o)
}

// An opener opens backends and remembers to close them.
type opener struct {
	open   Open
	opened []compute.Backend
}

func (o *opener) backend() (compute.Backend, error) {
	b, err := o.open()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	o.opened = append(o.opened, b)
	return b, nil
}

func (o *opener) close() (err error) {
	for _, b := range o.opened {
		if closeErr := b.Close(); closeErr != nil && err == nil {
			err = fmt.Errorf("close: %w", closeErr)
		}
	}
	return err
}

// Contract returns the promises of a backend, the same ones every time.
func Contract() []Check {
	var list []Check
	return list
}
