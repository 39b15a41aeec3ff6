package glctx

import (
	"fmt"
	"strings"
)

// Info describes an open context. The first four fields quote the driver.
type Info struct {
	Renderer        string // GL_RENDERER, such as "llvmpipe (LLVM 15.0.6, 256 bits)"
	Vendor          string // GL_VENDOR
	Version         string // GL_VERSION
	ShadingLanguage string // GL_SHADING_LANGUAGE_VERSION
	Major, Minor    int    // the context's version
	Path            string // "GLFW window (X11)", "EGL device", "EGL surfaceless" or "EGL default display"
	Software        bool   // the renderer runs on the CPU
	Robust          bool   // Context.Lost reports a reset of the GPU
}

// SoftwareName returns the short name of a software renderer, such as "llvmpipe",
// or "" for a GPU.
func (i Info) SoftwareName() string { return softwareName(i.Renderer) }

// softwareRenderers are the names of software renderers in GL_RENDERER. The less
// specific ones come last, as in "Mesa DRI swrast". SVGA3D is VMware's virtual GPU, and
// GDI Generic what Windows has without a driver. Neither is faster than the CPU backend.
var softwareRenderers = []string{
	"llvmpipe", "softpipe", "SwiftShader", "Software Rasterizer",
	"Microsoft Basic Render", "GDI Generic", "SVGA3D", "swrast",
}

func softwareName(renderer string) string {
	lower := strings.ToLower(renderer)
	for _, name := range softwareRenderers {
		if strings.Contains(lower, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// parseVersion returns the numbers at the start of a GL_VERSION string, such as
// "4.5 (Core Profile) Mesa 22.3.6".
func parseVersion(s string) (major, minor int, err error) {
	if _, err := fmt.Sscanf(s, "%d.%d", &major, &minor); err != nil {
		return 0, 0, fmt.Errorf("the driver's version %q is not a number", s)
	}
	return major, minor, nil
}

// A Limit is a limit of a context.
type Limit struct {
	Name string // in OpenGL, such as "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS"
	Have int64  // the driver's value
	// Need is the value that the state tables of the OpenGL 4.3 specification
	// guarantee, and that the kernels rely on: a minimum, or for an alignment the
	// maximum.
	Need int64
	Most bool // Need is the maximum
}

// Met reports whether the driver offers what the specification guarantees.
func (l Limit) Met() bool {
	if l.Most {
		return l.Have <= l.Need
	}
	return l.Have >= l.Need
}
