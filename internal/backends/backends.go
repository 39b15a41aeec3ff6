// Package backends opens the backend a user asked for, and says why it chose.
//
// The rule is a contract: "cpu" is the CPU; "gpu" is the GPU or an error, never
// something else; "auto" is the GPU where there is one in hardware that passes a
// self-test, and otherwise the CPU, with one line that says why.
package backends

import (
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl"
	"shadegrad/cpu"
	"shadegrad/internal/glctx"
	"shadegrad/shaders"
)

// A Kind is what a user can ask for.
type Kind string

// The kinds.
const (
	Auto Kind = "auto"
	GPU  Kind = "gpu"
	CPU  Kind = "cpu"
)

// ParseKind returns the kind of a name.
func ParseKind(name string) (Kind, error) {
	switch k := Kind(name); k {
	case Auto, GPU, CPU:
		return k, nil
	}
	return "", fmt.Errorf("must be auto, gpu or cpu")
}

// A Choice is an open backend.
type Choice struct {
	compute.Backend
	Why   string   // why it was chosen, to follow "chosen because"
	Notes []string // what the user should know, a line each
	// Fallback tells whether another backend may take over after a failure.
	Fallback bool
}

// An Opener opens backends. Its zero value opens the real ones.
type Opener struct {
	// Shaders replaces the embedded shaders.
	Shaders *shaders.Set
	// NoTuning leaves the GPU's kernels as they usually are, instead of timing them.
	NoTuning bool
	// NoSelfTest opens a GPU by name without asking whether it computes rightly, for those
	// who will ask themselves.
	NoSelfTest bool
	// OpenGPU replaces the opening of the GPU, in tests.
	OpenGPU func() (compute.Backend, error)
	// OtherGPU replaces the search for a second GPU, in tests.
	OtherGPU func(renderer string) string
}

// Open opens a backend of a kind. An error of the GPU ends in what to do.
func (o Opener) Open(k Kind) (*Choice, error) {
	switch k {
	case CPU:
		return onCPU("-backend=cpu asks for it"), nil
	case GPU:
		gpu, err := o.gpu()
		if err != nil {
			return nil, fmt.Errorf("%w; -backend=cpu needs no GPU", err)
		}
		c := &Choice{Backend: gpu, Why: "-backend=gpu asks for it", Notes: o.hints(gpu.Info())}
		if name, ok := software(gpu.Info()); ok {
			c.Notes = append(c.Notes, fmt.Sprintf("warning: OpenGL is software here (%s); -backend=cpu is faster", name))
		}
		if o.NoSelfTest {
			return c, nil
		}
		if err := selfTest(gpu); err != nil {
			return nil, fmt.Errorf("%w; -backend=cpu needs no GPU", errors.Join(err, gpu.Close()))
		}
		return c, nil
	}
	return o.auto()
}

// auto takes the GPU if it is one in hardware and computes rightly.
func (o Opener) auto() (*Choice, error) {
	gpu, err := o.gpu()
	if err != nil {
		return fallback(err), nil
	}
	if name, ok := software(gpu.Info()); ok {
		return fallback(fmt.Errorf("OpenGL is software here (%s)", name), gpu), nil
	}
	if err := selfTest(gpu); err != nil {
		return fallback(err, gpu), nil
	}
	return &Choice{Backend: gpu, Why: "it is a GPU and passed the self-test", Notes: o.hints(gpu.Info()), Fallback: true}, nil
}

// fallback returns the CPU and the reason, having closed what is not to be used.
func fallback(reason error, unused ...compute.Backend) *Choice {
	for _, b := range unused {
		if err := b.Close(); err != nil {
			reason = fmt.Errorf("%w (and closing it failed: %v)", reason, err)
		}
	}
	return onCPU("no GPU can be used", reason.Error()+"; using the CPU")
}

// onCPU returns the CPU.
func onCPU(why string, notes ...string) *Choice {
	return &Choice{Backend: cpu.New(), Why: why, Notes: notes}
}

func (o Opener) gpu() (compute.Backend, error) {
	open := o.OpenGPU
	if open == nil {
		open = func() (compute.Backend, error) { return openGL(opengl.Options{Shaders: o.Shaders, Tune: !o.NoTuning}) }
	}
	b, err := open()
	if errors.Is(err, glctx.ErrNoSupport) {
		return nil, err // it is the build, not a GPU, that is lacking
	}
	if err != nil {
		return nil, fmt.Errorf("GPU unavailable: %w", err)
	}
	return b, nil
}

func openGL(options opengl.Options) (compute.Backend, error) {
	b, err := opengl.Open(options)
	if err != nil {
		return nil, err // and not b, a nil pointer in an interface
	}
	return b, nil
}

// selfTest checks each kernel at odd shapes against the reference.
func selfTest(b compute.Backend) error {
	for _, c := range cases.SelfTest() {
		err := c.Check(b)
		if err == nil {
			continue
		}
		var refused *opengl.CompileError
		if errors.As(err, &refused) { // it names the device itself
			return fmt.Errorf("GPU self-test failed: %w", refused)
		}
		var source *opengl.SourceError
		if errors.As(err, &source) { // the device has not seen it
			return fmt.Errorf("GPU self-test failed: %w", source)
		}
		text := err.Error()
		var f *judge.Failure
		if errors.As(err, &f) {
			text = f.Short()
		}
		return fmt.Errorf("GPU self-test failed: %s on %s", text, b.Info().Device)
	}
	return nil
}

// software tells whether a backend's OpenGL runs on the CPU, and its short name,
// or the whole one where no short one is known.
func software(i compute.Info) (string, bool) {
	name := glctx.Info{Renderer: i.Device}.SoftwareName()
	if name == "" {
		name = i.Device
	}
	return name, i.Software
}

// hints tells how to choose the other GPU where the integrated one was chosen.
func (o Opener) hints(i compute.Info) []string {
	other := o.OtherGPU
	if other == nil {
		other = glctx.OtherGPU
	}
	if hint := other(i.Device); hint != "" {
		return []string{fmt.Sprintf("%s is the integrated GPU; to use the other one: %s", i.Device, hint)}
	}
	return nil
}
