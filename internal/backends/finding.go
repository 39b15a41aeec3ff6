package backends

import (
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/opengl"
	"shadegrad/internal/glctx"
	"shadegrad/internal/situation"
)

// A Problem is a kind of Finding.
type Problem int

// The problems. Err of a Finding has the details.
const (
	Unsupported Problem = iota // the build has no GPU support
	Unavailable                // OpenGL 4.3 is missing: *glctx.AbsentError, *glctx.VersionError, or an error of opengl.Open
	SelfTest                   // a kernel fails: *judge.Failure, which wraps *opengl.CompileError or *opengl.SourceError
	Software                   // OpenGL runs on the CPU
	Integrated                 // the machine has another GPU, which may be faster
)

// A Remedy is what to do about a Finding.
type Remedy int

// The remedies.
const (
	UsingCPU  Remedy = iota // nothing: Auto has opened the CPU
	AskForCPU               // ask for the CPU, which works
	PreferCPU               // ask for the CPU, which is faster
	SetEnv                  // set the variables in Env
)

// A Finding is a problem of the GPU and its remedy. As an error it is the problem alone.
type Finding struct {
	Problem Problem
	Device  string // the renderer, if a context was opened
	Err     error  // the cause, or nil
	Close   error  // the error of closing the unused backend, or nil
	Remedy  Remedy
	Env     string // for SetEnv: "DRI_PRIME=1"
	// Situation is the probable reason for Unavailable or Software, with its own remedy, or nil.
	Situation *situation.Situation
}

func (f *Finding) Error() string {
	s := f.problem()
	if f.Situation != nil {
		s += "; " + f.Situation.String()
	}
	if f.Close != nil {
		s += fmt.Sprintf(" (and closing it failed: %v)", f.Close)
	}
	return s
}

// Unwrap returns the causes.
func (f *Finding) Unwrap() []error { return []error{f.Err, f.Close} }

func (f *Finding) problem() string {
	switch f.Problem {
	case Unavailable:
		return fmt.Sprintf("GPU unavailable: %v", f.Err)
	case SelfTest:
		return "GPU self-test failed: " + f.failure()
	case Software:
		name := glctx.Info{Renderer: f.Device}.SoftwareName()
		if name == "" {
			name = f.Device
		}
		return fmt.Sprintf("OpenGL is software here (%s)", name)
	case Integrated:
		return f.Device + " is the integrated GPU"
	}
	return f.Err.Error()
}

// failure describes the failure of a self-test.
func (f *Finding) failure() string {
	var compile *opengl.CompileError
	var source *opengl.SourceError
	var numbers *judge.Failure
	var stall *opengl.StallError
	switch {
	case errors.As(f.Err, &stall):
		return stall.Error() // also names the device
	case errors.As(f.Err, &compile):
		return compile.Error() // names the device
	case errors.As(f.Err, &source):
		return source.Error() // concerns no device
	case errors.As(f.Err, &numbers):
		return numbers.Short() + " on " + f.Device
	}
	return fmt.Sprintf("%v on %s", f.Err, f.Device)
}

// findings returns what the user should know about an open GPU.
func (o Opener) findings(i compute.Info) []*Finding {
	var list []*Finding
	other := o.OtherGPU
	if other == nil {
		other = glctx.OtherGPU
	}
	if env := other(i.Device); env != "" {
		list = append(list, &Finding{Problem: Integrated, Device: i.Device, Remedy: SetEnv, Env: env})
	}
	if i.Software {
		list = append(list, &Finding{Problem: Software, Device: i.Device, Remedy: PreferCPU, Situation: o.situation(i.Driver, nil)})
	}
	return list
}

// situation returns the probable reason why the GPU cannot be opened, with the error err, or why OpenGL is software.
func (o Opener) situation(driver string, err error) *situation.Situation {
	of := o.Situation
	if of == nil {
		if o.OpenGPU != nil { // not of this machine
			return nil
		}
		of = situation.This().Of
	}
	s := of(driver)
	if s != nil && glctx.NewestVersion(err) != nil && s.Kind != situation.WSL && s.Kind != situation.RemoteDesktop {
		return nil // the others do not make OpenGL older
	}
	return s
}
