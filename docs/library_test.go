//go:build unix

package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goBlock returns the first block of Go code of a page.
func goBlock(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n```go\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("%s has no Go code", page)
	}
	return block
}

// TestLibraryProgram checks that the README and the page on the library show the program that the example of package nn runs. It
// builds the page's, runs it, and reads the network that it saves with the command.
func TestLibraryProgram(t *testing.T) {
	source, err := os.ReadFile("../compute/nn/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?s)func Example\(\) \{\n(.*)\t// Output: (.*?)\n\}`).FindStringSubmatch(string(source))
	if example == nil {
		t.Fatal("package nn has no example")
	}
	body, output := example[1], example[2]
	if shown := goBlock(t, "../README.md"); shown != regexp.MustCompile(`(?m)^\t`).ReplaceAllString(body, "") {
		t.Errorf("the README shows\n%s\nthe example is\n%s", shown, body)
	}
	program := goBlock(t, "library.md")
	if !strings.Contains(program, "func main() {\n"+body+"}\n") {
		t.Errorf("library.md shows\n%s\nthe example is\n%s", program, body)
	}

	dir := workplace(t)
	binary := filepath.Join(dir, "digits")
	build(t, program, binary)
	run := exec.CommandContext(t.Context(), binary)
	run.Dir = dir
	run.Env = append(os.Environ(), "SHADEGRAD_CACHE="+filepath.Join(dir, "cache"))
	if out, err := run.CombinedOutput(); err != nil || string(out) != output+"\n" {
		t.Errorf("the program printed %q, want %q; %v", out, output, err)
	}
	predict := exec.CommandContext(t.Context(), "bin/shadegrad", "predict", "-model=digits.safetensors", "testdata/digits/seven.png")
	predict.Dir = dir
	predict.Env = append(os.Environ(), asCommand+"=1")
	if out, err := predict.CombinedOutput(); err != nil || !strings.Contains(string(out), "it is a 7:") {
		t.Errorf("the command says %v\n%s", err, out)
	}
}

// build builds a program. In the long suite it does so in a module of its own, which takes longer: all packages are compiled
// again.
func build(t *testing.T, program, binary string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(other, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.go", program)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, filepath.Join(other, "main.go"))
	if cmd.Dir = root; !testing.Short() {
		cmd.Dir = other
		module, err := os.ReadFile("../go.mod")
		if err != nil {
			t.Fatal(err)
		}
		sums, err := os.ReadFile("../go.sum")
		if err != nil {
			t.Fatal(err)
		}
		_, requirements, _ := strings.Cut(string(module), "\n")
		name := modulePath(t)
		write("go.mod", "module example.org/digits\n"+requirements+"\nrequire "+name+" v0.0.0\n\nreplace "+name+" => "+root+"\n")
		write("go.sum", string(sums))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
