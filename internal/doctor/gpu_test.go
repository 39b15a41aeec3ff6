package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/backends"
	"shadegrad/internal/glctx"
)

// absent removes the display and the driver.
func absent(f *fake) {
	f.vars["DISPLAY"] = ""
	f.glfwErr, f.windowErr = errors.New("no display"), errors.New("no display")
	f.contextErr = errors.New("EGL device: eglInitialize: EGL_NOT_INITIALIZED")
}

func software(f *fake) {
	f.window.info.Renderer, f.window.info.Software = "llvmpipe (LLVM 15.0.6, 256 bits)", true
	f.egl.info = f.window.info
	f.egl.info.Path = "EGL surfaceless"
}

func older(f *fake, major, minor int) {
	f.windowErr = &glctx.VersionError{Major: major, Minor: minor}
	f.contextErr = &glctx.VersionError{Major: 3, Minor: 1}
	f.gpuErr = f.windowErr
}

const upgrade = "install the system's newest driver for the GPU: sudo apt-get update && sudo apt-get upgrade; if the GPU itself does not support OpenGL 4.3, train with -backend=cpu"

const wslAdvice = "WSL 2: set GALLIUM_DRIVER=d3d12, which needs Mesa 24.0 or newer; with several GPUs also set MESA_D3D12_DEFAULT_ADAPTER_NAME to a part of the name, such as NVIDIA"

