package doctor

import (
	"errors"
	"fmt"
	"strings"

	"shadegrad/internal/backends"
	"shadegrad/internal/glctx"
)

// gpuSteps are the steps of the examination of the GPU.
var gpuSteps = []string{"display", "GLFW", "EGL", "context", "version", "limits", "shaders", "kernels"}

// gpu examines the GPU up to the first failed step.
func (x *exam) gpu() verdict {
	switch {
	case x.Backend == backends.CPU:
		x.untried(0, "-backend=cpu works without a GPU")
		return verdict{why: "it was not examined"}
	case !x.support && x.goos == "darwin":
		return x.macOS()
	case !x.support:
		x.untried(0, "this build has no GPU support")
		return verdict{why: glctx.ErrNoSupport.Error()}
	case x.window == nil:
		for _, name := range gpuSteps[:7] {
			x.add(Step{Name: name, Status: Unneeded, Found: "the GPU is not this machine's"})
		}
		return x.kernels()
	}
	d, failed := x.context()
	if d == nil {
		return failed
	}
	// Keep it open: Xvfb restarts when its last window closes, and refuses calls while it does.
	x.held = d
	for i, step := range []func(device) Step{x.version, x.limits, x.shaders} {
		if s := x.add(step(d)); s.Status == Failed {
			x.untried(5+i, gpuSteps[4+i]+" failed")
			return verdict{why: s.Found}
		}
	}
	return x.kernels()
}

// macOS adds the steps of a build for macOS, which does not call OpenGL.
func (x *exam) macOS() verdict {
	old := glctx.NoSupport("darwin")
	for _, name := range gpuSteps[:4] {
		x.add(Step{Name: name, Status: Unneeded, Found: "not used on macOS"})
	}
	v := x.end(Step{Name: "version", Status: Failed, Found: old.Error(), Advice: x.tooOld()})
	x.untried(5, "version failed")
	return v
}

// untried adds the steps from an index on as not tried.
func (x *exam) untried(from int, why string) {
	for _, name := range gpuSteps[from:] {
		x.add(Step{Name: name, Status: Untried, Found: why})
	}
}

// A way is a method of opening a context: GLFW or EGL.
type way struct {
	library string // describes the library, or "" if it does not work
	err     error  // of the library, or of opening a context
	opened  bool   // there is a context, perhaps of an older version
	info    glctx.Info
}

// newWay returns the way of a library and the outcome of opening a context with it.
func newWay(library string, libraryErr error, d device, err error) way {
	if libraryErr != nil {
		return way{err: libraryErr}
	}
	w := way{library: library, err: err}
	w.opened = d != nil || glctx.NewestVersion(err) != nil
	if d != nil {
		w.info = d.Info()
	}
	return w
}

// context tries both ways and adds the steps up to the context. It returns the context that the GPU backend would use, or
// nil and the reason, with all other steps of the GPU added.
func (x *exam) context() (device, verdict) {
	egl := x.tryEGL()
	d, err := x.window()
	version, glfwErr := x.glfw() // now: an open window keeps GLFW started
	window := newWay(version, glfwErr, d, err)

	steps := []Step{x.displayStep(egl.opened), wayStep("GLFW", window, egl.opened), wayStep("EGL", egl, window.opened)}
	if !x.display() {
		steps[1].Found = "needs a display"
		if steps[1].Status = Untried; egl.opened {
			steps[1].Status = Unneeded
		}
	}
	if errors.Is(egl.err, glctx.ErrUnused) {
		steps[2].Status = Unneeded
	}
	steps[2].Values = x.nvidiaParts()
	opened := window.opened || egl.opened
	if !opened {
		for i := range steps {
			if steps[i].Status == Failed {
				steps[i].Advice = x.noContext(window, egl)
				break
			}
		}
	}
	for _, s := range steps {
		x.add(s)
	}
	if !opened {
		x.untried(3, "needs a window or EGL")
		absent := &glctx.AbsentError{EGL: egl.err}
		if x.display() {
			absent.Window = window.err
		}
		return nil, verdict{why: absent.Error()}
	}
	return x.open(window, egl, d)
}

// tryEGL loads the library and opens a context. It closes the context: a window comes first.
func (x *exam) tryEGL() way {
	places, err := x.egl()
	if err != nil {
		return way{err: err}
	}
	d, err := x.byEGL()
	w := newWay("the library is there; candidates: "+strings.Join(places, ", "), nil, d, err)
	if d != nil {
		if w.err = d.Close(); w.err != nil {
			w.opened = false
		}
	}
	return w
}

