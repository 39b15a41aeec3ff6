// Package reading tests what the command learns from the data sets of testdata/cases and from random tables and
// pictures: the right thing, or it says why not.
package reading

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"shadegrad/internal/cache"
	"shadegrad/internal/cli"
	"shadegrad/internal/dataset"
)

// shared is a directory for files that several tests use.
var shared string

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "shadegrad-test-"); err == nil {
		err = os.Setenv(cache.Variable, shared) // the tests do not use the cache of the user's own runs
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(shared)
	os.Exit(status)
}

// A result is the outcome of a run of the command.
type result struct {
	command        string
	stdout, stderr string
	status         int
}

// run runs the command in this process.
func run(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := cli.Run(args, &stdout, &stderr)
	return result{strings.Join(args, " "), stdout.String(), stderr.String(), status}
}

// lastLine returns the last line on stderr.
func (r result) lastLine() string {
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	return lines[len(lines)-1]
}

// mnist is the built-in data, read once.
var mnist = sync.OnceValues(func() (*dataset.Data, error) { return dataset.Open("") })

// contents returns the bytes of a file.
func contents(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put writes a file.
func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
