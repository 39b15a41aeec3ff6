package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"shadegrad/compute/judge"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/certificate"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/follow"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const verifyUsage = `usage: shadegrad verify [FLAGS] FILE

Repeats the run of a certificate that "shadegrad train -certify=FILE" wrote, and
compares the weights after each epoch. On the device of the first run they must be
bit-identical, on another one equal within rounding.
`

// verify is "shadegrad verify".
func (a *app) verify(args []string) error {
	s, err := a.parse("verify", verifyUsage, args)
	if err != nil {
		return err
	}
	if len(s.Args) != 1 {
		return flags.Errorf("verify: want one FILE, a certificate of \"shadegrad train -certify=FILE\", after the flags")
	}
	path := s.Args[0]
	c, err := certificate.Load(path)
	if err != nil {
		return err
	}
	var from *model.Model
	switch {
	case c.Options.From == "" && s.from != "":
		return flags.Errorf("-from=%s: the run of %s began with drawn weights; omit the flag", s.from, path)
	case c.Options.From != "" && s.from == "":
		return fmt.Errorf("%s: not verified: the run began with the weights of a network, of SHA-256 %.12s…; name its file with -from", path, c.Options.From)
	case s.from != "":
		if from, err = loadStart(s.from); err != nil {
			return err
		}
		if digest, err := from.Digest(); err != nil || digest != c.Options.From {
			return fmt.Errorf("%s: not verified: -from=%s has weights of SHA-256 %.12s…, the run began with %.12s…", path, s.from, digest, c.Options.From)
		}
	}
	stored := recipe.Of(c.Options, c.Data.Form)
	stored.Path = s.Path
	d, err := stored.Open()
	if err != nil {
		return err
	}
	seed := c.Options.Seed
	if s.seed != nil {
		seed = *s.seed
	}
	state := train.NewState(c.Options, d, s.Path)
	if from != nil {
		if state.First, _, err = from.Start(c.Options.Network, seed); err != nil {
			return fmt.Errorf("%s: not verified: %s: %w", path, s.from, err)
		}
	}
	if list := c.Differences(certificate.DataOf(d), seed, state.First); len(list) > 0 {
		return fmt.Errorf("%s: not verified: this is another run: %s", path, strings.Join(list, "; "))
	}
	opener := a.opener
	opener.Cases = func() []judge.Case { return bench.CasesOf(c.Options, d) }
	opener.Repeat = true
	choice, err := a.openBackend(opener, cmp.Or(s.backend, backends.Kind(c.Device.Backend)))
	if err != nil {
		return err
	}
	defer choice.Close()
	return a.repeat(path, state, c, d, choice)
}

// repeat trains again and reports after each epoch how far it is from the certificate.
func (a *app) repeat(path string, state *train.State, c *certificate.Certificate, d *dataset.Data, b *backends.Choice) error {
	here := certificate.DeviceOf(b.Info())
	fmt.Fprintf(a.stderr, "%s; network %s, %s\n", report.Describe(b.Info()), c.Options.Network, report.Count(c.Options.Epochs, "epoch"))
	if here != c.Device {
		fmt.Fprintf(a.stderr, "the certificate was made on %s; the same bits cannot be expected\n", report.Short(c.Device.String()))
	}
	if p, err := certificate.ThisProgram(buildVersion()); err == nil && p != c.Program {
		fmt.Fprintf(a.stderr, "the certificate was made by another build, %s with SHA-256 %.12s…\n", report.Short(c.Program.Version), report.Short(c.Program.SHA256))
	}
	ctx, stop := a.interruptible()
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	v := &follow.Verification{Certificate: c, SameDevice: here == c.Device, Out: a.stdout, Notes: a.stderr, Enough: enough}
	run := &train.Run{Data: d, State: state, Report: v, Backend: b, Save: v.Saved}
	err := run.Do(ctx)
	signal := stop()
	switch {
	case v.Err != nil:
		return v.Err
	case v.Wrong != nil:
		return fmt.Errorf("%s: not verified: %v", path, *v.Wrong)
	case errors.Is(err, train.ErrInterrupted):
		return &stoppedError{signal: signal}
	case err != nil:
		return err
	case v.Last < len(c.Epochs):
		return fmt.Errorf("%s: not verified: the run stopped after epoch %d, that of the certificate after epoch %d", path, v.Last, len(c.Epochs))
	}
	verdict := "verified: every epoch has the same bits"
	if v.Drifted {
		verdict = fmt.Sprintf("verified within rounding on another device: losses within %g, accuracies within %g points",
			certificate.LossBound, 100*certificate.AccuracyBound)
	}
	_, err = fmt.Fprintln(a.stdout, verdict)
	return err
}
