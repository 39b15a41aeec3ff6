package cli

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"shadegrad/internal/flags"
)

// TestMan checks that the manual page has every command once and every flag, and in the long suite that mandoc reads it.
func TestMan(t *testing.T) {
	page := at(t).run("man").is(0).stdout
	for _, c := range commandList() {
		if n := strings.Count(page, "\n.SS "+c.name+"\n.B shadegrad "+c.name); n != 1 {
			t.Errorf("the page has the command %s %d times", c.name, n)
		}
	}
	for _, f := range newSettings("").table {
		name := flags.Roff(f.Name)
		if n := strings.Count(page, "\n\\fB\\-"+name+"\\fR\n") + strings.Count(page, "\n\\fB\\-"+name+"\\fR=") +
			strings.Count(page, "\n\\fB\\-"+name+"\\fR[="); n == 0 {
			t.Errorf("the page does not have the flag -%s", f.Name)
		}
	}
	if testing.Short() {
		return
	}
	t.Run("mandoc", func(t *testing.T) {
		mandoc, err := exec.LookPath("mandoc")
		if err != nil && os.Getenv("SHADEGRAD_REQUIRE_TOOLS") == "1" {
			t.Fatalf("SHADEGRAD_REQUIRE_TOOLS=1, but tools are missing: %v", err)
		}
		if err != nil {
			t.Skip(err)
		}
		check := exec.Command(mandoc, "-T", "lint", "-W", "error")
		check.Stdin = strings.NewReader(page)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("mandoc: %v\n%s", err, out)
		}
	})
}

// TestCompletionOfAll checks that the scripts of all shells have every command, and every flag of each.
func TestCompletionOfAll(t *testing.T) {
	p := at(t)
	for _, shell := range flags.Shells() {
		script := p.run("completion", shell).is(0).stdout
		for _, c := range commandList() {
			for _, f := range newSettings(c.name).table {
				if !flags.Has(f.Commands, c.name) {
					continue
				}
				found := false
				for line := range strings.Lines(script) {
					if shell == "fish" {
						found = found || strings.Contains(line, "__fish_seen_subcommand_from "+c.name+"' -o "+f.Name+" ")
						continue
					}
					words, ok := strings.CutPrefix(strings.TrimSpace(line), `"`+c.name+` ") words="`)
					words, _, _ = strings.Cut(words, `"`)
					found = found || ok && (flags.Has(words, "-"+f.Name) || flags.Has(words, "-"+f.Name+"="))
				}
				if !found {
					t.Errorf("%s: the script does not complete %s -%s", shell, c.name, f.Name)
				}
			}
		}
	}
}
