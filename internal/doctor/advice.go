package doctor

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"shadegrad/compute/opengl"
	"shadegrad/internal/glctx"
	"shadegrad/internal/situation"
	"shadegrad/shaders"
)

// report asks for a report of a fault of this program or of a driver.
const report = "please report it with the output of shadegrad doctor -json"

// unset advises to unset each of the variables that is set, because of its effect.
func (x *exam) unset(effect string, names ...string) []string {
	var list []string
	for _, name := range names {
		if v := x.env(name); v != "" {
			list = append(list, fmt.Sprintf("%s=%s %s: unset %s", name, v, effect, name))
		}
	}
	return list
}

// noContext returns advice if neither a window nor EGL gives a context.
func (x *exam) noContext(window, egl way) []string {
	if x.goos == "windows" {
		return append(x.situation(""), "install the newest driver of the GPU's vendor"+otherwise)
	}
	var list []string
	off := x.env("SHADEGRAD_EGL") == "off"
	if off {
		list = x.unset("disables EGL, which works without a display", "SHADEGRAD_EGL")
	}
	if x.display() && window.err != nil {
		started := window.library != "" // GLFW, which connects to the X server
		switch display := x.env("DISPLAY"); {
		case strings.Contains(window.err.Error(), "is not installed"):
			list = append(list, "a library of the window system is missing: "+x.system.install(glxPackages))
		case !started && display != "":
			list = append(list, fmt.Sprintf("DISPLAY=%s: no X server answers: unset DISPLAY, or set it to a running X server", display))
		case !started:
			list = append(list, "WAYLAND_DISPLAY is set and DISPLAY is not, but this build uses X11: start Xwayland, or unset WAYLAND_DISPLAY to use EGL")
		case x.goos == "linux":
			list = append(list, "OpenGL for windows is missing or broken: "+x.system.install(glxPackages))
		default:
			list = append(list, "install the driver of the GPU's vendor")
		}
	}
	if off {
		return list
	}
	list = append(list, x.unset("limits EGL to these drivers", "__EGL_VENDOR_LIBRARY_FILENAMES")...)
	list = append(list, x.unset("is where Mesa looks for drivers", "LIBGL_DRIVERS_PATH")...)
	list = append(list, x.situation("")...)
	if egl.library == "" || len(list) == 0 {
		list = append(list, "EGL or Mesa's driver for it is missing: "+x.system.install(eglPackages))
	}
	return list
}

// tooOld returns advice if OpenGL or its shading language is too old.
func (x *exam) tooOld() []string {
	if list := x.unset("makes Mesa offer an older version", "MESA_GL_VERSION_OVERRIDE", "MESA_GLSL_VERSION_OVERRIDE"); len(list) > 0 {
		return list
	}
	if list := x.unset("sends OpenGL through the X server, which supports only 1.4", "LIBGL_ALWAYS_INDIRECT"); len(list) > 0 {
		return list
	}
	if x.goos == "darwin" {
		return []string{"macOS stops at OpenGL 4.1: train with -backend=cpu"}
	}
	if s := x.environment().Of(""); s != nil && s.Kind == situation.WSL {
		return []string{s.String()}
	}
	list := []string{x.newerDriver()}
	if host, _, _ := strings.Cut(x.env("DISPLAY"), ":"); host != "" {
		list = append(list, "DISPLAY="+x.env("DISPLAY")+" is on another machine, or forwarded by ssh -X: unset DISPLAY to use this machine's GPU by EGL")
	}
	return list
}

// otherwise follows the advice to install a driver.
const otherwise = "; if the GPU itself does not support OpenGL 4.3, train with -backend=cpu"

// newerDriver returns the command that updates the GPU's driver.
func (x *exam) newerDriver() string {
	commands := [...][]string{debian: {"apt-get update", "apt-get upgrade"}, fedora: {"dnf upgrade"}, arch: {"pacman -Syu"}}
	switch {
	case x.goos != "linux":
		return "install the newest driver of the GPU's vendor" + otherwise
	case x.system.family == otherFamily:
		return "install the system's newest driver for the GPU" + otherwise
	}
	var typed []string
	for _, c := range commands[x.system.family] {
		typed = append(typed, x.system.asRoot(c))
	}
	return "install the system's newest driver for the GPU: " + strings.Join(typed, " && ") + otherwise
}

