//go:build cgo && !nogl && !darwin

package glctx

/*
#include <dlfcn.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The variables that tell libEGL where its vendors' files are, and where they are by default. See
// https://github.com/NVIDIA/libglvnd/blob/master/src/EGL/icd_enumeration.md.
const (
	vendorFiles       = "__EGL_VENDOR_LIBRARY_FILENAMES"
	vendorDirectories = "__EGL_VENDOR_LIBRARY_DIRS"
)

var vendorDefaults = []string{"/etc/glvnd/egl_vendor.d", "/usr/share/glvnd/egl_vendor.d"} // a test replaces it

const nvidiaLibrary = "libEGL_nvidia.so.0"

// addNVIDIA tells libEGL about NVIDIA's library where no file does, as in containers whose image lacks the file while the
// library comes from the host. Call it before libEGL is loaded. It does nothing if the user sets the variables.
func addNVIDIA() error {
	if os.Getenv(vendorFiles) != "" || os.Getenv(vendorDirectories) != "" {
		return nil
	}
	var files []string
	for _, dir := range vendorDefaults {
		found, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	if strings.Contains(strings.Join(files, " "), "nvidia") {
		return nil
	}
	name := C.CString(nvidiaLibrary)
	defer C.free(unsafe.Pointer(name))
	if C.dlopen(name, C.RTLD_LAZY|C.RTLD_LOCAL) == nil {
		return nil
	}
	// libEGL reads the file later, so it stays open. It is not on the disk.
	fd, err := unix.MemfdCreate("nvidia.json", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	const text = `{"file_format_version": "1.0.0", "ICD": {"library_path": "` + nvidiaLibrary + `"}}`
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return err
	}
	return os.Setenv(vendorFiles, strings.Join(append([]string{fmt.Sprintf("/proc/self/fd/%d", fd)}, files...), ":"))
}
