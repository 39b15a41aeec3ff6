package glctx

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWindowsExports links gpu_windows.c, whose variables choose the faster GPU of a notebook, with an empty program, and
// expects that the Windows executable exports them.
func TestWindowsExports(t *testing.T) {
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	const prefix = "x86_64-w64-mingw32-"
	if _, err := exec.LookPath(prefix + "gcc"); err != nil {
		if os.Getenv("SHADEGRAD_REQUIRE_TOOLS") == "1" {
			t.Fatalf("SHADEGRAD_REQUIRE_TOOLS=1, but tools are missing: %v", err)
		}
		t.Skip(err)
	}
	run := func(tool string, args ...string) string {
		out, err := exec.Command(prefix+tool, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", tool, err, out)
		}
		return string(out)
	}
	exe, empty := filepath.Join(t.TempDir(), "x.exe"), filepath.Join(t.TempDir(), "main.c")
	if err := os.WriteFile(empty, []byte("int main(void) { return 0; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	run("gcc", "-o", exe, "gpu_windows.c", empty)
	headers := run("objdump", "-p", exe)
	for _, name := range []string{"NvOptimusEnablement", "AmdPowerXpressRequestHighPerformance"} {
		if !strings.Contains(headers, name) {
			t.Errorf("the executable does not export %s", name)
		}
	}
}
