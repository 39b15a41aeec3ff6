//go:build cgo && !nogl && !darwin

package glctx

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"shadegrad/internal/glctx/gltest"
)

// TestProbeWindow opens a context by a window alone, with and without an X server.
func TestProbeWindow(t *testing.T) {
	needDisplay(t)
	c, err := OpenWindow()
	gltest.Require(t, err)
	checkInfo(t, c.Info(), "GLFW window")
	// Keep the window open: Xvfb refuses calls for a moment after its last client has left.
	if version, err := ProbeGLFW(); err != nil || !strings.HasPrefix(version, "3.3.") {
		t.Errorf("ProbeGLFW: %q, %v", version, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if windows != 0 {
		t.Errorf("%d windows are counted, want 0", windows)
	}
	if runtime.GOOS == "windows" {
		return // its display is always there
	}
	t.Setenv("DISPLAY", ":99999")
	t.Setenv("WAYLAND_DISPLAY", "")
	const want = "X11: Failed to open display :99999"
	if version, err := ProbeGLFW(); err == nil || err.Error() != want {
		t.Errorf("ProbeGLFW of a display that does not exist: %q, %v, want %s", version, err, want)
	}
	if c, err := OpenWindow(); err == nil || err.Error() != want {
		t.Errorf("OpenWindow of a display that does not exist: %v, %v, want %s", c, err, want)
	}
}

func TestProbeWithoutDisplay(t *testing.T) {
	withoutDisplay(t)
	if HasDisplay() {
		t.Error("HasDisplay() without a display")
	}
	const want = "no display (DISPLAY and WAYLAND_DISPLAY are unset)"
	if _, err := ProbeGLFW(); err == nil || err.Error() != want {
		t.Errorf("ProbeGLFW: %v, want %s", err, want)
	}
	if _, err := OpenWindow(); err == nil || err.Error() != want {
		t.Errorf("OpenWindow: %v, want %s", err, want)
	}
}

func TestProbeEGL(t *testing.T) {
	names, err := ProbeEGL()
	if runtime.GOOS == "windows" {
		if !errors.Is(err, ErrUnused) {
			t.Errorf("ProbeEGL: %q, %v", names, err)
		}
		return
	}
	gltest.Require(t, err)
	if last := len(names) - 1; last < 0 || names[last] != "EGL default display" {
		t.Errorf("the candidates of EGL are %q", names)
	}
	c, err := OpenEGL()
	gltest.Require(t, err)
	checkInfo(t, c.Info(), "EGL ")
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	t.Setenv("SHADEGRAD_EGL", "off")
	const want = "switched off by SHADEGRAD_EGL=off"
	if _, err := ProbeEGL(); err == nil || err.Error() != want {
		t.Errorf("ProbeEGL: %v, want %s", err, want)
	}
	if _, err := OpenEGL(); err == nil || err.Error() != want {
		t.Errorf("OpenEGL: %v, want %s", err, want)
	}
}

func TestLimits(t *testing.T) {
	c := open(t)
	limits, err := c.Limits()
	if err != nil || len(limits) != 12 {
		t.Fatalf("%d limits, %v", len(limits), err)
	}
	for _, l := range limits {
		if l.Have == 0 || !l.Met() {
			t.Errorf("%s is %d, OpenGL 4.3 guarantees %d", l.Name, l.Have, l.Need)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Limits(); !errors.Is(err, ErrClosed) {
		t.Errorf("Limits of a closed context: %v", err)
	}
}

func TestMet(t *testing.T) {
	for _, l := range []Limit{{Have: 8, Need: 8}, {Have: 9, Need: 8}, {Have: 8, Need: 8, Most: true}, {Have: 7, Need: 8, Most: true}} {
		if !l.Met() {
			t.Errorf("%+v is not met", l)
		}
	}
	for _, l := range []Limit{{Have: 7, Need: 8}, {Have: 9, Need: 8, Most: true}} {
		if l.Met() {
			t.Errorf("%+v is met", l)
		}
	}
}

func TestCheckShader(t *testing.T) {
	c := open(t)
	const head = "#version 430\nlayout(local_size_x = 1) in;\n"
	if err := c.CheckShader(head + "void main() {}\n"); err != nil {
		t.Error(err)
	}
	for _, s := range []struct {
		source   string
		compiled bool
		log      string
	}{
		{"void main() { nonsense; }\n", false, "nonsense"},
		{"uint missing(uint e);\nlayout(std430, binding = 0) buffer B { uint b[]; };\nvoid main() { b[0] = missing(0u); }\n", true, "missing"},
	} {
		var refused *ShaderError
		if err := c.CheckShader(head + s.source); !errors.As(err, &refused) || refused.Compiled != s.compiled || !strings.Contains(refused.Log, s.log) {
			t.Errorf("%s: %v, want a log with %q, compiled %t", s.source, err, s.log, s.compiled)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckShader(head); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed context: %v, want ErrClosed", err)
	}
}
