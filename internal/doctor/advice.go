package doctor

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"shadegrad/compute/opengl"
	"shadegrad/internal/glctx"
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
	var list []string
	off := x.env("SHADEGRAD_EGL") == "off"
	if off {
		list = x.unset("disables EGL, which works without a display", "SHADEGRAD_EGL")
	}
	if x.display() && window.err != nil {
		started := window.library != "" // GLFW, which connects to the X server
		switch display := x.env("DISPLAY"); {
		case x.goos == "windows" || x.goos == "darwin":
			list = append(list, "install the driver of the GPU's vendor")
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
	if off || x.goos == "windows" || x.goos == "darwin" {
		return list
	}
	list = append(list, x.unset("limits EGL to these drivers", "__EGL_VENDOR_LIBRARY_FILENAMES")...)
	list = append(list, x.unset("is where Mesa looks for drivers", "LIBGL_DRIVERS_PATH")...)
	list = append(list, append(x.wsl(), x.nvidia()...)...)
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
	list := []string{x.newerDriver()}
	if host, _, _ := strings.Cut(x.env("DISPLAY"), ":"); host != "" {
		list = append(list, "DISPLAY="+x.env("DISPLAY")+" is on another machine, or forwarded by ssh -X: unset DISPLAY to use this machine's GPU by EGL")
	}
	return list
}

// newerDriver returns the command that updates the GPU's driver.
func (x *exam) newerDriver() string {
	const otherwise = "; if the GPU itself does not support OpenGL 4.3, train with -backend=cpu"
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

// softwareValues are the values of Mesa's variables that select a software renderer.
var softwareValues = map[string]bool{"1": true, "true": true, "y": true, "yes": true, "llvmpipe": true, "softpipe": true, "swrast": true}

// software returns advice if OpenGL runs on the CPU.
func (x *exam) software(egl way) []string {
	var list []string
	for _, name := range []string{"LIBGL_ALWAYS_SOFTWARE", "GALLIUM_DRIVER", "MESA_LOADER_DRIVER_OVERRIDE"} {
		if softwareValues[x.env(name)] {
			list = append(list, x.unset("selects software rendering", name)...)
		}
	}
	if len(list) > 0 || x.goos != "linux" {
		return list
	}
	if egl.err == nil && !egl.info.Software {
		return []string{fmt.Sprintf("EGL has the GPU %s, the display does not: unset DISPLAY and WAYLAND_DISPLAY to use it", egl.info.Renderer)}
	}
	if list = append(x.wsl(), x.nvidia()...); len(list) > 0 {
		return list
	}
	nodes, err := fs.Glob(x.root, "dev/dri/renderD*")
	for _, node := range nodes {
		if err == nil && x.denied(node) {
			list = append(list, fmt.Sprintf("/%s: permission denied: %s, and log in again", node, x.system.asRoot("usermod -aG render $USER")))
		}
	}
	if len(nodes) == 0 {
		list = append(list, "no GPU is visible here: there is neither /dev/dri nor NVIDIA's driver")
	}
	return list
}

// nvidia returns how to make OpenGL use an NVIDIA GPU, if the kernel has its driver.
func (x *exam) nvidia() []string {
	text, err := fs.ReadFile(x.root, "sys/module/nvidia/version")
	if err != nil {
		return nil
	}
	version := strings.TrimSpace(string(text))
	major, _, _ := strings.Cut(version, ".")
	p := packages{debian: "libegl-nvidia0", fedora: "xorg-x11-drv-nvidia-libs", arch: "nvidia-utils"}
	if x.system.ubuntu && major != "" {
		p[debian] = "libnvidia-gl-" + major
	}
	s := "the kernel has NVIDIA's driver " + version + ", but OpenGL does not reach it: "
	missing := x.nvidiaMissing()
	if len(missing) > 0 {
		s += "missing here: " + strings.Join(missing, ", ") + "; "
	}
	s += "in a container, start it with --gpus all"
	if capabilities := x.env("NVIDIA_DRIVER_CAPABILITIES"); !strings.Contains(capabilities, "all") && !strings.Contains(capabilities, "graphics") {
		s += " and NVIDIA_DRIVER_CAPABILITIES=all"
	}
	list := []string{s + "; elsewhere: " + x.system.install(p)}
	if slices.Contains(missing, nvidiaVendorFile) {
		list = append(list, "/usr/share/glvnd/"+nvidiaVendorFile+` must contain {"file_format_version": "1.0.0", "ICD": {"library_path": "libEGL_nvidia.so.0"}}`)
	}
	return list
}

// nvidiaVendorFile tells EGL about NVIDIA's library. It is below /usr/share/glvnd or /etc/glvnd.
const nvidiaVendorFile = "egl_vendor.d/10_nvidia.json"

// nvidiaMissing lists the files that EGL needs for an NVIDIA GPU and that are missing here.
func (x *exam) nvidiaMissing() []string {
	var list []string
	for _, part := range []struct{ name, places string }{
		{"libEGL_nvidia.so.0", "usr/lib/libEGL_nvidia.so.0 usr/lib64/libEGL_nvidia.so.0 usr/lib/*/libEGL_nvidia.so.0 usr/lib/*/*/libEGL_nvidia.so.0"},
		{nvidiaVendorFile, "usr/share/glvnd/" + nvidiaVendorFile + " etc/glvnd/" + nvidiaVendorFile},
		{"/dev/nvidiactl", "dev/nvidiactl"},
		{"/dev/nvidia0", "dev/nvidia[0-9]*"},
	} {
		if !x.exists(part.places) {
			list = append(list, part.name)
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

// wsl returns advice on using the GPU in the Windows Subsystem for Linux.
func (x *exam) wsl() []string {
	switch {
	case x.exists("dev/dxg") && x.env("GALLIUM_DRIVER") == "d3d12":
		return []string{"WSL offers its GPU through Mesa's driver d3d12, which this Mesa lacks or which is too old: install a newer Mesa, " +
			"such as that of a newer distribution, and update the driver of the GPU in Windows"}
	case x.exists("dev/dxg"):
		return []string{"WSL offers its GPU through Mesa's driver d3d12: set GALLIUM_DRIVER=d3d12; if that fails, install a newer Mesa, " +
			"such as that of a newer distribution, and update the driver of the GPU in Windows"}
	case x.env("WSL_DISTRO_NAME") != "":
		return []string{"WSL offers no GPU here, since /dev/dxg is missing: run wsl --update in Windows, and use WSL 2"}
	}
	return nil
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
