package glctx

import (
	"fmt"
	"strings"
)

// Info describes an open context in the driver's own words.
type Info struct {
	Renderer        string // GL_RENDERER, such as "llvmpipe (LLVM 15.0.6, 256 bits)"
	Vendor          string // GL_VENDOR
	Version         string // GL_VERSION
	ShadingLanguage string // GL_SHADING_LANGUAGE_VERSION
	Major, Minor    int    // the context's version
	Path            string // "GLFW window (X11)", "EGL device", "EGL surfaceless" or "EGL default display"
	Software        bool   // the renderer is a program on the CPU
	Robust          bool   // a reset of the GPU is reported, see Context.Lost
}

// SoftwareName returns the short name of the software renderer, such as
// "llvmpipe", or "" where the renderer is a GPU.
func (i Info) SoftwareName() string { return softwareName(i.Renderer) }

// softwareRenderers are what software renderers call themselves in
// GL_RENDERER. Order matters: "Mesa DRI swrast" and the like come last.
var softwareRenderers = []string{
	"llvmpipe", "softpipe", "SwiftShader", "Software Rasterizer",
	"Microsoft Basic Render", "swrast",
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

// parseVersion reads the numbers at the start of a GL_VERSION string, such as
// "4.5 (Core Profile) Mesa 22.3.6".
func parseVersion(s string) (major, minor int, err error) {
	if _, err := fmt.Sscanf(s, "%d.%d", &major, &minor); err != nil {
		return 0, 0, fmt.Errorf("the driver's version %q is not a number", s)
	}
	return major, minor, nil
}
