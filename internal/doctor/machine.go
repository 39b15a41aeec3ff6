package doctor

import (
	"io/fs"
	"os"
	"runtime"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/cache"
	"shadegrad/internal/dataset"
	"shadegrad/internal/glctx"
	"shadegrad/internal/situation"
)

// A machine is the environment of an examination. Tests replace it with broken ones.
type machine struct {
	goos    string
	env     func(name string) string // os.Getenv
	root    fs.FS                    // the root directory
	uid     func() int
	support bool // the build can use a GPU

	display func() bool
	glfw    func() (string, error)
	egl     func() ([]string, error)
	window  func() (device, error)
	byEGL   func() (device, error)

	newCPU   func() compute.Backend
	cases    func(quick bool) []judge.Case
	openData func(where string, f dataset.Form) (*dataset.Data, error)
	cacheDir func() (string, error)                    // cache.Dir
	space    func(dir string) (free int64, known bool) // in a directory
	denied   func(device string) bool                  // opening a device file is not permitted
}

// A device is an OpenGL context.
type device interface {
	Info() glctx.Info
	Limits() ([]glctx.Limit, error)
	CheckShader(source string) error
	Close() error
}

// judgeCases returns all cases, or those of the self-test.
func judgeCases(quick bool) []judge.Case {
	if quick {
		return cases.SelfTest()
	}
	return cases.All()
}

func thisMachine() machine {
	return machine{
		goos: runtime.GOOS, env: os.Getenv, root: os.DirFS("/"), uid: os.Geteuid, support: backends.GPUSupport,
		display: glctx.HasDisplay, glfw: glctx.ProbeGLFW, egl: glctx.ProbeEGL,
		window: contextBy(glctx.OpenWindow), byEGL: contextBy(glctx.OpenEGL),
		newCPU: func() compute.Backend { return cpu.New() }, cases: judgeCases, openData: openData,
		cacheDir: cache.Dir, space: freeSpace,
		denied: situation.This().Denied,
	}
}

// contextBy adapts a function of glctx, so that an error comes with a nil interface.
func contextBy(open func() (*glctx.Context, error)) func() (device, error) {
	return func() (device, error) {
		c, err := open()
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// isRoot reports whether the user is root and does not need sudo.
func (m *machine) isRoot() bool { return m.uid() == 0 }

// variables are the environment variables that affect this program, GLFW, EGL or Mesa.
var variables = []string{
	"DISPLAY", "WAYLAND_DISPLAY", "XDG_CACHE_HOME", "NVIDIA_DRIVER_CAPABILITIES",
	"SHADEGRAD_EGL", "SHADEGRAD_ROBUST", "SHADEGRAD_SHADERS", "SHADEGRAD_SIMD", "SHADEGRAD_CACHE",
	"LIBGL_ALWAYS_SOFTWARE", "LIBGL_ALWAYS_INDIRECT", "LIBGL_DRIVERS_PATH", "GALLIUM_DRIVER", "MESA_D3D12_DEFAULT_ADAPTER_NAME",
	"MESA_GL_VERSION_OVERRIDE", "MESA_GLSL_VERSION_OVERRIDE", "MESA_LOADER_DRIVER_OVERRIDE", "MESA_EXTENSION_OVERRIDE",
	"EGL_PLATFORM", "DRI_PRIME", "__NV_PRIME_RENDER_OFFLOAD", "__GLX_VENDOR_LIBRARY_NAME", "__EGL_VENDOR_LIBRARY_FILENAMES",
}

// openData opens a data set as "shadegrad train" does.
func openData(where string, f dataset.Form) (*dataset.Data, error) { return f.Open(where) }
