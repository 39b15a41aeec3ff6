//go:build cgo && !nogl && !darwin

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorOpenGL breaks the steps to the GPU with the machine's own driver, in a process: for
// -backend=gpu this is an error, for auto a note.
func TestDoctorOpenGL(t *testing.T) {
	t.Parallel()
	// broken checks both.
	broken := func(t *testing.T, why string, env, texts []string) {
		t.Helper()
		p := at(t, env...)
		verdict := "the GPU cannot be used: " + why
		p.run("doctor", "-quick", "-backend=gpu").is(1, "shadegrad: "+verdict, "; -backend=cpu works\n").says(texts...).says("✓ CPU kernels ")
		if !testing.Short() {
			p.run("doctor", "-quick").is(0).says(texts...).says("\n\n"+verdict, "; -backend=cpu works\n")
		}
	}

	t.Run("no fault", func(t *testing.T) {
		info := needGPU(t)
		r := at(t).run("doctor", "-quick", "-backend=gpu").is(0).says("✓ context          "+info.Path, "✓ version ", info.Renderer, info.Version,
			"✓ limits ", "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS ", "✓ shaders ", "; built in\n", "✓ kernels ", "\n\nthe GPU can be used; -backend=cpu works too")
		if strings.Contains(r.stdout, "✗") {
			t.Errorf("a cross:\n%s", r.stdout)
		}
	})
	t.Run("no display", func(t *testing.T) {
		if testing.Short() {
			return // TestWithoutDisplay of package opengl judges the kernels
		}
		needGPU(t)
		if os.Getenv("SHADEGRAD_EGL") == "off" {
			t.Skip("SHADEGRAD_EGL=off is set for the tests")
		}
		at(t, "DISPLAY=", "WAYLAND_DISPLAY=").run("doctor", "-quick", "-backend=gpu").is(0).says(
			"– display          not needed: none (DISPLAY and WAYLAND_DISPLAY are unset); EGL needs none\n", "✓ EGL ", "✓ context          EGL ")
	})
	t.Run("neither display nor EGL", func(t *testing.T) {
		broken(t, "no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: switched off by SHADEGRAD_EGL=off",
			[]string{"DISPLAY=", "WAYLAND_DISPLAY=", "SHADEGRAD_EGL=off"},
			[]string{"✗ display          none (DISPLAY and WAYLAND_DISPLAY are unset)\n", "  fix: SHADEGRAD_EGL=off disables EGL, which works without a display: unset SHADEGRAD_EGL\n",
				"– GLFW             not tried: needs a display\n", "✗ EGL              switched off by SHADEGRAD_EGL=off\n", "– context          not tried", "– kernels          not tried"})
	})
	t.Run("no X server, no EGL", func(t *testing.T) {
		broken(t, "no window (X11: Failed to open display :99999) and EGL failed: switched off by SHADEGRAD_EGL=off",
			[]string{"DISPLAY=:99999", "WAYLAND_DISPLAY=", "SHADEGRAD_EGL=off"},
			[]string{"✓ display          DISPLAY=:99999\n", "✗ GLFW             X11: Failed to open display :99999\n", "  fix: DISPLAY=:99999: no X server answers: unset DISPLAY, or set it to a running X server\n"})
	})
	t.Run("OpenGL 3.3", func(t *testing.T) {
		if info := needGPU(t); !strings.Contains(info.Version, "Mesa") {
			t.Skip("only Mesa can be told to offer less, and this is " + info.Version)
		}
		broken(t, "needs OpenGL 4.3, this driver offers 3.3", []string{"MESA_GL_VERSION_OVERRIDE=3.3", "MESA_GLSL_VERSION_OVERRIDE=330"},
			[]string{"✓ context          OpenGL 3.3\n", "✗ version          needs OpenGL 4.3, this driver offers 3.3\n",
				"  fix: MESA_GL_VERSION_OVERRIDE=3.3 makes Mesa offer an older version: unset MESA_GL_VERSION_OVERRIDE\n", "– limits           not tried: version failed\n", "– kernels          not tried"})
	})
	t.Run("a shader does not compile", func(t *testing.T) {
		needGPU(t)
		dir := mutated(t, "activate.comp", "#version 430\n", "#version 430\nnonsense\n")
		broken(t, "kernel activate_identity does not compile: activate.comp:", []string{"SHADEGRAD_SHADERS=" + dir},
			[]string{"✗ shaders          kernel activate_identity does not compile: activate.comp:", "  fix: SHADEGRAD_SHADERS=" + dir + " replaces the built-in shaders: unset SHADEGRAD_SHADERS\n",
				"– kernels          not tried: shaders failed\n"})
	})
	t.Run("a shader is missing", func(t *testing.T) {
		needGPU(t)
		dir := mutated(t, "fill.comp", "void main() {", "void main() {")
		if err := os.Remove(filepath.Join(dir, "fill.comp")); err != nil {
			t.Fatal(err)
		}
		broken(t, "shaders ("+dir+"): kernel fill is missing", []string{"SHADEGRAD_SHADERS=" + dir}, []string{"✗ shaders          shaders (" + dir + "): kernel fill is missing\n"})
	})
	t.Run("a kernel gives wrong numbers", func(t *testing.T) {
		if testing.Short() {
			return // TestDoctorWrongNumbers has a fake GPU with wrong numbers
		}
		info := needGPU(t)
		dir := mutated(t, "fill.comp", "] = value;", "] = 0x40400000u;") // 3
		broken(t, "2 of ", []string{"SHADEGRAD_SHADERS=" + dir},
			[]string{"✓ shaders ", "✗ kernels          2 of ", " kernels fail (fill, ", "Dst (0,0) is 3, want ", " on " + info.Renderer + "\n",
				"  fix: SHADEGRAD_SHADERS=" + dir + " replaces the built-in shaders"})
	})
}