// TestNVIDIAParts reports each file that EGL needs for an NVIDIA GPU.
func TestNVIDIAParts(t *testing.T) {
	f := newFake(t)
	absent(f)
	f.files["sys/module/nvidia/version"] = &fstest.MapFile{Data: []byte("535.1\n")}
	f.files["usr/lib64/libEGL_nvidia.so.0"] = &fstest.MapFile{}
	f.files["dev/nvidia2"] = &fstest.MapFile{}
	want := []Value{{Name: "libEGL_nvidia.so.0", Value: "/usr/lib64/libEGL_nvidia.so.0"}, {Name: "egl_vendor.d/10_nvidia.json", Value: "missing"},
		{Name: "/dev/nvidiactl", Value: "missing"}, {Name: "/dev/nvidia0", Value: "/dev/nvidia2"}}
	if got := step(t, f.examine(t, backends.GPU), "EGL").Values; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestChain breaks each step of the examination of the GPU. The letters are in the order of the steps:
// build, display, GLFW, EGL, context, version, limits, shaders, kernels, CPU, CPU kernels, data, cache, disk.
func TestChain(t *testing.T) {
	const works = "; -backend=cpu works"
	for _, c := range []struct {
		name   string
		broken func(*fake)
		course string
		step   string   // to compare
		found  string   // of the step
		advice []string // of the step
		why    string   // the GPU cannot be used; "" if it can
	}{
		{"no fault", func(*fake) {}, "++++++++++++++", "context", "GLFW window (X11); EGL device works too", nil, ""},
		{"no fault, version", func(*fake) {}, "++++++++++++++", "version", "OpenGL 4.6; 4.3 is needed", nil, ""},
		{"no display", func(f *fake) { f.vars["DISPLAY"] = ""; f.glfwErr = errNone }, "+oo+++++++++++", "display",
			"none (DISPLAY and WAYLAND_DISPLAY are unset); EGL needs none", nil, ""},
		{"no X server", func(f *fake) { f.glfwErr = errors.New("X11: Failed to open display :0") }, "++o+++++++++++", "GLFW",
			"X11: Failed to open display :0", nil, ""},
		{"a software window and hardware EGL", func(f *fake) { f.window.info.Renderer, f.window.info.Software = "llvmpipe", true }, "++++++++++++++", "context",
			"EGL device; the window has software OpenGL (llvmpipe)", nil, ""},
		{"no EGL, but a window", func(f *fake) { f.eglErr = errNone }, "+++o++++++++++", "EGL", "none", nil, ""},

		{"neither display nor EGL", func(f *fake) {
			absent(f)
			f.vars["SHADEGRAD_EGL"] = "off"
			f.eglErr = errors.New("switched off by SHADEGRAD_EGL=off")
		},
			"+X.X.....+++++", "display", "none (DISPLAY and WAYLAND_DISPLAY are unset)",
			[]string{"SHADEGRAD_EGL=off disables EGL, which works without a display: unset SHADEGRAD_EGL"},
			"no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: switched off by SHADEGRAD_EGL=off"},
		{"no EGL library", func(f *fake) { absent(f); f.eglErr = errors.New("libEGL.so.1: cannot open shared object file") },
			"+X.X.....+++++", "display", "none (DISPLAY and WAYLAND_DISPLAY are unset)",
			[]string{"EGL or Mesa's driver for it is missing: sudo apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"},
			"no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: libEGL.so.1: cannot open shared object file"},
		{"no driver behind EGL, on Fedora", func(f *fake) {
			absent(f)
			f.files["etc/os-release"].Data = []byte("ID=nobara\nID_LIKE=\"rhel centos fedora\"\n")
		},
			"+X.X.....+++++", "EGL", "EGL device: eglInitialize: EGL_NOT_INITIALIZED", nil,
			"no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: EGL device: eglInitialize: EGL_NOT_INITIALIZED"},
		{"NVIDIA's driver in a container", func(f *fake) {
			absent(f)
			f.files["etc/os-release"].Data = []byte("ID=ubuntu\nID_LIKE=debian\n")
			f.files["sys/module/nvidia/version"] = &fstest.MapFile{Data: []byte("535.161.08\n")}
			f.files[".dockerenv"] = &fstest.MapFile{}
		}, "+X.X.....+++++", "display", "none (DISPLAY and WAYLAND_DISPLAY are unset)",
			[]string{"the kernel has NVIDIA's driver 535.161.08, but OpenGL does not reach it; missing here: libEGL_nvidia.so.0, egl_vendor.d/10_nvidia.json," +
				" /dev/nvidiactl, /dev/nvidia0: start the container with --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all"},
			"no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: EGL device: eglInitialize: EGL_NOT_INITIALIZED"},
		{"a container with all capabilities and without devices", func(f *fake) {
			absent(f)
			f.vars["NVIDIA_DRIVER_CAPABILITIES"], f.vars["container"] = "all", "podman"
			for _, name := range []string{"sys/module/nvidia/version", "usr/lib/x86_64-linux-gnu/libEGL_nvidia.so.0", "usr/share/glvnd/egl_vendor.d/10_nvidia.json"} {
				f.files[name] = &fstest.MapFile{Data: []byte("535.1\n")}
			}
		}, "+X.X.....+++++", "display", "none (DISPLAY and WAYLAND_DISPLAY are unset)",
			[]string{"the kernel has NVIDIA's driver 535.1, but OpenGL does not reach it; missing here: /dev/nvidiactl, /dev/nvidia0:" +
				" start the container with --gpus all"},
			"no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: EGL device: eglInitialize: EGL_NOT_INITIALIZED"},
		{"WSL", func(f *fake) { absent(f); f.files["dev/dxg"] = &fstest.MapFile{} }, "+X.X.....+++++", "display", "none (DISPLAY and WAYLAND_DISPLAY are unset)",
			[]string{wslAdvice},
			"no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: EGL device: eglInitialize: EGL_NOT_INITIALIZED"},
		{"a library of the window system is missing", func(f *fake) {
			f.glfwErr, f.eglErr = errors.New("libX11.so.6 is not installed (Debian: apt-get install libx11-6)"), errors.New("libEGL.so.1: missing")
		}, "++XX.....+++++", "GLFW", "libX11.so.6 is not installed (Debian: apt-get install libx11-6)",
			[]string{"a library of the window system is missing: sudo apt-get install libx11-6 libgl1 libglx-mesa0 libgl1-mesa-dri",
				"EGL or Mesa's driver for it is missing: sudo apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"},
			"no window (libX11.so.6 is not installed (Debian: apt-get install libx11-6)) and EGL failed: libEGL.so.1: missing"},
		{"no X server and no EGL", func(f *fake) {
			f.glfwErr = errors.New("X11: Failed to open display :0")
			f.eglErr = errors.New("libEGL.so.1: cannot open shared object file")
		}, "++XX.....+++++", "GLFW", "X11: Failed to open display :0",
			[]string{"DISPLAY=:0: no X server answers: unset DISPLAY, or set it to a running X server",
				"EGL or Mesa's driver for it is missing: sudo apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"},
			"no window (X11: Failed to open display :0) and EGL failed: libEGL.so.1: cannot open shared object file"},
		{"Wayland without X", func(f *fake) {
			f.vars = map[string]string{"WAYLAND_DISPLAY": "wayland-0", "SHADEGRAD_EGL": "off"}
			f.glfwErr = errors.New("X11: The DISPLAY environment variable is missing")
			f.eglErr = errors.New("switched off by SHADEGRAD_EGL=off")
		}, "++XX.....+++++", "GLFW", "X11: The DISPLAY environment variable is missing",
			[]string{"SHADEGRAD_EGL=off disables EGL, which works without a display: unset SHADEGRAD_EGL",
				"WAYLAND_DISPLAY is set and DISPLAY is not, but this build uses X11: start Xwayland, or unset WAYLAND_DISPLAY to use EGL"},
			"no window (X11: The DISPLAY environment variable is missing) and EGL failed: switched off by SHADEGRAD_EGL=off"},
		{"no GLX, no EGL, on Arch as root", func(f *fake) {
			f.windowErr, f.eglErr = errors.New("GLX: Failed to load GLX"), errors.New("libEGL.so.1: missing")
			f.files["etc/os-release"].Data = []byte("ID=arch\n")
			f.uid = func() int { return 0 }
		}, "++XX.....+++++", "GLFW", "GLX: Failed to load GLX",
			[]string{"OpenGL for windows is missing or broken: pacman -S libx11 libglvnd mesa", "EGL or Mesa's driver for it is missing: pacman -S libglvnd mesa"},
			"no window (GLX: Failed to load GLX) and EGL failed: libEGL.so.1: missing"},

		{"OpenGL 3.3", func(f *fake) { older(f, 3, 3) }, "+++++X...+++++", "version", "needs OpenGL 4.3, this driver offers 3.3", []string{upgrade},
			"needs OpenGL 4.3, this driver offers 3.3"},
		{"OpenGL 3.3 by a variable", func(f *fake) { older(f, 3, 3); f.vars["MESA_GL_VERSION_OVERRIDE"] = "3.3" }, "+++++X...+++++", "version",
			"needs OpenGL 4.3, this driver offers 3.3", []string{"MESA_GL_VERSION_OVERRIDE=3.3 makes Mesa offer an older version: unset MESA_GL_VERSION_OVERRIDE"},
			"needs OpenGL 4.3, this driver offers 3.3"},
		{"OpenGL 1.4 by ssh", func(f *fake) { older(f, 1, 4); f.vars["DISPLAY"] = "localhost:10.0" }, "+++++X...+++++", "version",
			"needs OpenGL 4.3, this driver offers 3.1", []string{upgrade, "DISPLAY=localhost:10.0 is on another machine, or forwarded by ssh -X: unset DISPLAY to use this machine's GPU by EGL"},
			"needs OpenGL 4.3, this driver offers 3.1"},
		{"OpenGL 4.2 in WSL", func(f *fake) { older(f, 4, 2); f.files["dev/dxg"] = &fstest.MapFile{} }, "+++++X...+++++", "version",
			"needs OpenGL 4.3, this driver offers 4.2", []string{wslAdvice}, "needs OpenGL 4.3, this driver offers 4.2"},
		{"an old shading language", func(f *fake) {
			f.window.info.ShadingLanguage, f.vars["MESA_GLSL_VERSION_OVERRIDE"] = "3.30", "330"
		}, "+++++X...+++++", "version", "needs version 4.30 of the shading language, this driver offers 3.30",
			[]string{"MESA_GLSL_VERSION_OVERRIDE=330 makes Mesa offer an older version: unset MESA_GLSL_VERSION_OVERRIDE"},
			"needs version 4.30 of the shading language, this driver offers 3.30"},
		{"a limit", func(f *fake) { f.window.limits[0].Have = 512 }, "++++++X..+++++", "limits", "GL_MAX_THIS is 512, OpenGL 4.3 guarantees at least 1024",
			[]string{"the driver violates OpenGL 4.3: " + upgrade}, "GL_MAX_THIS is 512, OpenGL 4.3 guarantees at least 1024"},
		{"no limits", func(f *fake) { f.window.err = errors.New("lost") }, "++++++X..+++++", "limits", "lost", nil, "lost"},
		{"a shader does not compile", func(f *fake) {
			f.window.refuses, f.window.log = "uint value;", "0(12) : error C0000: syntax error"
		}, "+++++++X.+++++", "shaders", "kernel fill does not compile: fill.comp:12: error C0000: syntax error",
			[]string{"please report it with the output of shadegrad doctor -json; a newer driver may help: " + upgrade}, ""},
		{"no shader links", func(f *fake) { f.window.refuses, f.window.linking = "#version 430", true }, "+++++++X.+++++", "shaders", "", nil, ""},
		{"the backend does not open", func(f *fake) { f.gpuErr = errNone }, "++++++++X+++++", "kernels", "none", nil, "none"},
		{"EGL's context does not close", func(f *fake) { f.egl.closeErr = errNone }, "+++o++++++++++", "EGL", "none", nil, ""},
		{"the window does not close", func(f *fake) { f.window.closeErr = errNone }, "++++++++++++++", "context", "GLFW window (X11); EGL device works too", nil, ""},
		{"wrong numbers", func(f *fake) { f.gpu = fault(t, "matmul: the last term of each sum is missing") }, "++++++++X+++++", "kernels", "",
			[]string{"do not train on it; please report it with the output of shadegrad doctor -json; a newer driver may help: " + upgrade}, ""},
		{"macOS", func(f *fake) { f.goos, f.support, f.gpuErr = "darwin", false, glctx.NoSupport("darwin") }, "+ooooX...+++++", "version",
			"needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)", []string{"macOS stops at OpenGL 4.1: train with -backend=cpu"},
			"needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"},
		{"no support in the build", func(f *fake) { f.support = false; f.gpuErr = glctx.ErrNoSupport }, "X........+++++", "display", "this build has no GPU support", nil,
			"this build has no GPU support"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			c.broken(f)
			r := f.examine(t, backends.GPU)
			if got := course(r); got != c.course {
				t.Errorf("the course is %s, want %s", got, c.course)
			}
			s := step(t, r, c.step)
			if c.found != "" && s.Found != c.found {
				t.Errorf("%s: found %q, want %q", c.step, s.Found, c.found)
			}
			if c.advice != nil && !slices.Equal(s.Advice, c.advice) || c.advice == nil && c.why == "" && r.Usable && len(s.Advice) > 0 {
				t.Errorf("%s: advice\n%s\nwant\n%s", c.step, strings.Join(s.Advice, "\n"), strings.Join(c.advice, "\n"))
			}
			broken := strings.Contains(c.course, "X")
			if r.Usable == broken || r.GPU == broken || !r.CPU {
				t.Errorf("usable %t, GPU %t, CPU %t, verdict %q", r.Usable, r.GPU, r.CPU, r.Verdict)
			}
			want := "the GPU can be used; -backend=cpu works too"
			if broken {
				want = "the GPU cannot be used: " + c.why
			}
			if closing := strings.HasSuffix(r.Verdict, "; closing the context failed: none"); closing != (f.window.closeErr != nil) {
				t.Errorf("the verdict is %q", r.Verdict)
			}
			if !strings.HasPrefix(r.Verdict, want) || broken && !strings.HasSuffix(r.Verdict, works) {
				t.Errorf("the verdict is %q, want %q", r.Verdict, want)
			}
		})
	}
}

