package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"shadegrad/internal/glctx"
)

// noContext says what leads to a context where neither way does.
func (x *exam) noContext(window, egl way) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	off := x.env("SHADEGRAD_EGL") == "off"
	if off {
		add("SHADEGRAD_EGL=off keeps EGL, which needs no display, from being tried: unset SHADEGRAD_EGL")
	}
	if x.display() && window.err != nil {
		switch started := window.library != ""; {
		case x.goos == "windows" || x.goos == "darwin":
			add("install the driver of the GPU's maker")
		case !started && x.env("DISPLAY") != "":
			add("DISPLAY=%s names no X server that answers: unset DISPLAY, or set it to one that does", x.env("DISPLAY"))
		case !started:
			add("WAYLAND_DISPLAY is set and DISPLAY is not, and this build's windows are X11's: start Xwayland, or unset WAYLAND_DISPLAY to use EGL")
		case x.goos == "linux":
			add("OpenGL for windows is missing or broken: %s", x.system.install(glxPackages))
		default:
			add("install the driver of the GPU's maker")
		}
	}
	if off || x.goos == "windows" || x.goos == "darwin" {
		return list
	}
	if v := x.env("__EGL_VENDOR_LIBRARY_FILENAMES"); v != "" {
		add("__EGL_VENDOR_LIBRARY_FILENAMES=%s limits EGL to these drivers: unset it", v)
	}
	if v := x.env("LIBGL_DRIVERS_PATH"); v != "" {
		add("LIBGL_DRIVERS_PATH=%s is where Mesa looks for drivers: unset it", v)
	}
	list = append(list, x.nvidia()...)
	if egl.library == "" || len(list) == 0 {
		add("EGL, or Mesa's driver behind it, is missing: %s", x.system.install(eglPackages))
	}
	return list
}

// tooOld says what offers a newer version; of the shading language for nil.
func (x *exam) tooOld(v *glctx.VersionError) []string {
	var list []string
	for _, name := range []string{"MESA_GL_VERSION_OVERRIDE", "MESA_GLSL_VERSION_OVERRIDE"} {
		if value := x.env(name); value != "" {
			list = append(list, fmt.Sprintf("%s=%s holds Mesa back: unset %s", name, value, name))
		}
	}
	if len(list) > 0 {
		return list
	}
	if value := x.env("LIBGL_ALWAYS_INDIRECT"); value != "" {
		return []string{"LIBGL_ALWAYS_INDIRECT=" + value + " asks for OpenGL by way of the X server, which stops at 1.4: unset it"}
	}
	if x.goos == "darwin" {
		return []string{"macOS stops at OpenGL 4.1: train with -backend=cpu"}
	}
	list = append(list, x.newerDriver())
	if host, _, _ := strings.Cut(x.env("DISPLAY"), ":"); host != "" {
		list = append(list, "DISPLAY="+x.env("DISPLAY")+" is on another machine, or forwarded by ssh -X: unset DISPLAY to use this machine's GPU by EGL")
	}
	return list
}

// newerDriver says how to get a newer driver.
func (x *exam) newerDriver() string {
	const otherwise = "; where the GPU itself is too old for OpenGL 4.3, train with -backend=cpu"
	commands := [...][]string{debian: {"apt-get update", "apt-get upgrade"}, fedora: {"dnf upgrade"}, arch: {"pacman -Syu"}}
	switch {
	case x.goos != "linux":
		return "install the newest driver of the GPU's maker" + otherwise
	case x.system.family == otherFamily:
		return "install the system's newest driver of the GPU" + otherwise
	}
	var typed []string
	for _, c := range commands[x.system.family] {
		typed = append(typed, x.system.asRoot(c))
	}
	return "install the system's newest driver of the GPU: " + strings.Join(typed, " && ") + otherwise
}

// softwareValues are those of Mesa's variables that ask for a renderer in software.
var softwareValues = map[string]bool{"1": true, "true": true, "y": true, "yes": true, "llvmpipe": true, "softpipe": true, "swrast": true}

// software says why OpenGL may be software where there is a GPU.
func (x *exam) software(egl way) []string {
	var list []string
	for _, name := range []string{"LIBGL_ALWAYS_SOFTWARE", "GALLIUM_DRIVER", "MESA_LOADER_DRIVER_OVERRIDE"} {
		if v := x.env(name); softwareValues[v] {
			list = append(list, fmt.Sprintf("%s=%s asks for it: unset %s to use a GPU", name, v, name))
		}
	}
	if len(list) > 0 || x.goos != "linux" {
		return list
	}
	if egl.err == nil && !egl.info.Software {
		return []string{fmt.Sprintf("EGL has the GPU %s, which the display has not: unset DISPLAY and WAYLAND_DISPLAY to use it", egl.info.Renderer)}
	}
	if list = x.nvidia(); len(list) > 0 {
		return list
	}
	nodes, err := fs.Glob(x.root, "dev/dri/renderD*")
	for _, node := range nodes {
		if err == nil && x.denied(node) {
			list = append(list, fmt.Sprintf("this user may not use the GPU's /%s: %s, and log in again", node, x.system.asRoot("usermod -aG render $USER")))
		}
	}
	if len(nodes) == 0 {
		list = append(list, "there is no GPU to be seen here: no /dev/dri, and no driver of NVIDIA's")
	}
	return list
}

// nvidia says how OpenGL gets to a GPU of NVIDIA's whose kernel driver is there.
func (x *exam) nvidia() []string {
	version, err := fs.ReadFile(x.root, "sys/module/nvidia/version")
	if err != nil && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	major, _, _ := strings.Cut(strings.TrimSpace(string(version)), ".")
	p := packages{debian: "libegl-nvidia0", fedora: "xorg-x11-drv-nvidia-libs", arch: "nvidia-utils"}
	if x.system.ubuntu && major != "" {
		p[debian] = "libnvidia-gl-" + major
	}
	return []string{fmt.Sprintf("the kernel has NVIDIA's driver %s, and OpenGL does not reach it: in a container, start it with NVIDIA_DRIVER_CAPABILITIES=all;"+
		" elsewhere: %s", strings.TrimSpace(string(version)), x.system.install(p))}
}
