package cli

import (
	"os/exec"
	"strings"
	"testing"
)

// TestCompletion completes commands, flags, values and arguments in bash, if it is installed.
func TestCompletion(t *testing.T) {
	p := at(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	script := p.run("completion", "bash").is(0).stdout
	for words, want := range map[string]string{
		"shadegrad tra":                  "train",
		"shadegrad train -optim":         "-optimizer=",
		"shadegrad train -optimizer = a": "adam adamw",
		"shadegrad train -json":          "-json",
		"shadegrad doctor -lr":           "",
		"shadegrad presets keras":        "keras-mlp",
		"shadegrad help regu":            "regularisation",
		"shadegrad completion z":         "zsh",
	} {
		cmd := exec.Command("bash", "-c", script+"\nCOMP_WORDS=("+words+"); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _shadegrad; echo \"${COMPREPLY[*]}\"")
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", words, got, err, want)
		}
	}
	for _, shell := range []string{"zsh", "fish"} {
		if out := p.run("completion", shell).is(0).stdout; !strings.Contains(out, "-optimizer=") && !strings.Contains(out, "-o optimizer") {
			t.Errorf("%s: the script has no -optimizer:\n%s", shell, out)
		}
	}
	p.run("completion", "tcsh").is(2, "completion: want one SHELL: bash, zsh or fish")
}