// TestAuto examines each kind of GPU with -backend=auto, which works without a GPU.
func TestAuto(t *testing.T) {
	for _, c := range []struct {
		name    string
		broken  func(*fake)
		usable  bool
		chosen  string
		verdict string // a prefix
	}{
		{"a GPU", func(*fake) {}, true, "gpu", "the GPU can be used, and -backend=auto takes it if it is faster; -backend=cpu works too"},
		{"software", software, true, "cpu", "-backend=auto takes the CPU: OpenGL is software here (llvmpipe); -backend=gpu works too"},
		{"none", func(f *fake) { absent(f); f.gpuErr = errNone }, true, "cpu",
			"the GPU cannot be used: no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: EGL device: eglInitialize: EGL_NOT_INITIALIZED; -backend=cpu works"},
		{"wrong numbers", func(f *fake) { f.gpu = fault(t, "matmul: nothing is done") }, true, "cpu", "the GPU cannot be used: "},
		{"a shader that the self-test lets pass", func(f *fake) { f.window.refuses, f.window.log = "uint value;", "no" }, false, "gpu",
			"the GPU cannot be used: kernel fill does not compile: no; do not train with -backend=auto, which takes it; -backend=cpu works"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			c.broken(f)
			r := f.examine(t, backends.Auto)
			if r.Usable != c.usable || r.Chosen != c.chosen || !strings.HasPrefix(r.Verdict, c.verdict) {
				t.Errorf("usable %t, chosen %s, verdict %q\nwant %t, %s, %q", r.Usable, r.Chosen, r.Verdict, c.usable, c.chosen, c.verdict)
			}
		})
	}
}

