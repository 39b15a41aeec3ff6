package sanitize

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/compute/reference"
	"shadegrad/shaders"
)

// require skips a test in the short suite, and where the tools are missing; with SHADEGRAD_REQUIRE_TOOLS=1, as in
// continuous integration, it fails there.
func require(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	if err := Missing(); err != nil {
		if os.Getenv("SHADEGRAD_REQUIRE_TOOLS") == "1" {
			t.Fatalf("SHADEGRAD_REQUIRE_TOOLS=1, but tools are missing: %v", err)
		}
		t.Skip(err)
	}
	t.Parallel()
}

// find returns the first case of the self-test whose name contains a text.
func find(t *testing.T, text string) judge.Case {
	t.Helper()
	for _, c := range cases.SelfTest() {
		if strings.Contains(c.Name, text) {
			return c
		}
	}
	t.Fatalf("no case has %q in its name", text)
	return judge.Case{}
}

// run has a backend compute a case once, and the judge compare the results with the reference.
func run(c judge.Case, b *Backend) error { return judge.Against(b, reference.New(), c) }

// A trial is a case and the way to plan it.
type trial struct {
	text    string // in the case's name
	planner fuse.Options
}

// trials returns a few small cases that run each kernel, each tile, and sums in one part and in several.
func trials() []trial {
	list := []trial{
		{"step/30-21-10,relu", fuse.Options{Tile: "T16", Slots: 2, Wide: true}},
		{"step/16-12-9-8-4", fuse.Options{Tile: "T16", Slots: 1}},
		{"matmul_tn", fuse.Options{Plain: true}},
		{"row=2,rotation,field", fuse.Options{}},
	}
	for _, tile := range fuse.TileNames() {
		list = append(list, trial{"matmul_nt", fuse.Options{Tile: tile, Slots: 2}})
	}
	return list
}

// TestSanitizers expects that no kernel has a race or an access outside of its operands, and that the judge accepts the
// results.
func TestSanitizers(t *testing.T) {
	require(t)
	for _, sanitizer := range []Sanitizer{Thread, Address} {
		t.Run(string(sanitizer), func(t *testing.T) {
			t.Parallel()
			kit, judged := NewKit(t.TempDir(), sanitizer), 0
			check := func(c judge.Case, o fuse.Options) {
				judged++
				if err := run(c, kit.New(shaders.Embedded(), o)); err != nil {
					t.Errorf("%+v: %v", o, err)
				}
			}
			for _, l := range trials() {
				check(find(t, l.text), l.planner)
			}
			for _, c := range cases.SelfTest() {
				if c.Op != "program" && c.Op != "matmul" && kit.Runs[c.Op] == 0 {
					check(c, fuse.Options{})
				}
			}
			kernels, err := shaders.Embedded().Kernels()
			if err != nil {
				t.Fatal(err)
			}
			dispatches := 0
			for _, name := range kernels {
				dispatches += kit.Runs[name]
				// Kernels that measure a device do not belong to a program.
				if kit.Runs[name] == 0 && !strings.HasPrefix(name, "peak_") {
					t.Errorf("kernel %s did not run", name)
				}
			}
			t.Logf("%d cases, %d variants of kernels, %d dispatches", judged, len(kit.programs), dispatches)
		})
	}
}

var barrierCall = regexp.MustCompile(`\bbarrier\(\);`)

// TestMissingBarriers removes each barrier of each kernel, and expects a data race.
func TestMissingBarriers(t *testing.T) {
	require(t)
	kit := NewKit(t.TempDir(), Thread)
	tried := 0
	for _, c := range []struct {
		kernel string
		trial
	}{
		{"column_sum", trial{"column_sum/m=17", fuse.Options{}}},
		{"square_sum", trial{"square_sum", fuse.Options{}}},
		{"max_norm", trial{"max_norm", fuse.Options{}}},
		{"head", trial{"step/30-21-10,relu", fuse.Options{Tile: "B4X4", Slots: 1, Wide: true}}},
		{"product", trial{"matmul_nt", fuse.Options{Tile: "T16", Slots: 1}}},
	} {
		for n, count := 0, 1; n < count; n++ {
			set := shaders.Embedded().Edited(func(kernel, text string) string {
				if kernel != c.kernel {
					return text
				}
				places := barrierCall.FindAllStringIndex(text, -1)
				count = len(places)
				return text[:places[n][0]] + text[places[n][1]:]
			})
			tried++
			err := run(find(t, c.text), kit.New(set, c.planner))
			var finding *Finding
			if !errors.As(err, &finding) || finding.Kernel[:len(c.kernel)] != c.kernel || !strings.Contains(finding.Report, "data race") {
				t.Errorf("kernel %s without barrier %d of %d: %v, want a data race", c.kernel, n+1, count, err)
			}
		}
	}
	t.Logf("%d barriers", tried)
}

// TestMistakes plants other mistakes, and expects that a sanitizer or the judge finds each.
func TestMistakes(t *testing.T) {
	require(t)
	kits := map[Sanitizer]*Kit{Thread: NewKit(t.TempDir(), Thread), Address: NewKit(t.TempDir(), Address)}
	for _, c := range []struct {
		name, kernel, old, new, text, want string
		sanitizer                          Sanitizer
		planning                           fuse.Options
	}{
		{"a write after the matrix", "fill", "e < count", "e <= count", "fill", "use-after-poison", Address, fuse.Options{}},
		{"a read before the matrix", "activate", "srcOffset + i * cols + j", "srcOffset + i * cols + j - 8u", "activate_relu/m=17", "use-after-poison", Address, fuse.Options{}},
		{"a wrong index in shared memory", "max_norm", "partial[x] = partialSum", "partial[x + 1u] = partialSum", "max_norm", "__n < this->size()", Address, fuse.Options{}},
		{"invocations that write the same element", "fill", "dst[dstOffset + e]", "dst[dstOffset + e / 2u]", "fill", "data race", Thread, fuse.Options{}},
		{"a variable without a value", "column_sum", "float total = 0.0;", "float total;", "column_sum/m=17", "want", Address, fuse.Options{}},
		{"shared memory that nothing wrote", "square_sum", "partial[x] = partialSum", "if (x > 0u) partial[x] = partialSum", "square_sum", "want", Address, fuse.Options{}},
		{"a first piece that overwrites one in use", "product", "locate(i, j);", "turn = 0u; locate(i, j);", "matmul_nt", "data race", Thread, fuse.Options{Tile: "T16", Slots: 1}},
	} {
		set := shaders.Embedded().Edited(func(kernel, text string) string {
			if kernel == c.kernel {
				return strings.Replace(text, c.old, c.new, 1)
			}
			return text
		})
		err := run(find(t, c.text), kits[c.sanitizer].New(set, c.planning))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", c.name, err, c.want)
		}
	}
}
