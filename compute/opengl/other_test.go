//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/compute/judge/cases"
	"shadegrad/internal/glctx/gltest"
)

// rendererVariable names the variable of the environment that makes TestOtherImplementations judge the
// renderer that the environment selects.
const rendererVariable = "SHADEGRAD_TEST_RENDERER"

// TestOtherImplementations judges the kernels on other implementations of OpenGL than llvmpipe. Mesa reads the
// choice from the environment, once per process, so the test runs itself in a process for each.
//
// softpipe interprets the code of each invocation, without vectors; it offers a version below 4.3, although it has
// everything that the kernels use. zink translates the kernels to SPIR-V for a Vulkan driver, here lavapipe.
func TestOtherImplementations(t *testing.T) {
	if want := os.Getenv(rendererVariable); want != "" {
		judgeRenderer(t, want)
		return
	}
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	lavapipe, err := filepath.Glob("/usr/share/vulkan/icd.d/lvp_icd.*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		renderer string
		env      []string
	}{
		{"softpipe", []string{"GALLIUM_DRIVER=softpipe", "MESA_GL_VERSION_OVERRIDE=4.3", "MESA_GLSL_VERSION_OVERRIDE=430"}},
		{"zink", []string{"MESA_LOADER_DRIVER_OVERRIDE=zink", "LIBGL_ALWAYS_SOFTWARE=1", "VK_ICD_FILENAMES=" + strings.Join(lavapipe, ":")}},
	} {
		t.Run(c.renderer, func(t *testing.T) {
			t.Parallel()
			if c.renderer == "zink" && len(lavapipe) == 0 {
				gltest.Require(t, fmt.Errorf("zink needs the Vulkan driver lavapipe (Debian: mesa-vulkan-drivers)"))
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestOtherImplementations$", "-test.v")
			// Without a display the context is EGL's.
			cmd.Env = append(os.Environ(), "DISPLAY=", "WAYLAND_DISPLAY=", rendererVariable+"="+c.renderer)
			cmd.Env = append(cmd.Env, c.env...)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "cases on "+c.renderer) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// judgeRenderer judges the small cases and every column sum on a renderer. Long column sums failed on softpipe until
// column_sum.comp lost a branch: Mesa unrolls the loop of 32 terms to 32 nested ifs, and softpipe's interpreter has
// room for 32.
func judgeRenderer(t *testing.T, renderer string) {
	b := openTest(t, Options{}, seams{})
	if device := b.Info().Device; !strings.HasPrefix(device, renderer) {
		gltest.Require(t, fmt.Errorf("the renderer is %s, want %s", device, renderer))
	}
	list := cases.SelfTest()
	for _, c := range cases.All() {
		if c.Op == "column_sum" {
			list = append(list, c)
		}
	}
	for _, c := range list {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d cases on %s", len(list), b.Info().Device)
}