// TestCPUAlone examines -backend=cpu, which does not use OpenGL.
func TestCPUAlone(t *testing.T) {
	f := newFake(t)
	f.glfw = func() (string, error) { t.Error("GLFW is started"); return "", errNone }
	f.machine.egl = func() ([]string, error) { t.Error("EGL is loaded"); return nil, errNone }
	r := f.examine(t, backends.CPU)
	if got := course(r); got != "+........+++++" || !r.Usable || r.Chosen != "cpu" || r.Verdict != "the CPU can be used" {
		t.Errorf("course %s, usable %t, chosen %q, verdict %q", got, r.Usable, r.Chosen, r.Verdict)
	}
}

// TestSoftwareHints checks the hint for each cause of software rendering.
func TestSoftwareHints(t *testing.T) {
	node := func(f *fake) { f.files["dev/dri/renderD128"] = &fstest.MapFile{} }
	for _, c := range []struct {
		name   string
		broken func(*fake)
		want   []string
	}{
		{"LIBGL_ALWAYS_SOFTWARE", func(f *fake) { f.vars["LIBGL_ALWAYS_SOFTWARE"] = "1" }, []string{"LIBGL_ALWAYS_SOFTWARE=1 selects software rendering: unset LIBGL_ALWAYS_SOFTWARE"}},
		{"GALLIUM_DRIVER", func(f *fake) { f.vars["GALLIUM_DRIVER"] = "softpipe" }, []string{"GALLIUM_DRIVER=softpipe selects software rendering: unset GALLIUM_DRIVER"}},
		{"another driver by name", func(f *fake) { node(f); f.vars["GALLIUM_DRIVER"] = "radeonsi" }, nil},
		{"no GPU", func(*fake) {}, []string{"no GPU is visible here: there is neither /dev/dri nor NVIDIA's driver"}},
		{"a GPU without permission", func(f *fake) { node(f); f.denied = func(name string) bool { return name == "dev/dri/renderD128" } },
			[]string{"no permission to open /dev/dri/renderD128: run usermod -aG render $USER as root, and log in again"}},
		{"NVIDIA's driver", func(f *fake) { f.files["sys/module/nvidia/version"] = &fstest.MapFile{Data: []byte("550.1\n")} },
			[]string{"the kernel has NVIDIA's driver 550.1, but OpenGL does not reach it; missing here: libEGL_nvidia.so.0, egl_vendor.d/10_nvidia.json, /dev/nvidiactl, /dev/nvidia0: " +
				"install NVIDIA's libraries for EGL of the same version; these are in a package: sudo apt-get install libegl-nvidia0"}},
		{"WSL with Mesa's variable", func(f *fake) { f.files["dev/dxg"] = &fstest.MapFile{}; f.vars["GALLIUM_DRIVER"] = "d3d12" },
			[]string{"WSL 2: Mesa's driver d3d12 is missing or too old: install Mesa 24.0 or newer, such as that of a newer distribution, and update the GPU's driver in Windows"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			software(f)
			c.broken(f)
			r := f.examine(t, backends.GPU)
			if got := step(t, r, "context").Advice; !slices.Equal(got, c.want) {
				t.Errorf("hints %q, want %q", got, c.want)
			}
			if s := step(t, r, "version"); s.Found != "OpenGL 4.6; 4.3 is needed; software rendering" {
				t.Errorf("version: %q", s.Found)
			}
			if want := "the GPU can be used; -backend=cpu works too, and is faster; OpenGL is software here (llvmpipe)"; !r.Usable || r.Verdict != want {
				t.Errorf("verdict %q, want %q", r.Verdict, want)
			}
		})
	}
}
