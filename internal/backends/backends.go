// Package backends opens the backend that a user asks for.
//
// CPU opens the CPU. GPU opens the GPU or returns an error; it never falls back.
// Auto opens a hardware GPU that passes a self-test, and otherwise the CPU with a
// [Finding] that explains the fallback.
package backends

import (
	"cmp"
	"errors"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl"
	"shadegrad/cpu"
	"shadegrad/internal/glctx"
	"shadegrad/internal/situation"
	"shadegrad/shaders"
)

// GPUSupport reports whether this build can use a GPU.
const GPUSupport = glctx.Supported

// A Kind is a backend that a user can ask for.
type Kind string

// The kinds.
const (
	Auto Kind = "auto"
	GPU  Kind = "gpu"
	CPU  Kind = "cpu"
)

// A Choice is an open backend.
type Choice struct {
	compute.Backend
	Kind     Kind       // that was asked for
	Findings []*Finding // about the GPU
	// Fallback reports whether another backend may replace this one if it fails.
	Fallback bool
}

// An Opener opens backends. The zero value opens those of this machine.
type Opener struct {
	// Shaders replaces the embedded shaders.
	Shaders *shaders.Set
	// NoTuning uses the GPU's default kernels instead of timing several.
	NoTuning bool
	// Cases returns what the self-test of a GPU checks. If nil, the self-test checks every kernel.
	Cases func() []judge.Case
	// Repeat uses the kernels of the last run, even if it had no time to try them all.
	Repeat bool
	// NoSelfTest skips the self-test of a GPU that is asked for by name.
	NoSelfTest bool
	// OpenGPU replaces the opening of the GPU, in tests.
	OpenGPU func() (compute.Backend, error)
	// OtherGPU replaces the search for a second GPU, in tests.
	OtherGPU func(renderer string) string
	// Situation replaces situation.Machine.Of of this machine, in tests.
	Situation func(driver string) *situation.Situation
}

// Open opens a backend. If it was asked for the GPU, the error is a *Finding.
func (o Opener) Open(k Kind) (*Choice, error) {
	if k == CPU {
		return &Choice{Backend: cpu.New(), Kind: k}, nil
	}
	gpu, reason := o.open(k)
	switch {
	case reason == nil:
		return &Choice{Backend: gpu, Kind: k, Findings: o.findings(gpu.Info()), Fallback: k == Auto}, nil
	case k == GPU:
		reason.Remedy = AskForCPU
		return nil, reason
	}
	return &Choice{Backend: cpu.New(), Kind: k, Findings: []*Finding{reason}}, nil
}

// open opens the GPU, or returns why it cannot be used or Auto does not use it.
func (o Opener) open(k Kind) (compute.Backend, *Finding) {
	gpu, err := o.OpenUntested()
	if errors.Is(err, glctx.ErrNoSupport) {
		return nil, &Finding{Problem: Unsupported, Err: err}
	}
	if err != nil {
		return nil, &Finding{Problem: Unavailable, Err: err, Situation: o.situation("", err)}
	}
	reason := &Finding{Problem: SelfTest, Device: gpu.Info().Device}
	switch {
	case k == Auto && gpu.Info().Software:
		reason.Problem, reason.Situation = Software, o.situation(gpu.Info().Driver, nil)
	case k == GPU && o.NoSelfTest:
		return gpu, nil
	default:
		if reason.Err = o.selfTest(gpu); reason.Err == nil {
			return gpu, nil
		}
	}
	reason.Close = gpu.Close()
	return nil, reason
}

// OpenUntested opens the GPU without a self-test.
func (o Opener) OpenUntested() (compute.Backend, error) {
	if o.OpenGPU != nil {
		return o.OpenGPU()
	}
	b, err := opengl.Open(opengl.Options{Shaders: o.Shaders, Tune: !o.NoTuning, Repeat: o.Repeat})
	if err != nil {
		return nil, err // not b: a nil pointer in an interface is not nil
	}
	return b, nil
}

// selfTest compares kernels with the reference, and returns the first *judge.Failure. If the
// numbers of one of Cases are wrong, it returns the failure of a single op if there is one.
func (o Opener) selfTest(b compute.Backend) error {
	if o.Cases == nil {
		return checkAll(b, cases.SelfTest())
	}
	err := checkAll(b, o.Cases())
	var wrong *judge.Failure
	if errors.As(err, &wrong) && wrong.Cause == nil {
		err = cmp.Or(checkAll(b, cases.SelfTest()), err)
	}
	return err
}

// checkAll has a backend compile the kernels of cases, many at a time if it can, and returns the
// error of the first case that fails.
func checkAll(b compute.Backend, list []judge.Case) error {
	if p, ok := b.(compute.Prefetcher); ok {
		p.Prefetch(judge.Programs(list))
	}
	for _, c := range list {
		if err := c.Check(b); err != nil {
			return err
		}
	}
	return nil
}
