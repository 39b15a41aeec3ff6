//go:build cgo && !nogl && !darwin && linux && (amd64 || arm64)

package glctx

import (
	"debug/elf"
	"strings"
	"testing"
)

// TestStartsWithoutX11 checks that the program starts without the libraries of the window system. A function of libX11 that
// GLFW calls and x11.c lacks is among the imported symbols.
func TestStartsWithoutX11(t *testing.T) {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) == 0 {
		t.Fatalf("no libraries: %v", err)
	}
	for _, l := range libraries {
		if strings.HasPrefix(l, "libX") || strings.HasPrefix(l, "libGL") || strings.HasPrefix(l, "libEGL") {
			t.Errorf("the program needs %s to start", l)
		}
	}
	symbols, err := f.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "X") || strings.HasPrefix(s.Name, "gl") {
			t.Errorf("x11.c lacks %s", s.Name)
		}
	}
}

// TestX11Missing checks the error of a machine without libX11.
func TestX11Missing(t *testing.T) {
	defer func(name string) { x11Library = name }(x11Library)
	x11Library = "libX11-gone.so.6"
	err := loadX11()
	if err == nil || err.Error() != "libX11-gone.so.6 is not installed (Debian: apt-get install libx11-6)" {
		t.Errorf("error %v", err)
	}
}