// software returns advice if OpenGL runs on the CPU.
func (x *exam) software(i glctx.Info) []string {
	if list := x.unset("selects software rendering", x.environment().SoftwareVariables()...); len(list) > 0 {
		return list
	}
	list := x.situation(i.Version)
	if len(list) == 0 && x.goos == "linux" && !x.exists("dev/dri/renderD*") {
		where := "here"
		if x.environment().Virtual() {
			where = "in this virtual machine"
		}
		list = append(list, "no GPU is visible "+where+": there is neither /dev/dri nor NVIDIA's driver")
	}
	return list
}

// environment returns the machine as package situation sees it.
func (x *exam) environment() situation.Machine {
	return situation.Machine{GOOS: x.goos, Root: x.root, Env: x.env, Denied: x.denied}
}

// situation returns advice on the machine's situation, for the version of its OpenGL.
func (x *exam) situation(version string) []string {
	env := x.environment()
	s := env.Of(version)
	if s == nil {
		return nil
	}
	text := s.String()
	if s.Kind == situation.NVIDIA && !env.InContainer() {
		major, _, _ := strings.Cut(env.NVIDIAVersion(), ".")
		p := packages{debian: "libegl-nvidia0", fedora: "xorg-x11-drv-nvidia-libs", arch: "nvidia-utils"}
		if x.system.ubuntu {
			p[debian] = "libnvidia-gl-" + major
		}
		text += "; these are in a package: " + x.system.install(p)
	}
	return []string{text}
}

// nvidiaParts returns the files that EGL needs for an NVIDIA GPU, if the kernel has its driver.
func (x *exam) nvidiaParts() []Value {
	var list []Value
	if env := x.environment(); env.NVIDIAVersion() != "" {
		for _, p := range env.NVIDIAParts() {
			list = append(list, Value{Name: p.Name, Value: cmp.Or(p.Path, "missing")})
		}
	}
	return list
}

// exists reports whether a file matches one of the patterns, which are separated by spaces.
func (x *exam) exists(patterns string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		found, err := fs.Glob(x.root, pattern)
		return err == nil && len(found) > 0
	})
}

// withoutSupport returns advice if the build has no GPU support.
func (x *exam) withoutSupport() string {
	if x.goos == "windows" {
		return "download the release, which has it; or install MSYS2 and run in its UCRT64 terminal: " +
			"pacman -S make mingw-w64-ucrt-x86_64-gcc mingw-w64-ucrt-x86_64-go && make build"
	}
	return "build it with a C compiler, without CGO_ENABLED=0 and the tag nogl: " + x.system.install(buildPackages) + ", then make build"
}

// brokenShader returns advice if the driver refuses a shader.
func (x *exam) brokenShader() []string {
	list := x.unset("replaces the built-in shaders", shaders.Variable)
	if len(list) == 0 {
		list = x.unset("changes what Mesa's compiler accepts", "MESA_GLSL_VERSION_OVERRIDE", "MESA_EXTENSION_OVERRIDE")
	}
	if len(list) == 0 {
		list = []string{report + "; a newer driver may help: " + x.newerDriver()}
	}
	return list
}

// wrongNumbers returns advice if the GPU computes wrong results.
func (x *exam) wrongNumbers() []string {
	if list := x.unset("replaces the built-in shaders", shaders.Variable); len(list) > 0 {
		return list
	}
	return []string{"do not train on it; " + report + "; a newer driver may help: " + x.newerDriver()}
}

// describeRefusal returns the lines of a driver's error for a source.
func describeRefusal(source shaders.Source, refused *glctx.ShaderError) []string {
	e := &opengl.CompileError{Kernel: source.Name, Linked: refused.Compiled, Log: source.Rewrite(refused.Log)}
	lines := e.Excerpt()
	lines[0] = e.Summary() + ": " + lines[0]
	return lines
}
