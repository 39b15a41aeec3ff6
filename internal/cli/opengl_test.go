//go:build cgo && !nogl && !darwin

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"shadegrad/internal/glctx"
	"shadegrad/internal/glctx/gltest"
	"shadegrad/internal/ostest"
)

// probe opens OpenGL once and returns its description or the error.
var probe = sync.OnceValues(func() (glctx.Info, error) {
	c, err := glctx.Open()
	if err != nil {
		return glctx.Info{}, err
	}
	return c.Info(), c.Close()
})

// needGPU skips a test without OpenGL, or fails it if a GPU is required.
func needGPU(t *testing.T) glctx.Info {
	t.Helper()
	info, err := probe()
	gltest.Require(t, err)
	return info
}

// TestOpenGL checks the rows of FAULTS.md on opening a device, with the machine's own driver in a
// process.
func TestOpenGL(t *testing.T) {
	t.Parallel()
	args := func(more ...string) []string {
		return append([]string{"train", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-tune=off"}, more...)
	}
	// refused checks both backends that would use a GPU.
	refused := func(t *testing.T, text string, env ...string) {
		t.Helper()
		p := at(t, env...)
		r := p.run(args()...).is(0)
		if first, _, _ := strings.Cut(r.stderr, "\n"); first != text+"; using the CPU" {
			t.Errorf("auto: the first line is\n%s\nwant\n%s; using the CPU", first, text)
		}
		r = p.run(args("-backend=gpu", "-save="+p.path("m"))...).is(1)
		if want := "shadegrad: " + text + "; -backend=cpu works without a GPU\n"; r.stderr != want || r.stdout != "" {
			t.Errorf("gpu: got\n%s%swant\n%s", r.stdout, r.stderr, want)
		}
		mustNotExist(t, p.path("m"))
	}

	t.Run("no display", func(t *testing.T) {
		refused(t, "GPU unavailable: no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: switched off by SHADEGRAD_EGL=off",
			"DISPLAY=", "WAYLAND_DISPLAY=", "SHADEGRAD_EGL=off")
	})
	t.Run("GLFW gives no window", func(t *testing.T) {
		refused(t, "GPU unavailable: no window (X11: Failed to open display :99999) and EGL failed: switched off by SHADEGRAD_EGL=off",
			"DISPLAY=:99999", "WAYLAND_DISPLAY=", "SHADEGRAD_EGL=off")
	})
	t.Run("OpenGL below 4.3", func(t *testing.T) {
		if info := needGPU(t); !strings.Contains(info.Version, "Mesa") {
			t.Skip("only Mesa can be told to offer less, and this is " + info.Version)
		}
		refused(t, "GPU unavailable: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)", "MESA_GL_VERSION_OVERRIDE=4.1")
	})
	t.Run("software renderer", func(t *testing.T) {
		info := needGPU(t)
		if !info.Software {
			t.Skip("this OpenGL is a GPU's: " + info.Renderer)
		}
		p := at(t)
		p.run(args()...).is(0, "OpenGL is software here ("+info.SoftwareName()+"); using the CPU\n", "cpu: ")
		r := p.run(args("-backend=gpu")...).is(0)
		if want := "warning: OpenGL is software here (" + info.SoftwareName() + "); -backend=cpu is faster\ngpu: " + info.Renderer + ", OpenGL " + info.Version; !strings.HasPrefix(r.stderr, want) {
			t.Errorf("stderr begins with\n%s\nwant\n%s", r.stderr, want)
		}
	})
	t.Run("a shader does not compile", func(t *testing.T) {
		info := needGPU(t)
		dir := mutated(t, "layer.comp", "#version 430\n", "#version 430\nnonsense\n")
		at(t, "SHADEGRAD_SHADERS="+dir).run(args("-backend=gpu")...).is(1,
			"shadegrad: GPU self-test failed: kernel layer", "does not compile on "+info.Renderer, "layer.comp", "; -backend=cpu works without a GPU\n")
	})
	t.Run("a shader is missing", func(t *testing.T) {
		needGPU(t)
		dir := mutated(t, "head.comp", "#version 430", "#version 430")
		if err := os.Remove(filepath.Join(dir, "head.comp")); err != nil {
			t.Fatal(err)
		}
		r := at(t, "SHADEGRAD_SHADERS="+dir).run(args("-backend=gpu")...).is(1)
		if want := "shadegrad: GPU self-test failed: shaders (" + dir + "): kernel head: open head.comp: " + ostest.NoFile + "; -backend=cpu works without a GPU\n"; r.stderr != want {
			t.Errorf("stderr is\n%swant\n%s", r.stderr, want)
		}
	})
	t.Run("no such shaders", func(t *testing.T) {
		needGPU(t)
		at(t, "SHADEGRAD_SHADERS=/nowhere/at/all").run(args("-backend=gpu")...).is(1, "SHADEGRAD_SHADERS=/nowhere/at/all: ", ostest.NoDirectory)
	})
	t.Run("a kernel gives wrong numbers", func(t *testing.T) {
		info := needGPU(t)
		form := regexp.MustCompile(`^shadegrad: GPU self-test failed: matmul_[nt][nt] err \de[-+]\d+ > \de[-+]\d+ on ` + regexp.QuoteMeta(info.Renderer) + `; -backend=cpu works without a GPU\n$`)
		for old, new := range map[string]string{
			"av[s][r] * bv[s][c]":      "av[s][r] + bv[s][c]",
			"total[r][c] += sum[r][c]": "total[r][c] = sum[r][c]", // only in sums of several pieces
		} {
			dir := mutated(t, "tile_blocks.glsl", old, new)
			r := at(t, "SHADEGRAD_SHADERS="+dir).run(args("-backend=gpu")...).is(1)
			if !form.MatchString(r.stderr) {
				t.Errorf("%s: %q is not %s", new, r.stderr, form)
			}
		}
	})
}

// mutated returns a copy of the directory of shaders with a text replaced in one file.
func mutated(t testing.TB, file, old, new string) string {
	t.Helper()
	from, dir := repository(t, "shaders"), t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".comp" && ext != ".glsl" {
			continue
		}
		text := string(contents(t, filepath.Join(from, e.Name())))
		if e.Name() == file {
			if strings.Count(text, old) != 1 {
				t.Fatalf("%s has %q %d times", file, old, strings.Count(text, old))
			}
			text = strings.Replace(text, old, new, 1)
		}
		put(t, filepath.Join(dir, e.Name()), []byte(text))
	}
	return dir
}

// TestVerifyOpenGL certifies a run with the machine's own OpenGL and verifies it: bit-identical there,
// with kernels chosen by time and remembered, and within rounding on the CPU.
func TestVerifyOpenGL(t *testing.T) {
	needGPU(t)
	t.Parallel()
	p := at(t)
	path := p.path("run.json")
	p.run("train", "-backend=gpu", "-data="+smallData(t), "-hidden=64", "-epochs=3", "-certify="+path).is(0, "certified in "+path)
	const same = "epoch 1: the same bits\nepoch 2: the same bits\nepoch 3: the same bits\ntest: the same bits\nverified: every epoch has the same bits\n"
	if r := p.run("verify", "-data="+smallData(t), path).is(0, "gpu: "); r.stdout != same {
		t.Errorf("again on the GPU: %s", r.stdout)
	}
	if r := p.run("verify", "-backend=cpu", "-data="+smallData(t), path).is(0, "the certificate was made on gpu: "); !strings.Contains(r.stdout, "\nverified within rounding on another device: ") {
		t.Errorf("on the CPU: %s", r.stdout)
	}
}
