package cli

import (
	"fmt"

	"shadegrad/internal/certificate"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A certified is a run whose certificate is being made.
type certified struct {
	*certificate.Certificate
	changed bool // another device took over
}

// certified has a run's epochs noted, if -certify is given; otherwise it returns nil.
func (f *trainFlags) certified(run *train.Run, text *report.Text) (*certified, error) {
	if f.certify == "" {
		return nil, nil
	}
	if err := writable(f.certify); err != nil {
		return nil, err
	}
	program, err := certificate.ThisProgram(buildVersion())
	if err != nil {
		return nil, fmt.Errorf("reading this program for the certificate: %w", err)
	}
	c := certificate.New(program, run.State.Options, run.Data)
	c.Data.Form = run.State.Data.Form
	made, save := &certified{Certificate: c}, run.Save
	run.Save = func(s *train.State) error {
		made.changed = made.changed || len(c.Epochs) > 0 && certificate.DeviceOf(text.Info()) != c.Device
		c.Add(s, text.Info())
		return save(s)
	}
	return made, nil
}

// save writes the certificate of a run that is complete. program is how this one was called.
func (c *certified) save(f *trainFlags, program string, show report.Reporter) error {
	path := f.certify
	if c.changed {
		return fmt.Errorf("%s: no certificate was written, since the run went on with another device: nobody could repeat it", path)
	}
	if err := c.Certificate.Save(path); err != nil {
		return err
	}
	command := shellQuote(program) + " verify "
	if f.data.path != "" {
		command += "-data=" + shellQuote(f.data.path) + " "
	}
	show.Note("certified in " + path + "; to run it again: " + command + shellQuote(path))
	return nil
}
