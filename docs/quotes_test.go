//go:build unix

package docs

import (
	"os"
	"strings"
	"testing"
)

// TestQuotes checks that the commands need no single quotes, which cmd.exe does not know. Double quotes mean the same there, in
// PowerShell and in sh, if none of the characters between them is special in one of these.
func TestQuotes(t *testing.T) {
	commands := 0
	for _, page := range []string{"../README.md", "guide.md", "data.md", "library.md", "reproducibility.md", "architecture.md", "benchmarks.md", "results.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks(string(text)) {
			for _, c := range b.commands {
				if !strings.HasPrefix(c.text, "bin/shadegrad ") {
					continue
				}
				commands++
				command, _, _ := strings.Cut(c.text, " | ")
				command, _, _ = strings.Cut(command, " # ")
				for i, part := range strings.Split(command, `"`) {
					if strings.Contains(part, "'") || i%2 == 1 && strings.ContainsAny(part, "$`%\\!") {
						t.Errorf("%s:%d: does not work in every shell: %s", page, c.line, c.text)
					}
				}
			}
		}
	}
	if commands < 50 {
		t.Errorf("only %d commands were found", commands)
	}
}
