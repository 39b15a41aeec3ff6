// Command pictures makes the pictures of the README and the guide with the program in bin and a headless Chromium. "make
// pictures" runs it.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"shadegrad/internal/browser"
)

//go:embed pages.mjs
var script string

// largest bounds the bytes of a picture of a page.
const largest = 150_000

// commands draw pictures themselves, and train what the pages show, in another directory. Pages show them without $ROOT.
var commands = []string{
	"$ROOT/bin/shadegrad digits -augment=ciresan -o $ROOT/docs/images/digits.png",
	"$ROOT/bin/shadegrad train -json -test=each | ${PYTHON:-python3} $ROOT/docs/images/curve.py > $ROOT/docs/images/curve.svg",
	"$ROOT/bin/shadegrad train -backend=cpu -save=digits.safetensors -report=run.html",
	"$ROOT/bin/shadegrad network -model=digits.safetensors -units=10 -o $ROOT/docs/images/network.svg",
}

func main() {
	if err := pictures(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func pictures(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "shadegrad-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := browser.New(ctx, dir)
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	for _, text := range commands {
		cmd := exec.CommandContext(ctx, "sh", "-ec", text)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ROOT="+root)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", text, err, out)
		}
	}
	draw := exec.CommandContext(ctx, "bin/shadegrad", "draw", "-browser=off", "-model="+filepath.Join(dir, "digits.safetensors"))
	draw.Cancel = func() error { return draw.Process.Signal(os.Interrupt) }
	out, err := draw.StdoutPipe()
	if err != nil {
		return err
	}
	if err := draw.Start(); err != nil {
		return err
	}
	defer draw.Wait()
	defer draw.Process.Kill()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	report := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "run.html"))}
	var made struct{ Problems []string }
	if err := b.Run(ctx, script, map[string]string{"draw": strings.TrimSpace(address), "report": report.String(), "to": "docs/images"}, &made); err != nil {
		return err
	}
	if len(made.Problems) > 0 {
		return fmt.Errorf("the pages have problems: %q", made.Problems)
	}
	for _, name := range []string{"draw.png", "report.png"} {
		path := filepath.Join("docs/images", name)
		if err := shrink(path); err != nil {
			return err
		}
		if info, err := os.Stat(path); err != nil || info.Size() > largest {
			return fmt.Errorf("%s: more than %d bytes, %v", path, largest, err)
		}
	}
	return nil
}
