//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/internal/sample"
	"shadegrad/shaders"
)

// compileVariant compiles a kernel on a backend's thread.
func compileVariant(t *testing.T, b *Backend, kernel string, d shaders.Defines) (err error) {
	t.Helper()
	if stalled := b.call(func(w *worker) { _, err = w.program(kernel, d) }); stalled != nil {
		t.Fatal(stalled)
	}
	return err
}

// TestEveryVariantCompiles compiles combinations of options, and expects #error where a kernel has it.
func TestEveryVariantCompiles(t *testing.T) {
	t.Parallel()
	b := openTest(t, Options{}, seams{})
	set := shaders.Embedded()
	kernels, err := set.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	compiled, refused := 0, 0
	for _, kernel := range kernels {
		variants, err := set.Variants(kernel, sample.Count(100, 12))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range variants {
			err := compileVariant(t, b, kernel, d)
			possible := d["KIND"] != "CROSS_ENTROPY" || d["F"] == "SOFTMAX" || d["F"] == "SIGMOID"
			switch {
			case possible && err != nil:
				t.Error(err)
			case !possible && (err == nil || !strings.Contains(err.Error(), "cross-entropy needs softmax or sigmoid outputs")):
				t.Errorf("%s %v: %v, want the kernel's own #error", kernel, d, err)
			case possible:
				compiled++
			default:
				refused++
			}
		}
	}
	if programs := b.Counts().Programs; int(programs) != compiled {
		t.Errorf("%d programs are held of %d compiled", programs, compiled)
	}
	t.Logf("%d variants compiled, %d refused by their kernels", compiled, refused)
}

func TestProgramsAreCompiledOnce(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	for rows := 1; rows <= 3; rows++ {
		m, err := b.Alloc(rows, 5)
		if err != nil {
			t.Fatal(err)
		}
		mustCompile(t, b, "fill", compute.Fill{Dst: m}, compute.Fill{Dst: m, Value: 1})
	}
	if n := b.Counts().Programs; n != 1 {
		t.Errorf("six fills of three shapes took %d programs, want 1", n)
	}
}

// TestPrefetch prefetches the programs of a run's cases: checking the cases then starts no other kernel.
func TestPrefetch(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	step := cases.Step{Sizes: []int{20, 33, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Batch: 8, Momentum: true, Biases: true}
	list := step.OfRun([]int{8, 3}, []int{50})
	b.Prefetch(judge.Programs(list))
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	started := b.Counts().Programs
	if started < 5 {
		t.Errorf("%d kernels are started, want those of a step, an evaluation and two ops", started)
	}
	for _, c := range list {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	if n := b.Counts().Programs; n != started {
		t.Errorf("%d kernels were started and %d are used", started, n)
	}
}

// compileFill compiles a program of one Fill with a mistake in its kernel.
func compileFill(t *testing.T, old, new string) (*Backend, error) {
	t.Helper()
	b := openTest(t, Options{Shaders: editedShaders(t, "fill.comp", old, new)}, seams{})
	m, err := b.Alloc(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Compile(compute.Program{Name: "mistake", Ops: []compute.Op{compute.Fill{Dst: m}}})
	if err == nil {
		t.Fatalf("fill.comp with %q for %q compiles", new, old)
	}
	if n := b.Counts().Programs; n != 0 {
		t.Errorf("%d programs are held of a kernel that is refused", n)
	}
	if later := b.Sync(); later != nil {
		t.Errorf("a kernel that does not compile sticks: %v", later)
	}
	return b, err
}

func TestKernelThatDoesNotCompile(t *testing.T) {
	b, err := compileFill(t, "] = value;", "] = valeu;")
	var refused *CompileError
	if !errors.As(err, &refused) {
		t.Fatalf("error is %v, want a CompileError", err)
	}
	for _, want := range []string{
		`program "mistake": kernel fill does not compile on ` + b.Info().Device,
		strings.TrimPrefix(b.Info().Driver, "OpenGL "),
		"fill.comp:21:",
		"valeu",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestKernelThatDoesNotLink(t *testing.T) {
	b, err := compileFill(t, "void main() {", "uint missing(uint e);\nvoid main() {\n    dst[0] = missing(0u);")
	var refused *CompileError
	if !errors.As(err, &refused) || !refused.Linked {
		t.Fatalf("error is %v, want a CompileError of linking", err)
	}
	for _, want := range []string{"kernel fill does not link on " + b.Info().Device, "missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestKernelThatDoesNotFitItsOp(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"void main() {", "uniform uint other;\nvoid main() {\n    dst[0] = other;", "kernel fill has an unknown uniform other"},
		{"    uint value;", "    uint value, other;", "kernel fill has an unknown parameter other"},
		{"buffer Dst ", "buffer Out ", "kernel fill has an unknown storage block Out"},
		{"uniform Params", "uniform Parameters", "kernel fill has an unknown uniform block Parameters; want only Params"},
	} {
		b := openTest(t, Options{Shaders: editedShaders(t, "fill.comp", c.old, c.new)}, seams{})
		m, err := b.Alloc(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Compile(compute.Program{Name: "misfit", Ops: []compute.Op{compute.Fill{Dst: m}}})
		if want := `program "misfit": ` + c.want; err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

func TestLongLogIsCut(t *testing.T) {
	err := &CompileError{Kernel: "fill", Log: strings.Repeat("fill.comp:1: no\n", 20), Device: "it"}
	want := "kernel fill does not compile on it: " + strings.Repeat("fill.comp:1: no\n", logLines) + "… and 12 more lines"
	if err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if got, want := (&CompileError{Kernel: "fill", Linked: true, Device: "it"}).Error(),
		"kernel fill does not link on it: the driver does not say why"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
}

func TestShadersFromEnvironment(t *testing.T) {
	dir := t.TempDir()
	names, err := filepath.Glob("../../shaders/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), "] = value;", "] = 0x40400000u;", 1) // 3
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(shaders.Variable, dir)
	b := openTest(t, Options{}, seams{})
	if detail := b.Info().Detail; !strings.HasSuffix(detail, ", shaders of "+dir) {
		t.Errorf("Info().Detail is %q, which does not say where the shaders are from", detail)
	}
	m, err := b.Alloc(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	mustCompile(t, b, "fill", compute.Fill{Dst: m, Value: 1}).Run(compute.Args{})
	got := make([]float32, 1)
	if err := b.Read(got, m); err != nil || got[0] != 3 {
		t.Errorf("the changed kernel made %v, %v, want 3", got, err)
	}

	t.Setenv(shaders.Variable, t.TempDir())
	if _, err := Open(Options{}); err == nil || !strings.Contains(err.Error(), "no file is named *.comp") {
		t.Errorf("Open with a directory without shaders: %v", err)
	}
}
