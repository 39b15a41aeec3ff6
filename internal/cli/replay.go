package cli

import (
	"errors"
	"flag"
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/internal/backends"
	"shadegrad/internal/capsule"
	"shadegrad/internal/report"
)

const replayUsage = `usage: shadegrad replay [FLAGS] CAPSULE

Runs a training step again that "shadegrad train" kept in a file, because its losses were
no longer finite or, with -shadow, because the device computed it wrongly. The step
is run as the device compiles it, and op by op, and compared with the same in float64:
either the device is wrong, or the numbers themselves leave the range of float32. Exit
status 1 if the device at hand is wrong.
`

// replayFlags are the settings of "shadegrad replay".
type replayFlags struct {
	path    string
	backend backends.Kind // empty: the capsule's
	threads int
	tune    switchValue
}

func (a *app) replayFlags(args []string) (*replayFlags, error) {
	f := &replayFlags{tune: switchOn}
	fs := flag.NewFlagSet("replay", flag.ContinueOnError)
	fs.Var(setting[backends.Kind]{&f.backend, oneOf(backends.GPU, backends.CPU), nil}, "backend", "`NAME` of the backend to ask, gpu or cpu (default that of the capsule)")
	threadsFlag(fs, &f.threads)
	fs.Var(setting[switchValue]{&f.tune, oneOf(switchOn, switchOff), nil}, "tune", "`SWITCH` for timing the GPU's kernels, on or off: as the run had it that\nkept the step")
	if err := a.parseFlags(fs, replayUsage, args); err != nil {
		return nil, err
	}
	if fs.NArg() != 1 {
		return nil, usagef("replay needs one CAPSULE, a file in which \"shadegrad train\" kept a step; flags come before it")
	}
	f.path = fs.Arg(0)
	return f, nil
}

// replay is "shadegrad replay".
func (a *app) replay(args []string) error {
	f, err := a.replayFlags(args)
	if err != nil {
		return err
	}
	setThreads(f.threads)
	c, err := capsule.Load(f.path)
	if err != nil {
		return err
	}
	kind := f.backend
	if kind == "" {
		if kind, err = oneOf(backends.GPU, backends.CPU)(c.Device.Backend); err != nil {
			return fmt.Errorf("%s: made on backend %q; say on which to run it, with -backend=gpu or -backend=cpu", f.path, c.Device.Backend)
		}
	}
	opener := a.opener
	opener.NoTuning = f.tune == switchOff
	opener.NoSelfTest = true // the step itself is the test
	b, err := a.openBackend(opener, kind)
	if err != nil {
		return err
	}
	return errors.Join(a.replayOn(f.path, c, b), b.Close())
}

// replayOn tells what a backend makes of a capsule.
func (a *app) replayOn(path string, c *capsule.Capsule, b compute.Backend) error {
	made := "made on"
	if len(c.Sources) > 0 {
		made = fmt.Sprintf("with the sources of %s, made on", report.Count(len(c.Sources), "kernel"))
	}
	fmt.Fprintf(a.stderr, "%s\n%s: step %d of epoch %d of a network %s, with a batch of %d, %s %s\n", report.Describe(b.Info()),
		report.PrintableName(path), c.Step, c.Epoch, c.Options.Network, c.Rows(), made, report.PrintableName(report.Describe(c.Device)))
	t, err := c.Try()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	recorded, err := t.Recorded()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	v, err := t.Check(b)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text, wrong := sentence(c, b.Info(), recorded, v)
	if _, err := fmt.Fprintln(a.stdout, report.Printable(text)); err != nil {
		return err
	}
	if wrong {
		return fmt.Errorf("%s: %s computes the step wrongly", path, b.Info().Device)
	}
	return nil
}

// sentence says in a sentence what a device makes of a step, beside what the capsule's
// own device made of it, and whether the device is wrong.
func sentence(c *capsule.Capsule, i compute.Info, recorded *judge.Difference, v *judge.Verdict) (text string, wrong bool) {
	o := c.Options
	switch {
	case v.Wrong() != "":
		return fmt.Sprintf("the device is wrong: on %s, in %s", i.Device, v.Wrong()), true
	case recorded != nil:
		then := recorded.String()
		if e := c.First; e != nil {
			then = fmt.Sprintf("op %d, %s: element (%d,%d) of %s was %s, and not %s ± %s", e.Op, e.Kernel, e.Row, e.Col, e.Matrix, e.Got, e.Want, e.Bound)
		}
		return fmt.Sprintf("this device is right: %s computes the step as float64 does, within rounding; %s did not: %s", i.Device, c.Device.Device, then), false
	case v.Limit != nil || !c.Finite():
		what := "the numbers"
		if v.Limit != nil {
			what = v.Limit.Matrix
		}
		lower := fmt.Sprintf("lower -lr, which is %g", o.LearningRate)
		if c.LearningRate != o.LearningRate {
			lower += fmt.Sprintf(" (%.3g in this step)", c.LearningRate)
		}
		if o.Momentum > 0 {
			lower += fmt.Sprintf(", or -momentum, which is %g", o.Momentum)
		}
		return fmt.Sprintf("the model diverges: in step %d of epoch %d %s leave the range of float32, as %s computes rightly; %s",
			c.Step, c.Epoch, what, i.Device, lower), false
	}
	return fmt.Sprintf("nothing is wrong: %s computes the step as float64 does, within rounding, as did %s", i.Device, c.Device.Device), false
}
