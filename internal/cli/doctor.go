package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"shadegrad/internal/doctor"
	"shadegrad/internal/report"
)

const doctorUsage = `usage: shadegrad doctor [FLAGS]

Checks the requirements of a training run, one per line: display, GLFW, EGL, context,
version and limits of OpenGL, each shader, each kernel of GPU and CPU compared with the
reference, data, cache and disk. A failed check comes with its remedy. The exit status
is 0 if training with this -backend and -data works, otherwise 1.
`

// doctor is "shadegrad doctor".
func (a *app) doctor(args []string) error {
	s, err := a.parseFlags("doctor", doctorUsage, args)
	if err != nil {
		return err
	}
	c := doctor.Config{Program: buildVersion(), Backend: s.backend, Opener: a.opener, Data: s.Path, Form: s.Form, Quick: s.quick}
	var writeErr error
	if !s.json {
		c.Step = func(step doctor.Step) { writeErr = errors.Join(writeErr, report.DoctorStep(a.stdout, step)) }
	}
	r := doctor.Run(c)
	if s.json {
		r.Private()
		e := json.NewEncoder(a.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		writeErr = e.Encode(r)
	} else if r.Usable && writeErr == nil {
		_, writeErr = fmt.Fprintf(a.stdout, "\n%s\n", r.Verdict)
	}
	if r.Usable || writeErr != nil {
		return writeErr
	}
	return errors.New(r.Verdict)
}
