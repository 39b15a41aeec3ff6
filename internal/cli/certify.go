package cli

import (
	"fmt"

	"shadegrad/internal/certificate"
	"shadegrad/internal/keep"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A certifying run records its epochs for a certificate.
type certifying struct {
	*certificate.Certificate
	changed bool // the device changed during the run
}

// startCertificate makes a run record its epochs if -certify is given. Otherwise it returns nil.
func (s *settings) startCertificate(run *train.Run, text *report.Text) (*certifying, error) {
	if s.certify == "" {
		return nil, nil
	}
	if err := writable(s.certify); err != nil {
		return nil, err
	}
	program, err := certificate.ThisProgram(buildVersion())
	if err != nil {
		return nil, fmt.Errorf("reading this program for the certificate: %w", err)
	}
	c := certificate.New(program, run.State, run.Data)
	c.Data.Form = run.State.Data.Form
	made, save := &certifying{Certificate: c}, run.Save
	run.Save = func(state *train.State) error {
		made.changed = made.changed || len(c.Epochs) > 0 && certificate.DeviceOf(text.Info()) != c.Device
		c.Add(state, text.Info())
		return save(state)
	}
	return made, nil
}

// save writes the certificate of a complete run.
func (c *certifying) save(s *settings, files *runFiles, show report.Reporter) error {
	path := s.certify
	if c.changed {
		return fmt.Errorf("%s: no certificate was written: the device changed during the run, which cannot be repeated", path)
	}
	if err := keep.Save(path, func(path string) error { return files.Warn(c.Certificate.Save(path)) }); err != nil {
		err, _ = moved(err, "certificate")
		return err
	}
	command := []string{files.program, "verify"}
	if s.Path != "" {
		command = append(command, "-data="+s.Path)
	}
	if s.from != "" {
		command = append(command, "-from="+s.from)
	}
	show.Note("certified in " + path + "; to verify it, run: " + typed(append(command, path)...))
	return nil
}
