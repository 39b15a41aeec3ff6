//go:build cgo && !nogl && !darwin && (linux || freebsd || netbsd || openbsd)

package glctx

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "egl.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"unsafe"
)

// EGL's constants, from the EGL 1.5 specification and the extensions
// EGL_KHR_create_context, EGL_EXT_platform_device, EGL_EXT_device_drm and
// EGL_MESA_platform_surfaceless.
const (
	eglNone           = 0x3038
	eglExtensions     = 0x3055
	eglDRMDeviceFile  = 0x3233
	eglOpenGLAPI      = 0x30A2
	eglSurfaceType    = 0x3033
	eglPbufferBit     = 0x0001
	eglRenderableType = 0x3040
	eglOpenGLBit      = 0x0008
	eglWidth          = 0x3057
	eglHeight         = 0x3056

	eglPlatformDevice      = 0x313F
	eglPlatformSurfaceless = 0x31DD

	eglContextMajor       = 0x3098
	eglContextMinor       = 0x30FB
	eglContextFlags       = 0x30FC
	eglProfileMask        = 0x30FD
	eglCoreProfileBit     = 0x0001
	eglRobustFlag         = 0x0004
	eglResetStrategy      = 0x31BD
	eglLoseContextOnReset = 0x31BF

	glRenderer = 0x1F01
	glVersion  = 0x1F02
)

// eglLibrary is the library to load. A test replaces it.
var eglLibrary = "libEGL.so.1"

var eglOnce struct {
	mu     sync.Mutex
	loaded bool
}

// loadEGL loads the library unless it is loaded. It is never unloaded: some
// drivers do not survive that.
func loadEGL() error {
	eglOnce.mu.Lock()
	defer eglOnce.mu.Unlock()
	if eglOnce.loaded {
		return nil
	}
	if err := addNVIDIA(); err != nil {
		return err
	}
	name := C.CString(eglLibrary)
	defer C.free(unsafe.Pointer(name))
	if why := C.eglLoad(name); why != nil {
		return notInstalled(eglLibrary, "libegl1", oneLine(C.GoString(why)))
	}
	eglOnce.loaded = true
	return nil
}

// eglFailure returns EGL's last error, which function caused.
func eglFailure(function string) error {
	code := int(C.eglError())
	names := []string{
		"EGL_SUCCESS", "EGL_NOT_INITIALIZED", "EGL_BAD_ACCESS", "EGL_BAD_ALLOC",
		"EGL_BAD_ATTRIBUTE", "EGL_BAD_CONFIG", "EGL_BAD_CONTEXT",
		"EGL_BAD_CURRENT_SURFACE", "EGL_BAD_DISPLAY", "EGL_BAD_MATCH",
		"EGL_BAD_NATIVE_PIXMAP", "EGL_BAD_NATIVE_WINDOW", "EGL_BAD_PARAMETER",
		"EGL_BAD_SURFACE", "EGL_CONTEXT_LOST",
	}
	if i := code - 0x3000; i > 0 && i < len(names) {
		return fmt.Errorf("%s: %s", function, names[i])
	}
	return errors.New(function + " failed")
}

// An eglCandidate is an EGL display that may have a context.
type eglCandidate struct {
	name    string
	rank    int
	display func() C.handle
}

// The order of candidates. Hardware devices come first: NVIDIA's driver has no
// surfaceless platform, and if Mesa is installed too, that platform is software.
const (
	rankDevice = iota
	rankIntegrated
	rankSurfaceless
	rankSoftwareDevice
	rankDefault
)

// eglCandidates returns the candidates in the order of their rank.
func eglCandidates() []eglCandidate {
	list := []eglCandidate{{"EGL default display", rankDefault, func() C.handle { return C.eglDefaultDisplay() }}}
	has := extensions(nil)
	if has["EGL_MESA_platform_surfaceless"] {
		list = append(list, eglCandidate{"EGL surfaceless", rankSurfaceless, func() C.handle {
			return C.eglPlatformDisplay(eglPlatformSurfaceless, nil)
		}})
	}
	if has["EGL_EXT_platform_device"] {
		var devices [32]C.handle
		var n C.int32_t
		if C.eglDevices(C.int32_t(len(devices)), &devices[0], &n) == 0 {
			n = 0
		}
		for _, d := range devices[:n] {
			list = append(list, eglCandidate{"EGL device", deviceRank(d), func() C.handle {
				return C.eglPlatformDisplay(eglPlatformDevice, d)
			}})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].rank < list[j].rank })
	return list
}

