package wine

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"shadegrad/internal/cli"
)

// TestWindows runs the program for Windows, and tests of packages that depend on the operating system.
func TestWindows(t *testing.T) {
	m := newMachine(t)
	program := m.build(t, true, "shadegrad.exe", "build", "../../cmd/shadegrad")

	// losses returns the lines of epochs and of the test without their times.
	losses := func(out string) string {
		var lines []string
		for _, m := range regexp.MustCompile(`(?m)^(epoch .*?|test accuracy .*?);`).FindAllStringSubmatch(out, -1) {
			lines = append(lines, m[1])
		}
		return strings.Join(lines, "\n")
	}
	t.Run("train on the CPU", func(t *testing.T) {
		args := []string{"train", "-backend=cpu", "-epochs=2", "-limit=3000", "-save=" + filepath.Join(m.dir, "linux.safetensors")}
		var stdout, stderr bytes.Buffer
		if status := cli.Run(args, &stdout, &stderr); status != 0 {
			t.Fatalf("on Linux: %s", stderr.String())
		}
		args[4] = "-save=C:\\windows.safetensors"
		r := m.run(t, time.Minute, append([]string{program}, args...)...).is(t, 0, `saved C:\windows.safetensors`)
		if want := losses(stdout.String()); losses(r.stdout) != want || want == "" {
			t.Errorf("the run is\n%s\non Linux it is\n%s", losses(r.stdout), want)
		}
		here, err := os.ReadFile(filepath.Join(m.dir, "linux.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		there, err := os.ReadFile(filepath.Join(m.dir, "prefix/drive_c/windows.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(here, there) {
			t.Error("the networks differ")
		}
		m.run(t, time.Minute, program, "eval", `-model=\windows.safetensors`).is(t, 1) // Z:\ is the current drive
		m.run(t, time.Minute, program, "eval", `-model=C:\windows.safetensors`).is(t, 0, " of 10000 test images right")
	})
	t.Run("train on the GPU", func(t *testing.T) {
		m.run(t, time.Minute, program, "train", "-backend=gpu", "-epochs=1", "-limit=1000", "-hidden=32", "-tune=off").
			is(t, 0, "llvmpipe", "GLFW window (Win32)", "test accuracy ")
	})
	t.Run("doctor", func(t *testing.T) {
		r := m.run(t, time.Minute, program, "doctor", "-quick").is(t, 0, "✓ GLFW ", "– EGL              not needed: not used on windows", "✓ context ", "✓ kernels ")
		if strings.Contains(r.stdout, "✗") {
			t.Errorf("a check failed:\n%s", r.stdout)
		}
	})
	t.Run("bench", func(t *testing.T) {
		r := m.run(t, time.Minute, program, "bench", "-hidden=16", "-json").is(t, 0, `"backend":"cpu"`, `"backend":"gpu"`)
		for decoder := json.NewDecoder(strings.NewReader(r.stdout)); decoder.More(); {
			var v any
			if err := decoder.Decode(&v); err != nil { // infinite figures are not JSON
				t.Fatalf("%v\n%s", err, r.stdout)
			}
		}
	})
	t.Run("data", func(t *testing.T) {
		table := "x,y,label\r\n" + strings.Repeat("0.5,1,a\r\n1.5,0,b\r\n0.25,2,a\r\n2,0.5,b\r\n", 10)
		dir := filepath.Join(m.dir, "prefix/drive_c/my data")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x.csv"), []byte(table), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{`C:\my data\x.csv`, `C:/my data/x.csv`, `\\?\C:\my data\x.csv`} {
			m.run(t, time.Minute, program, "train", "-data="+path, "-hidden=4", "-epochs=2", "-batch=4").is(t, 0, `x.csv: 32 training rows of 2 numbers in 2 classes`)
		}
		for _, name := range []string{"NUL", `C:\con.safetensors`, "a?b"} {
			m.run(t, time.Minute, program, "train", "-epochs=1", "-save="+name).is(t, 1, name+": cannot save there: ", "; nothing was trained; name a file that can be written")
		}
	})
	for _, c := range []struct {
		packages, tests string
	}{
		{"internal/atomicfile", "."}, {"internal/cache", "."}, {"internal/console", "."}, {"internal/memory", "."}, {"internal/shell", "."},
		{"cpu", "^TestConformance$"}, {"internal/cli", "^Test(Interrupt|Save|Overwrite)"},
	} {
		t.Run(c.packages, func(t *testing.T) {
			test := m.build(t, false, filepath.Base(c.packages)+".test.exe", "test", "-c", "../../"+c.packages)
			m.runIn(t, "../../"+c.packages, 3*time.Minute, test, "-test.short", "-test.run="+c.tests).is(t, 0, "PASS")
		})
	}
}
