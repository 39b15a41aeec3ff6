package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/certificate"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const verifyUsage = `usage: shadegrad verify [FLAGS] FILE

Runs a training run again whose certificate "shadegrad train -certify=FILE" wrote, and
tells whether each epoch comes to the same weights. On the device of the first run
it must, to the bit; on another one within rounding.
`

// verifyFlags are the settings of "shadegrad verify".
type verifyFlags struct {
	path    string
	backend backends.Kind // empty: the certificate's
	data    string
	seed    choice[uint64]
	threads int
}

func (a *app) verifyFlags(args []string) (*verifyFlags, error) {
	f := &verifyFlags{}
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.Var(setting[backends.Kind]{&f.backend, oneOf(backends.GPU, backends.CPU), nil}, "backend", "`NAME` of another backend than the certificate's: gpu or cpu")
	dataFlag(fs, &f.data)
	fs.Var(setting[choice[uint64]]{&f.seed, chosen(seed), showChoice[uint64]}, "seed", "the seed that the run is said to have had, `N` (default the certificate's)")
	threadsFlag(fs, &f.threads)
	if err := a.parseFlags(fs, verifyUsage, args); err != nil {
		return nil, err
	}
	if fs.NArg() != 1 {
		return nil, usagef("verify needs one FILE, a certificate that \"shadegrad train -certify=FILE\" wrote; flags come before it")
	}
	f.path = fs.Arg(0)
	return f, nil
}

// verify is "shadegrad verify".
func (a *app) verify(args []string) error {
	f, err := a.verifyFlags(args)
	if err != nil {
		return err
	}
	setThreads(f.threads)
	c, err := certificate.Load(f.path)
	if err != nil {
		return err
	}
	place := dataFlags{path: f.data, form: c.Data.Form}
	d, err := place.openSplit(c.Options.Validation, c.Options.Seed)
	if err != nil {
		return err
	}
	if list := c.Differences(certificate.DataOf(d), f.seed.or(c.Options.Seed)); len(list) > 0 {
		return fmt.Errorf("%s: not verified, since this is another run: %s", f.path, strings.Join(list, "; "))
	}
	kind := f.backend
	if kind == "" {
		kind = backends.Kind(c.Device.Backend)
	}
	chosen, err := a.openBackend(a.opener, kind)
	if err != nil {
		return err
	}
	defer chosen.Close()
	return a.repeat(f, c, d, chosen)
}

// repeat trains again, and says after each epoch how far it is from the certificate.
func (a *app) repeat(f *verifyFlags, c *certificate.Certificate, d *dataset.Data, b *backends.Choice) error {
	here := certificate.DeviceOf(b.Info())
	fmt.Fprintf(a.stderr, "%s; network %s, %s\n", report.Describe(b.Info()), c.Options.Network, report.Count(c.Options.Epochs, "epoch"))
	if here != c.Device {
		fmt.Fprintf(a.stderr, "the certificate was made on %s; the same bits cannot be expected\n", report.PrintableName(c.Device.String()))
	}
	if p, err := certificate.ThisProgram(buildVersion()); err == nil && p != c.Program {
		fmt.Fprintf(a.stderr, "the certificate was made by another build, %s with SHA-256 %.12s…\n", report.PrintableName(c.Program.Version), report.PrintableName(c.Program.SHA256))
	}
	v := &verification{app: a, certificate: c}
	ctx, stop := a.interruptible()
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	v.enough = enough
	run := &train.Run{Data: d, State: train.NewState(c.Options, d, f.data), Report: v, Backend: b, Save: v.saved}
	v.sameDevice = here == c.Device
	err := run.Do(ctx)
	signal := stop()
	switch {
	case v.err != nil:
		return v.err
	case v.wrong != nil:
		return fmt.Errorf("%s: not verified: %v", f.path, *v.wrong)
	case errors.Is(err, train.ErrInterrupted):
		return &stoppedError{signal: signal}
	case err != nil:
		return err
	case v.last < len(c.Epochs):
		return fmt.Errorf("%s: not verified: the run stopped after epoch %d, the certificate's after epoch %d", f.path, v.last, len(c.Epochs))
	}
	verdict := "verified: every epoch has the same bits"
	if v.drifted {
		verdict = fmt.Sprintf("verified within rounding on another device: losses within %g, accuracies within %g points",
			certificate.LossBound, 100*certificate.AccuracyBound)
	}
	_, err = fmt.Fprintln(a.stdout, verdict)
	return err
}

// A verification is told of a run that is made again.
type verification struct {
	app         *app
	certificate *certificate.Certificate
	sameDevice  bool
	enough      func()
	last        int                // the epoch compared last
	drifted     bool               // some epoch has not the same bits
	wrong       *certificate.Drift // the first that is too far off
	err         error              // of writing
}

// saved compares the epoch that was completed, and what the run comes to when it is done.
func (v *verification) saved(s *train.State) error {
	if s.Rows > 0 { // stopped in the middle of one
		return nil
	}
	if s.Epoch > v.last {
		v.last = s.Epoch
		v.told(v.certificate.Compare(certificate.EpochOf(s)))
	}
	if s.Done() && v.wrong == nil {
		if d, ok := v.certificate.CompareOutcome(certificate.OutcomeOf(s)); ok {
			v.told(d)
		}
	}
	return nil
}

// told writes how far off something is, and ends the run where it is too far.
func (v *verification) told(d certificate.Drift) {
	if _, err := fmt.Fprintln(v.app.stdout, d); err != nil && v.err == nil {
		v.err = err
	}
	v.drifted = v.drifted || !d.Same
	if !d.Same && (v.sameDevice || !d.Close) && v.wrong == nil {
		v.wrong = &d
		v.enough()
	}
}

func (v *verification) Started(compute.Info)    {}
func (v *verification) Progress(train.Progress) {}
func (v *verification) Finished(train.Epoch)    {}
func (v *verification) Note(text string)        { fmt.Fprintln(v.app.stderr, text) }