// namesOfEGL loads the library and returns the names of the candidates.
func namesOfEGL() ([]string, error) {
	if err := loadEGL(); err != nil {
		return nil, err
	}
	var names []string
	for _, c := range eglCandidates() {
		names = append(names, c.name)
	}
	return names, nil
}

// deviceRank returns the rank of a device. It takes Intel's devices to be
// integrated GPUs.
func deviceRank(device C.handle) int {
	has := words(C.GoString(C.eglDeviceString(device, eglExtensions)))
	if has["EGL_MESA_device_software"] {
		return rankSoftwareDevice
	}
	if has["EGL_EXT_device_drm"] {
		card := filepath.Base(C.GoString(C.eglDeviceString(device, eglDRMDeviceFile)))
		if cardVendor(filepath.Join("/sys/class/drm", card)) == vendorIntel {
			return rankIntegrated
		}
	}
	return rankDevice
}

// extensions returns the set of a display's extensions, or for nil the library's.
func extensions(display C.handle) map[string]bool {
	return words(C.GoString(C.eglString(display, eglExtensions)))
}

func words(s string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// errNoHardware is the error of EGL without a hardware device.
var errNoHardware = errors.New("no hardware device")

// openEGL returns a context of the first hardware candidate or, without one and unless
// hardware is set, of the first software candidate. The context is current on the calling
// thread.
func openEGL(hardware bool) (surface, error) {
	if err := loadEGL(); err != nil {
		return nil, err
	}
	var software *eglCandidate
	var errs []error
	for _, c := range eglCandidates() {
		if c.rank >= rankSoftwareDevice && (software != nil || hardware) {
			break
		}
		s, err := openCandidate(c)
		if err == nil && (softwareName(s.renderer) == "" || c.rank >= rankSoftwareDevice) {
			return s, nil
		}
		if err == nil {
			// Keep it as the last resort, but close it: a thread has only one
			// current context.
			err = s.destroy()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		} else if software == nil {
			software = &c
		}
	}
	if hardware {
		return nil, also(append(errs, errNoHardware)...)
	}
	if software != nil {
		return openCandidate(*software)
	}
	if v := NewestVersion(errs...); v != nil {
		return nil, v
	}
	return nil, also(errs...)
}

// eglDisplays counts the contexts of each initialised display. EGL returns the
// same display for the same device, and terminating it ends all of its contexts.
var eglDisplays = struct {
	mu    sync.Mutex
	users map[C.handle]int
}{users: make(map[C.handle]int)}

func retainDisplay(display C.handle) error {
	eglDisplays.mu.Lock()
	defer eglDisplays.mu.Unlock()
	if eglDisplays.users[display] == 0 {
		var major, minor C.int32_t
		if C.eglInit(display, &major, &minor) == 0 {
			return eglFailure("eglInitialize")
		}
	}
	eglDisplays.users[display]++
	return nil
}

func releaseDisplay(display C.handle) error {
	eglDisplays.mu.Lock()
	defer eglDisplays.mu.Unlock()
	if eglDisplays.users[display]--; eglDisplays.users[display] > 0 {
		return nil
	}
	delete(eglDisplays.users, display)
	if C.eglEnd(display) == 0 {
		return eglFailure("eglTerminate")
	}
	return nil
}

// An eglSurface is an EGL context, with a surface of one pixel if the driver needs
// one.
type eglSurface struct {
	name                      string
	display, surface, context C.handle
	renderer                  string
}

// openCandidate makes a context of OpenGL 4.3 or newer and makes it current on the
// calling thread.
func openCandidate(c eglCandidate) (*eglSurface, error) {
	display := c.display()
	if display == nil {
		return nil, eglFailure("eglGetPlatformDisplay")
	}
	if err := retainDisplay(display); err != nil {
		return nil, err
	}
	s := &eglSurface{name: c.name, display: display}
	surfaceless := extensions(display)["EGL_KHR_surfaceless_context"]
	if err := s.create(surfaceless); err != nil {
		return nil, also(err, s.destroy())
	}
	return s, nil
}

// create makes the context, and a surface unless the display is surfaceless.
func (s *eglSurface) create(surfaceless bool) error {
	if C.eglBind(eglOpenGLAPI) == 0 {
		return eglFailure("eglBindAPI(EGL_OPENGL_API)")
	}
	config, err := s.prepare(surfaceless)
	if err != nil {
		return err
	}
	for _, r := range robust() {
		if s.context = newContext(s.display, config, NeededMajor, NeededMinor, r); s.context != nil {
			break
		}
	}
	if s.context == nil {
		refused := eglFailure("eglCreateContext")
		if v := s.offered(config); v != nil {
			return v
		}
		return refused
	}
	if err := s.makeCurrent(); err != nil {
		return err
	}
	s.renderer = C.GoString(C.currentString(glRenderer))
	major, minor, err := parseVersion(C.GoString(C.currentString(glVersion)))
	if err != nil {
		return err
	}
	return enough(major, minor)
}

// prepare chooses a config for OpenGL, and makes a surface unless the display is
// surfaceless.
func (s *eglSurface) prepare(surfaceless bool) (config C.handle, err error) {
	var kind C.int32_t = eglPbufferBit
	if surfaceless {
		kind = 0
	}
	attribs := []C.int32_t{eglSurfaceType, kind, eglRenderableType, eglOpenGLBit, eglNone}
	var n C.int32_t
	if C.eglConfig(s.display, &attribs[0], &config, &n) == 0 {
		return nil, eglFailure("eglChooseConfig")
	}
	if n == 0 {
		return nil, errors.New("eglChooseConfig: no config for OpenGL")
	}
	if !surfaceless {
		size := []C.int32_t{eglWidth, 1, eglHeight, 1, eglNone}
		if s.surface = C.eglPbuffer(s.display, config, &size[0]); s.surface == nil {
			return nil, eglFailure("eglCreatePbufferSurface")
		}
	}
	return config, nil
}

// newContext returns a core context of at least the given version, or of any
// version if major is 0. It returns nil if the driver refuses. The attributes of a
// robust context are those of EGL_KHR_create_context, which EGL 1.5 keeps.
func newContext(display, config C.handle, major, minor int, robust bool) C.handle {
	var attribs []C.int32_t
	if major > 0 {
		attribs = append(attribs, eglContextMajor, C.int32_t(major), eglContextMinor, C.int32_t(minor),
			eglProfileMask, eglCoreProfileBit)
	}
	if robust {
		attribs = append(attribs, eglContextFlags, eglRobustFlag, eglResetStrategy, eglLoseContextOnReset)
	}
	attribs = append(attribs, eglNone)
	return C.eglContext(display, config, &attribs[0])
}

// offered returns the newest version that the display offers, or nil.
func (s *eglSurface) offered(config C.handle) *VersionError {
	for _, v := range olderVersions {
		s.context = newContext(s.display, config, v.Major, v.Minor, false)
		if s.context == nil {
			continue
		}
		if s.makeCurrent() != nil {
			return nil
		}
		major, minor, err := parseVersion(C.GoString(C.currentString(glVersion)))
		if err != nil {
			return nil
		}
		return &VersionError{Major: major, Minor: minor}
	}
	return nil
}

func (s *eglSurface) makeCurrent() error {
	if C.eglCurrent(s.display, s.surface, s.context) == 0 {
		return eglFailure("eglMakeCurrent")
	}
	return nil
}

func (s *eglSurface) procAddress(name string) unsafe.Pointer {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	return C.eglProc(n)
}

func (s *eglSurface) path() string { return s.name }

func (s *eglSurface) destroy() error {
	var err error
	check := func(ok C.eglBool, function string) {
		if ok == 0 {
			err = also(err, eglFailure(function))
		}
	}
	check(C.eglCurrent(s.display, nil, nil), "eglMakeCurrent")
	if s.context != nil {
		check(C.eglFreeContext(s.display, s.context), "eglDestroyContext")
	}
	if s.surface != nil {
		check(C.eglFreeSurface(s.display, s.surface), "eglDestroySurface")
	}
	err = also(err, releaseDisplay(s.display))
	C.eglLeaveThread()
	return err
}
