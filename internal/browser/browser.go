// Package browser runs scripts in a headless Chromium, for tests of the project's pages and pictures of them.
//
// It needs Node.js, npm and Chromium on the machine, and installs Playwright (Apache 2.0), which controls the browser, and
// axe-core (MPL 2.0), which checks accessibility, in a directory for temporary files. chromedp v0.23 would control it from Go,
// but needs Go 1.25 and three modules, and axe-core needs npm or a copy in any case.
package browser

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

//go:embed run.mjs
var runner []byte

// packages are the programs from npm, at versions that are known to work.
var packages = []string{"playwright-core@1.65.1", "axe-core@4.14.1"}

// runTime bounds the time of a script.
const runTime = 10 * time.Minute

// A Browser can run scripts.
type Browser struct {
	dir, chromium string
}

// New installs what a browser needs into a directory.
func New(ctx context.Context, dir string) (*Browser, error) {
	b := &Browser{dir: dir}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			b.chromium = path
			break
		}
	}
	if b.chromium == "" {
		return nil, errors.New("chromium is not installed (Debian: apt-get install chromium)")
	}
	if err := os.WriteFile(filepath.Join(dir, "run.mjs"), runner, 0o666); err != nil {
		return nil, err
	}
	args := append([]string{"install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"}, packages...)
	if out, err := exec.CommandContext(ctx, "npm", args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm cannot install %v (Debian: apt-get install nodejs npm): %w\n%s", packages, err, out)
	}
	return b, nil
}

// Run runs a script, a module whose default function gets the helpers of run.mjs and arg, and stores what it returns in
// result.
func (b *Browser) Run(ctx context.Context, script string, arg, result any) error {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	input, err := json.Marshal(map[string]any{"chromium": b.chromium, "arg": arg})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(b.dir, "script-*.mjs") // here it finds the packages
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(script)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(b.dir, "run.mjs"), f.Name())
	cmd.Stdin = bytes.NewReader(input)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, log.Bytes())
	}
	return json.Unmarshal(out.Bytes(), result)
}

// ForTest returns a browser. It skips a test in the short suite, and where it is missing; with SHADEGRAD_REQUIRE_TOOLS=1, as in
// continuous integration, a missing one is an error.
func ForTest(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("the short suite starts no browser")
	}
	b, err := New(t.Context(), t.TempDir())
	if err != nil {
		if os.Getenv("SHADEGRAD_REQUIRE_TOOLS") == "1" {
			t.Fatalf("SHADEGRAD_REQUIRE_TOOLS=1, but the browser cannot start: %v", err)
		}
		t.Skip(err)
	}
	return b
}
