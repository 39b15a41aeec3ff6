package doctor

import (
	"errors"
	"fmt"
	"strings"

	"shadegrad/internal/backends"
	"shadegrad/internal/glctx"
)

// gpuSteps are the steps to a GPU that computes rightly.
var gpuSteps = []string{"display", "GLFW", "EGL", "context", "version", "limits", "shaders", "kernels"}

// gpu takes the steps to the GPU as far as they lead.
func (x *exam) gpu() verdict {
	switch {
	case x.Backend == backends.CPU:
		x.untried(0, "-backend=cpu does without")
		return verdict{why: "it was not looked at"}
	case !x.support:
		x.untried(0, "this build has no GPU support")
		return verdict{why: glctx.ErrNoSupport.Error()}
	case x.window == nil:
		for _, name := range gpuSteps[:7] {
			x.add(Step{Name: name, Status: Unneeded, Found: "the GPU is opened in another way"})
		}
		return x.kernels()
	}
	d, failed := x.context()
	if d == nil {
		return failed
	}
	// It stays open until all is done: where it is the only window, an X server that is made for tests starts anew when it is
	// gone, and takes no calls meanwhile.
	x.held = d
	for i, step := range []func(device) Step{x.version, x.limits, x.shaders} {
		if s := x.add(step(d)); s.Status == Failed {
			x.untried(5+i, gpuSteps[4+i]+" failed")
			return verdict{why: s.Found}
		}
	}
	return x.kernels()
}

// untried adds the steps from one on that were not tried.
func (x *exam) untried(from int, why string) {
	for _, name := range gpuSteps[from:] {
		x.add(Step{Name: name, Status: Untried, Found: why})
	}
}

// A way is one of the two ways to a context.
type way struct {
	library string // what the library is, "" where it cannot be used
	err     error  // of the library, or else of opening a context
	opened  bool   // a context was made, perhaps of an older version
	info    glctx.Info
}

// newWay returns what a library and an attempt to open a context have come to.
func newWay(library string, libraryErr error, d device, err error) way {
	if libraryErr != nil {
		return way{err: libraryErr}
	}
	w := way{library: library, err: err}
	var older *glctx.VersionError
	w.opened = d != nil || errors.As(err, &older)
	if d != nil {
		w.info = d.Info()
	}
	return w
}

// context tries both ways to a context, and adds the steps up to it. It returns the context that the GPU backend would use,
// or nil and why there is none; then all steps have been added.
func (x *exam) context() (device, verdict) {
	egl := x.tryEGL()
	d, err := x.window()
	version, glfwErr := x.glfw() // now, since a window keeps GLFW started
	window := newWay(version, glfwErr, d, err)

	steps := []Step{x.displayStep(egl.opened), wayStep("GLFW", window, egl.opened), wayStep("EGL", egl, window.opened)}
	if !x.display() {
		steps[1].Found = "needs a display"
		if steps[1].Status = Untried; egl.opened {
			steps[1].Status = Unneeded
		}
	}
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
		return nil, verdict{why: x.absent(window, egl)}
	}
	return x.open(window, egl, d)
}

// tryEGL asks for the library and for a context, and closes it, since it is a window that would be used.
func (x *exam) tryEGL() way {
	places, err := x.egl()
	if err != nil {
		return way{err: err}
	}
	d, err := x.byEGL()
	w := newWay("the library is there, and looks in "+strings.Join(places, ", "), nil, d, err)
	if d != nil {
		if w.err = d.Close(); w.err != nil {
			w.opened = false
		}
	}
	return w
}

// open adds the step of the context and returns the one that is used: d, of the window, or else one by EGL.
func (x *exam) open(window, egl way, d device) (device, verdict) {
	if window.err != nil && egl.err != nil { // at least one of them has an older version
		older := glctx.NewestVersion(window.err, egl.err)
		x.add(Step{Name: "context", Status: OK, Found: fmt.Sprintf("there is one, of OpenGL %d.%d", older.Major, older.Minor)})
		s := x.add(Step{Name: "version", Status: Failed, Found: older.Error(), Advice: x.tooOld(older)})
		x.untried(5, "version failed")
		return nil, verdict{why: s.Found}
	}
	s := Step{Name: "context", Status: OK, Found: window.info.Path}
	var err error
	switch {
	case window.err != nil:
		s.Found = egl.info.Path
		d, err = x.byEGL()
	case egl.err == nil:
		s.Found += "; " + egl.info.Path + " works too"
	}
	if err != nil {
		s.Status, s.Found = Failed, fmt.Sprintf("it was opened once, and not again: %v", err)
		x.add(s)
		x.untried(4, "context failed")
		return nil, verdict{why: s.Found}
	}
	if info := d.Info(); info.Software {
		s.Advice = x.software(egl)
	}
	x.add(s)
	return d, verdict{}
}

// displayStep looks at the display. Without one EGL must do.
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
		s.Status, s.Found = Failed, "none (DISPLAY and WAYLAND_DISPLAY are unset)"
	}
	return s
}

// wayStep is the step of one way. Its failure does not count where the other way leads to a context.
func wayStep(name string, w way, other bool) Step {
	s := Step{Name: name, Status: OK, Found: w.library}
	if w.err == nil || w.opened {
		return s
	}
	s.Status, s.Found = Failed, w.err.Error()
	if other {
		s.Status, s.Found = Unneeded, s.Found+"; there is another way"
	}
	return s
}

// absent says in one sentence why there is no context, as the GPU backend says it.
func (x *exam) absent(window, egl way) string {
	e := &glctx.AbsentError{EGL: egl.err}
	if x.display() {
		e.Window = window.err
	}
	return e.Error()
}

// version looks at what the context is.
func (x *exam) version(d device) Step {
	i := d.Info()
	s := Step{Name: "version", Status: OK, Found: fmt.Sprintf("OpenGL %d.%d; %d.%d is needed", i.Major, i.Minor, glctx.NeededMajor, glctx.NeededMinor),
		Values: []Value{
			{Name: "GL_RENDERER", Value: i.Renderer}, {Name: "GL_VENDOR", Value: i.Vendor},
			{Name: "GL_VERSION", Value: i.Version}, {Name: "GL_SHADING_LANGUAGE_VERSION", Value: i.ShadingLanguage},
		}}
	if i.Software {
		s.Found += "; in software"
	}
	var major, minor int
	if _, err := fmt.Sscanf(i.ShadingLanguage, "%d.%d", &major, &minor); err == nil && major*100+minor < 430 {
		s.Status, s.Found = Failed, fmt.Sprintf("needs version 4.30 of the shading language, this driver offers %d.%02d", major, minor)
		s.Advice = x.tooOld(nil)
	}
	return s
}

// limits compares the driver's limits with what OpenGL 4.3 promises.
func (x *exam) limits(d device) Step {
	s := Step{Name: "limits", Status: OK, Found: "all that OpenGL 4.3 promises"}
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
			s.Status, s.Found = Failed, fmt.Sprintf("%s is %d, and OpenGL 4.3 promises %s", l.Name, l.Have, need)
			s.Advice = []string{"the driver breaks its promise: " + x.newerDriver()}
		}
	}
	return s
}
