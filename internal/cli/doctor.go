package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"

	"shadegrad/internal/backends"
	"shadegrad/internal/doctor"
	"shadegrad/internal/report"
)

const doctorUsage = `usage: shadegrad doctor [FLAGS]

Looks at everything that a training run needs, a line each: display, GLFW, EGL, context,
version and limits of OpenGL, each shader compiled, each kernel of GPU and CPU beside the
reference, data, cache, disk. What fails comes with what to do about it here. The exit
status is 0 if training with this -backend (and -data) would go right, else 1.
`

// doctor is "shadegrad doctor".
func (a *app) doctor(args []string) error {
	c := doctor.Config{Program: buildVersion(), Backend: backends.Auto, Opener: a.opener}
	var asJSON bool
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	backendFlag(fs, &c.Backend)
	var place dataFlags
	fs.StringVar(&place.path, "data", "", "`PLACE` of a data set to look at, beside the built-in MNIST, as train -data has it")
	place.formFlags(fs)
	fs.BoolVar(&c.Quick, "quick", false, "judge kernels by the few cases of the self-test alone")
	fs.BoolVar(&asJSON, "json", false, "write one JSON object, for a report of a fault")
	if err := a.parseFlags(fs, doctorUsage, args); err != nil {
		return err
	}
	if err := noMore(fs); err != nil {
		return err
	}
	c.Data, c.Form = place.path, place.form
	var writeErr error
	if !asJSON {
		c.Step = func(s doctor.Step) { writeErr = errors.Join(writeErr, report.DoctorStep(a.stdout, s)) }
	}
	r := doctor.Run(c)
	if asJSON {
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