// open adds the step of the context and returns the context to use: d, of the window, or one by EGL, as glctx.Open chooses.
func (x *exam) open(window, egl way, d device) (device, verdict) {
	if window.err != nil && egl.err != nil { // at least one is a *glctx.VersionError
		older := glctx.NewestVersion(window.err, egl.err)
		x.add(Step{Name: "context", Status: OK, Found: fmt.Sprintf("OpenGL %d.%d", older.Major, older.Minor)})
		v := x.end(Step{Name: "version", Status: Failed, Found: older.Error(), Advice: x.tooOld()})
		x.untried(5, "version failed")
		return nil, v
	}
	s := Step{Name: "context", Status: OK, Found: window.info.Path}
	var err error
	switch {
	case window.err != nil:
		s.Found = egl.info.Path
		d, err = x.byEGL()
	case window.info.Software && egl.err == nil && !egl.info.Software:
		s.Found = fmt.Sprintf("%s; the window has software OpenGL (%s)", egl.info.Path, window.info.SoftwareName())
		if err = d.Close(); err == nil {
			d, err = x.byEGL()
		}
	case egl.err == nil:
		s.Found += "; " + egl.info.Path + " works too"
	}
	if err != nil {
		v := x.end(s.fail(fmt.Sprintf("cannot be opened a second time: %v", err), nil))
		x.untried(4, "context failed")
		return nil, v
	}
	if info := d.Info(); info.Software {
		s.Advice = x.software(info)
	}
	x.add(s)
	return d, verdict{}
}

// displayStep describes the display. Without one EGL must work.
func (x *exam) displayStep(byEGL bool) Step {
	s := Step{Name: "display", Status: OK}
	switch {
	case x.goos == "windows" || x.goos == "darwin":
		s.Found = "the system's own"
	case x.display():
		var set []string
		for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY"} {
			if v := x.env(name); v != "" {
				set = append(set, name+"="+v)
			}
		}
		s.Found = strings.Join(set, ", ")
	case byEGL:
		s.Status, s.Found = Unneeded, "none (DISPLAY and WAYLAND_DISPLAY are unset); EGL needs none"
	default:
		s.fail("none (DISPLAY and WAYLAND_DISPLAY are unset)", nil)
	}
	return s
}

// wayStep returns the step of one way. A failure does not count if the other way works.
func wayStep(name string, w way, other bool) Step {
	s := Step{Name: name, Status: OK, Found: w.library}
	if w.err == nil || w.opened {
		return s
	}
	s.Status, s.Found = Failed, w.err.Error()
	if other {
		s.Status = Unneeded
	}
	return s
}

// version checks the versions of OpenGL and of its shading language.
func (x *exam) version(d device) Step {
	i := d.Info()
	s := Step{Name: "version", Status: OK, Found: fmt.Sprintf("OpenGL %d.%d; %d.%d is needed", i.Major, i.Minor, glctx.NeededMajor, glctx.NeededMinor),
		Values: []Value{
			{Name: "GL_RENDERER", Value: i.Renderer}, {Name: "GL_VENDOR", Value: i.Vendor},
			{Name: "GL_VERSION", Value: i.Version}, {Name: "GL_SHADING_LANGUAGE_VERSION", Value: i.ShadingLanguage},
		}}
	if i.Software {
		s.Found += "; software rendering"
	}
	var major, minor int
	if _, err := fmt.Sscanf(i.ShadingLanguage, "%d.%d", &major, &minor); err == nil && major*100+minor < 430 {
		s.fail(fmt.Sprintf("needs version 4.30 of the shading language, this driver offers %d.%02d", major, minor), x.tooOld())
	}
	return s
}

// limits compares the driver's limits with the guarantees of OpenGL 4.3.
func (x *exam) limits(d device) Step {
	s := Step{Name: "limits", Status: OK, Found: "as OpenGL 4.3 guarantees"}
	limits, err := d.Limits()
	if err != nil {
		return Step{Name: "limits", Status: Failed, Found: err.Error()}
	}
	for _, l := range limits {
		relation := "at least"
		if l.Most {
			relation = "at most"
		}
		need := fmt.Sprintf("%s %d", relation, l.Need)
		s.Values = append(s.Values, Value{Name: l.Name, Value: fmt.Sprint(l.Have), Need: need})
		if !l.Met() && s.Status == OK {
			s.fail(fmt.Sprintf("%s is %d, OpenGL 4.3 guarantees %s", l.Name, l.Have, need), []string{"the driver violates OpenGL 4.3: " + x.newerDriver()})
		}
	}
	return s
}
