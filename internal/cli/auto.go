package cli

import (
	"fmt"

	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
)

// faster returns the faster backend for the network and the batch of a run, and the reason. With -backend=auto and a
// hardware GPU both backends do some steps, unless their times are in the cache. It closes the backend that it does not
// return.
func (a *app) faster(c *backends.Choice, s bench.Step, d *dataset.Data) (choice *backends.Choice, why string) {
	if !c.Fallback { // the CPU, or a GPU chosen by name
		return c, reason(c)
	}
	other := cpu.New()
	took, known, err := bench.Remembered{Program: buildVersion(), Compare: a.compare}.Times(c.Backend, other, s, d)
	remembered := ""
	if known {
		remembered = ", as remembered"
	}
	if err == nil && took.GPU <= took.CPU {
		other.Close()
		return c, fmt.Sprintf("it takes %s a step, the CPU %s", report.Duration(took.GPU), report.Duration(took.CPU)) + remembered
	}
	choice = &backends.Choice{Backend: other, Kind: backends.Auto}
	if err != nil {
		why = reason(choice)
		fmt.Fprintf(a.stderr, "%v; using the CPU\n", err)
	} else {
		why = fmt.Sprintf("it takes %s a step, the GPU (%s) %s", report.Duration(took.CPU), c.Info().Device, report.Duration(took.GPU)) + remembered
	}
	if err := c.Close(); err != nil {
		fmt.Fprintf(a.stderr, "closing the GPU: %v\n", err)
	}
	return choice, why
}
