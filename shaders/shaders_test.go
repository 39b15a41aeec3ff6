package shaders

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// set returns a Set of files, given as name, text, name, text, …
func set(files ...string) *Set {
	dir := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		dir[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return New(dir)
}

func TestSpecialise(t *testing.T) {
	s := set(
		"k.comp", "#version 430\n// option F = ONE | TWO\n// option BIAS   added\n#include \"lib/a.glsl\"\nlast\n",
		"lib/a.glsl", "a1\n#  include \"b.glsl\" // why\na3\n",
		"lib/b.glsl", "b1\r\nb2 // Σᵢ\r\n",
	)
	got, err := s.Specialise("k", Defines{"F": "TWO", "BIAS": "1"})
	if err != nil {
		t.Fatal(err)
	}
	want := Source{
		Name: "k_two_bias",
		Text: `#version 430
#define BIAS 1
#define F TWO
#line 2 0
// option F = ONE | TWO
// option BIAS   added
#line 1 1
a1
#line 1 2
b1
b2 // ??
#line 3 1
a3
#line 5 0
last
`,
		Files: []string{"k.comp", "lib/a.glsl", "lib/b.glsl"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestEdited(t *testing.T) {
	s := set("k.comp", "#version 430\n#include \"a.glsl\"\n", "a.glsl", "old\n")
	edited := s.Edited(func(kernel, text string) string { return kernel + strings.Replace(text, "old", "new", 1) })
	for want, s := range map[string]*Set{"k#version 430\n#line 2 0\n#line 1 1\nnew\n#line 3 0\n": edited, "#version 430\n#line 2 0\n#line 1 1\nold\n#line 3 0\n": s} {
		if got, err := s.Specialise("k", nil); err != nil || got.Text != want {
			t.Errorf("the text is %q, %v; want %q", got.Text, err, want)
		}
	}
}

func TestFilesAreIncludedOnce(t *testing.T) {
	s := set(
		"k.comp", "#version 430\n#include \"a.glsl\"\n#include \"b.glsl\"\n#include \"a.glsl\"\n",
		"a.glsl", "only once\n",
		"b.glsl", "#include \"a.glsl\"\n",
	)
	got, err := s.Specialise("k", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(got.Text, "only once"); n != 1 {
		t.Errorf("a.glsl is included %d times in\n%s", n, got.Text)
	}
}

func TestSpecialiseErrors(t *testing.T) {
	const version = "#version 430\n"
	for _, c := range []struct {
		name    string
		files   []string
		defines Defines
		want    string
	}{
		{"no kernel", nil, nil, "kernel k: open k.comp: file does not exist"},
		{"no version", []string{"k.comp", "// first\n#version 430\n"}, nil, "k.comp:1: the first line must be a #version, such as #version 430"},
		{"empty", []string{"k.comp", ""}, nil, "k.comp:1: the first line must be a #version, such as #version 430"},
		{"two versions", []string{"k.comp", version + "\n#version 430\n"}, nil, "k.comp:3: #version may only be the first line of a kernel"},
		{"version included", []string{"k.comp", version + "#include \"a.glsl\"\n", "a.glsl", "\n#version 430\n"}, nil, "k.comp:2: a.glsl:2: #version may only be the first line of a kernel"},
		{"missing file", []string{"k.comp", version + "\n#include \"a.glsl\"\n"}, nil, "k.comp:3: #include: open a.glsl: file does not exist"},
		{"missing file of a file", []string{"k.comp", version + "#include \"a.glsl\"\n", "a.glsl", "x\n#include \"b.glsl\"\n"}, nil, "k.comp:2: a.glsl:2: #include: open b.glsl: file does not exist"},
		{"outside", []string{"k.comp", version + "#include \"../a.glsl\"\n"}, nil, "k.comp:2: #include: ../a.glsl is outside the directory of shaders"},
		{"angle brackets", []string{"k.comp", version + "#include <a.glsl>\n"}, nil, `k.comp:2: write #include "file.glsl", not #include <a.glsl>`},
		{"itself", []string{"k.comp", version + "#include \"k.comp\"\n"}, nil, "k.comp:2: k.comp includes itself: k.comp, which includes k.comp"},
		{"a cycle", []string{"k.comp", version + "#include \"a.glsl\"\n", "a.glsl", "#include \"b.glsl\"\n", "b.glsl", "\n\n#include \"a.glsl\"\n"}, nil,
			"k.comp:2: a.glsl:1: b.glsl:3: a.glsl includes itself: k.comp, which includes a.glsl, which includes b.glsl, which includes a.glsl"},
		{"unknown option", []string{"k.comp", version}, Defines{"X": "1", "A": "1"}, "k.comp has no option A"},
		{"value missing", []string{"k.comp", version + "// option F = A | B\n"}, nil, `k.comp: option F is ""; want one of A, B`},
		{"unknown value", []string{"k.comp", version + "// option F = A | B\n"}, Defines{"F": "C"}, `k.comp: option F is "C"; want one of A, B`},
		{"value of an option without values", []string{"k.comp", version + "// option F\n"}, Defines{"F": "0"}, `k.comp: option F is "0"; want 1, or no value`},
	} {
		_, err := set(c.files...).Specialise("k", c.defines)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error is %v, want %s", c.name, err, c.want)
		}
	}
}

func TestRewrite(t *testing.T) {
	s := Source{Files: []string{"k.comp", "lib/a.glsl"}}
	for _, c := range []struct{ log, want string }{
		// Mesa
		{"0:12(5): error: no\n1:3(1): warning: hm\n", "k.comp:12:5: error: no\nlib/a.glsl:3:1: warning: hm"},
		{"0:12: error: no", "k.comp:12: error: no"},
		// NVIDIA
		{"1(12) : error C1008: undefined variable \"x\"\n", "lib/a.glsl:12: error C1008: undefined variable \"x\""},
		// AMD, Intel, Apple
		{"ERROR: 1:12: 'x' : undeclared identifier\nWARNING: 0:1: hm", "ERROR: lib/a.glsl:12: 'x' : undeclared identifier\nWARNING: k.comp:1: hm"},
		// other drivers, and unknown files
		{"7:12(5): error: no", "7:12(5): error: no"},
		{"99999999999999999999:1: error", "99999999999999999999:1: error"},
		{"error: linking failed\x00", "error: linking failed"},
		{"", ""},
	} {
		if got := s.Rewrite(c.log); got != c.want {
			t.Errorf("Rewrite(%q) is %q, want %q", c.log, got, c.want)
		}
	}
}

// linesByPlace follows the #line directives of a text as a compiler does, and returns the lines
// by "file:line".
func linesByPlace(text string) (places map[string]string) {
	places = map[string]string{}
	file, line := 0, 1
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if n, _ := fmt.Sscanf(l, "#line %d %d", &line, &file); n == 2 {
			continue
		}
		places[fmt.Sprintf("%d:%d", file, line)] = l
		line++
	}
	return places
}

func TestEveryVariantSpecialises(t *testing.T) {
	s := Embedded()
	names, err := s.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, kernel := range names {
		variants, err := s.Variants(kernel, 300)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range variants {
			source, err := s.Specialise(kernel, d)
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.Specialise(kernel, d)
			if err != nil || !reflect.DeepEqual(source, again) {
				t.Errorf("%s differs from call to call", source.Name)
			}
			if seen[source.Name] {
				t.Errorf("two variants have the name %s", source.Name)
			}
			seen[source.Name] = true
			places := linesByPlace(source.Text)
			for number, name := range source.Files {
				data, err := fs.ReadFile(files, name)
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range lines(string(data)) {
					got, ok := places[fmt.Sprintf("%d:%d", number, i+1)]
					if directive.MatchString(want) {
						continue // it was replaced by the file, or stands before the first #line
					}
					if want = strings.Map(ascii, want); !ok || got != want {
						t.Fatalf("%s: line %d of %s is %q, want %q", source.Name, i+1, name, got, want)
					}
				}
			}
		}
	}
	for _, name := range []string{"activate_relu_bias", "column_sum", "delta_tanh", "fill", "gather_index",
		"loss_softmax_cross_entropy_bias_delta_index", "matmul_tn", "update_sgd", "update_momentum", "update_adam_terms_clip", "dropout", "noise", "warp_field_calm_index", "combine_identity"} {
		if !seen[name] {
			t.Errorf("no variant has the name %s", name)
		}
	}
}

// TestRules checks the rules that kernels must follow to be right on every driver.
func TestRules(t *testing.T) {
	buffer := regexp.MustCompile(`\bbuffer\s+\w+\s*\{`)
	declared := regexp.MustCompile(`layout\(std430, binding = [0-7]\) (readonly |writeonly )?(restrict )?buffer [A-Z]\w* \{ (float|uint|vec4) \w+\[\]; \};`)
	params := regexp.MustCompile(`(?s)layout\(std140, binding = 0\) uniform Params \{\n(.*?)\n\};`)
	member := regexp.MustCompile(`^    ((uint|float) \w+(, \w+)*|Job jobs\[\d+\]);(\s+//.*)?$`)
	s := Embedded()
	kernels, err := s.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	if len(kernels) < 13 {
		t.Fatalf("only %d kernels: %q", len(kernels), kernels)
	}
	for _, kernel := range kernels {
		text, err := s.read(kernel + ".comp")
		if err != nil {
			t.Fatal(err)
		}
		code := regexp.MustCompile(`//[^\n]*`).ReplaceAllString(text, "")
		n := len(declared.FindAllString(code, -1))
		if all := len(buffer.FindAllString(code, -1)); n == 0 || n != all {
			t.Errorf("%s: %d of %d storage blocks are declared correctly", kernel, n, all)
		}
		if m := params.FindStringSubmatch(text); m == nil {
			t.Errorf("%s has no std140 block Params", kernel)
		} else {
			for _, line := range strings.Split(m[1], "\n") {
				if !member.MatchString(line) {
					t.Errorf("%s: Params has the line %q, want scalars", kernel, line)
				}
			}
		}
		if strings.Contains(code, "groupMemoryBarrier") || strings.Contains(code, "atomic") {
			t.Errorf("%s uses groupMemoryBarrier or atomics", kernel)
		}
		if regexp.MustCompile(`\btanh\(`).MatchString(code) {
			t.Errorf("%s uses GLSL's tanh, whose accuracy is not specified", kernel)
		}
		if !strings.Contains(code, "gl_NumWorkGroups") {
			t.Errorf("%s does not step by the grid", kernel)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Setenv(Variable, "")
	s, err := FromEnvironment()
	if err != nil || s.Origin() != "built in" {
		t.Errorf("without %s: %v, %v, want the embedded set", Variable, s, err)
	}

	dir := t.TempDir()
	t.Setenv(Variable, dir)
	if _, err := FromEnvironment(); err == nil || err.Error() != Variable+"="+dir+": no file is named *.comp" {
		t.Errorf("with an empty directory: %v", err)
	}
	missing := filepath.Join(dir, "missing")
	t.Setenv(Variable, missing)
	if _, err := FromEnvironment(); err == nil || !strings.HasPrefix(err.Error(), Variable+"="+missing+": ") || strings.Contains(err.Error(), "open .") {
		t.Errorf("with a missing directory: %v", err)
	}

	if err := os.WriteFile(filepath.Join(dir, "own.comp"), []byte("#version 430\n// option X\nvoid main() {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Variable, dir)
	if s, err = FromEnvironment(); err != nil {
		t.Fatal(err)
	}
	source, err := s.Specialise("own", Defines{"X": "1"})
	if err != nil || source.Name != "own_x" || s.Origin() != dir {
		t.Errorf("a kernel of a directory: %q of %q, %v", source.Name, s.Origin(), err)
	}
}

func TestOptions(t *testing.T) {
	s := set("k.comp", "#version 430\n// option A\n//option B = X|Y | Z   explained\n// optional C\n// An option D\n")
	got, err := s.Options("k")
	want := []Option{{Name: "A"}, {Name: "B", Values: []string{"X", "Y", "Z"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Options: %v, %v, want %v", got, err, want)
	}
	for most, want := range map[int]int{10: 6, 6: 6, 5: 5} {
		variants, err := s.Variants("k", most)
		seen := map[string]bool{}
		for _, d := range variants {
			seen[fmt.Sprint(d)] = true
		}
		if err != nil || len(variants) != want || len(seen) != want {
			t.Errorf("at most %d variants: %v, %v, want %d", most, variants, err, want)
		}
	}
	if _, err := s.Variants("none", 10); err == nil {
		t.Error("a missing kernel has variants")
	}
}
