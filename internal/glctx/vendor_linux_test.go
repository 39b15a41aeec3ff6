//go:build cgo && !nogl && !darwin

package glctx

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/internal/glctx/gltest"
)

// TestAddNVIDIA opens EGL where only NVIDIA's library has OpenGL and no file tells of it. Mesa's library takes its place.
func TestAddNVIDIA(t *testing.T) {
	withoutDisplay(t)
	open(t) // EGL works here, or the test skips
	mesa, err := filepath.Glob("/usr/lib/*/libEGL_mesa.so.0")
	if err != nil || len(mesa) == 0 {
		t.Skip("Mesa's library for EGL is not in /usr/lib")
	}
	dir := t.TempDir()
	gltest.Require(t, os.Symlink(mesa[0], filepath.Join(dir, nvidiaLibrary)))
	const with, without = "vendor file: /proc/self/fd/", "vendor file: "
	stdout, stderr := openInChild(t, childVariable+"=vendor", "LD_LIBRARY_PATH="+dir)
	if path, opened, _ := strings.Cut(stdout, "\n"); !strings.HasPrefix(opened, "opened: EGL ") || !strings.HasPrefix(path, with) {
		t.Errorf("printed %q and, on stderr, %q", stdout, stderr)
	}
	if real, _ := filepath.Glob("/usr/lib*/*/" + nvidiaLibrary); len(real) > 0 {
		return // this machine has it
	}
	if stdout, _ := openInChild(t, childVariable+"=vendor"); !strings.HasPrefix(stdout, without+"\n") {
		t.Errorf("without the library printed %q", stdout)
	}
}

func init() {
	children["vendor"] = func() int {
		vendorDefaults = nil
		err := loadEGL()
		fmt.Printf("vendor file: %s\n", os.Getenv(vendorFiles))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		return child()
	}
}
