package cli

import (
	"errors"
	"fmt"

	"shadegrad/internal/backends"
)

// openBackend opens a backend and prints what the user should know about it.
func (a *app) openBackend(o backends.Opener, k backends.Kind) (*backends.Choice, error) {
	c, err := o.Open(k)
	if err != nil {
		return nil, openError(err, "-backend")
	}
	a.printFindings(c)
	return c, nil
}

// openError adds the remedy to an error of Opener.Open. flag is the flag that chooses the backend.
func openError(err error, flag string) error {
	var f *backends.Finding
	if errors.As(err, &f) && f.Remedy == backends.AskForCPU {
		return fmt.Errorf("%w; %s=cpu works without a GPU", err, flag)
	}
	return err
}

// printFindings prints each finding and its remedy on a line.
func (a *app) printFindings(c *backends.Choice) {
	for _, f := range c.Findings {
		switch f.Remedy {
		case backends.UsingCPU:
			fmt.Fprintf(a.stderr, "%v; using the CPU\n", f)
		case backends.PreferCPU:
			fmt.Fprintf(a.stderr, "warning: %v; -backend=cpu is faster\n", f)
		case backends.SetEnv:
			fmt.Fprintf(a.stderr, "%v; to use the other one: %s\n", f, f.Env)
		}
	}
}

// reason returns why a backend was chosen, to follow "chosen because".
func reason(c *backends.Choice) string {
	switch {
	case c.Kind != backends.Auto:
		return fmt.Sprintf("-backend=%s asks for it", c.Kind)
	case c.Fallback:
		return "it is a GPU and passed the self-test"
	}
	return "no GPU can be used"
}
