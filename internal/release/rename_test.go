//go:build unix

package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const newPath = "example.org/me/shadegrad"

// TestRenameTexts renames a small module, twice, and tries paths that must be refused.
func TestRenameTexts(t *testing.T) {
	dir := t.TempDir()
	old := modulePath(t, ".")
	// @ stands for the path of the module.
	files := map[string]string{
		"go.mod":              "module @\n\ngo 1.24.0\n",
		"internal/gen/go.mod": "module @/internal/gen\n\ngo 1.24.0\n",
		"compute/compute.go":  "// Package compute is @/compute.\npackage compute\n",
		"cmd/x/main.go":       "package main\n\nimport (\n\t_ \"@/compute\"\n)\n\nconst quoted = \"import \\\"@/compute\\\"\"\n\nfunc main() {}\n",
		"README.md":           "`go doc @/compute`, `bin/shadegrad train`, cmd/shadegrad/main.go, shadegrad/other and\n[@/cpu]: @/cpus @/docs.\n",
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		write(name, strings.ReplaceAll(text, "@", old))
	}
	for _, name := range []string{"cpu", "docs", "shaders", "testdata"} {
		write(name+"/doc.go", "package "+name+"\n")
	}
	script, err := os.ReadFile("../../.ci/rename.sh")
	if err != nil {
		t.Fatal(err)
	}
	write(".ci/rename.sh", string(script))
	rename := func(to string) (string, int) {
		cmd := exec.Command("sh", ".ci/rename.sh", to)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	check := func(path string) {
		t.Helper()
		for name, text := range files {
			got, err := os.ReadFile(filepath.Join(dir, name))
			want := strings.ReplaceAll(text, "@", path)
			// Not a package of the module, although the name begins like one.
			want = strings.ReplaceAll(want, path+"/cpus", old+"/cpus")
			if err != nil || string(got) != want {
				t.Errorf("%s after the path %s: %v\n%swant\n%s", name, path, err, got, want)
			}
		}
	}
	for path, why := range map[string]string{
		"": "no path given", "shadegrad": "the path of a repository has a slash", "me/shadegrad": "has no dot",
		"Example.org/x": "not a domain in lower case", "-e.org/x": "not a domain in lower case", "example.org/.x": "begins or ends with a dot",
		"example.org/../x": "begins or ends with a dot", "example.org/x.": "begins or ends with a dot", "example.org/x/v1": "v2 or a higher version",
		"example.org//x": "double slash", "example.org/x/": "trailing slash", "example.org/a b": "must not contain", "example.org/a&b": "must not contain",
		"example.org/a\\1": "must not contain", "example.org/a#b": "must not contain", "example.org/ä": "must not contain", "example.org/a\nb": "must not contain",
	} {
		if out, status := rename(path); status != 2 || !strings.Contains(out, why) || !strings.Contains(out, "want a path such as") {
			t.Errorf("%q: status %d, %q; want 2 and %q", path, status, out, why)
		}
	}
	check(old)
	for _, path := range []string{newPath, newPath, "example.com/other/v2", newPath} {
		if out, status := rename(path); status != 0 {
			t.Fatalf("%s: %s", path, out)
		}
		check(path)
	}
}

// TestRename renames a copy of the project. Then it must build, pass go vet and some tests, and nothing may name the old path.
func TestRename(t *testing.T) {
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	dir := copyProject(t)
	old := modulePath(t, ".")
	run(t, dir, nil, "sh", ".ci/rename.sh", newPath)
	if got := modulePath(t, dir); got != newPath {
		t.Fatalf("the path is %s", got)
	}
	named := regexp.MustCompile(`(?m)(^|[^\w./~-])` + regexp.QuoteMeta(old) + `/(cmd|compute|cpu|docs|internal|shaders|testdata)\b`)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if m := named.Find(text); m != nil {
			t.Errorf("%s has %q", path, m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"SHADEGRAD_REQUIRE_GPU="}
	if os.Getenv("SHADEGRAD_REQUIRE_GPU") != "1" { // the headers of OpenGL may be missing
		env = append(env, "CGO_ENABLED=0")
	}
	run(t, dir, env, "go", "build", "./...")
	run(t, dir, env, "go", "vet", "./...", "./testdata")
	if out := run(t, dir, env, "gofmt", "-l", "."); out != "" {
		t.Errorf("not formatted:\n%s", out)
	}
	run(t, dir, env, "go", "test", "-short", "./docs", "-run", "^Test(Packages|Constraint|Targets)$")
	run(t, dir, env, "go", "test", "-short", "./compute", "./internal/flags")
}
