package cli

import (
	"cmp"
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/capsule"
	"shadegrad/internal/flags"
	"shadegrad/internal/report"
)

const replayUsage = `usage: shadegrad replay [FLAGS] CAPSULE

Repeats a training step that "shadegrad train" saved because its losses were not finite
or, with -shadow, because the device computed it wrongly. It runs the step as the device
compiles it and op by op, and compares both with float64. Either the device is wrong, or
the numbers leave the range of float32. Exit status 1 if the device in use is wrong.
`

// replay is "shadegrad replay".
func (a *app) replay(args []string) error {
	s, err := a.parse("replay", replayUsage, args)
	if err != nil {
		return err
	}
	if len(s.Args) != 1 {
		return flags.Errorf("replay: want one CAPSULE, a step saved by \"shadegrad train\", after the flags")
	}
	path := s.Args[0]
	c, err := capsule.Load(path)
	if err != nil {
		return err
	}
	kind := cmp.Or(s.backend, backends.Kind(c.Device.Backend))
	if kind != backends.GPU && kind != backends.CPU {
		return fmt.Errorf("%s: recorded on the unknown backend %q; choose one with -backend=gpu or -backend=cpu", path, c.Device.Backend)
	}
	opener := a.opener
	opener.NoTuning, opener.Repeat = s.tune == switchOff, true
	opener.NoSelfTest = true // the step itself is the test
	b, err := a.openBackend(opener, kind)
	if err != nil {
		return err
	}
	return errors.Join(a.replayOn(path, c, b), b.Close())
}

// replayOn compares a backend with a capsule.
func (a *app) replayOn(path string, c *capsule.Capsule, b compute.Backend) error {
	made := "recorded on"
	if len(c.Sources) > 0 {
		made = fmt.Sprintf("with the sources of %s, recorded on", report.Count(len(c.Sources), "kernel"))
	}
	fmt.Fprintf(a.stderr, "%s\n%s: step %d of epoch %d of a network %s, with a batch of %d, %s %s\n", report.Describe(b.Info()),
		report.PrintableName(path), c.Step, c.Epoch, c.Options.Network, c.Rows(), made, report.Short(report.Describe(c.Device)))
	t, err := c.Replay()
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
	text, wrong := report.Replay(c, b.Info(), recorded, v)
	if _, err := fmt.Fprintln(a.stdout, report.Printable(text)); err != nil {
		return err
	}
	if wrong {
		return fmt.Errorf("%s: %s computes the step wrongly", path, b.Info().Device)
	}
	return nil
}
