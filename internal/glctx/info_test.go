package glctx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestSoftwareName(t *testing.T) {
	for renderer, want := range map[string]string{
		"llvmpipe (LLVM 15.0.6, 256 bits)": "llvmpipe",
		"softpipe":                         "softpipe",
		"Google SwiftShader":               "SwiftShader",
		"ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)": "SwiftShader",
		"Software Rasterizer":                                 "Software Rasterizer",
		"D3D12 (Microsoft Basic Render Driver)":               "Microsoft Basic Render",
		"Mesa DRI swrast":                                     "swrast",
		"NVIDIA GeForce RTX 4070/PCIe/SSE2":                   "",
		"Mesa Intel(R) UHD Graphics 620 (KBL GT2)":            "",
		"AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.6)":  "",
		"D3D12 (NVIDIA GeForce GTX 1650)":                     "",
		"Apple M1":                                            "",
		"virgl (Mesa Intel(R) Iris(R) Xe Graphics (TGL GT2))": "",
		"zink (NVIDIA GeForce RTX 3080)":                      "",
		"zink Vulkan 1.3(llvmpipe (LLVM 17.0.6, 256 bits))":   "llvmpipe",
		"SVGA3D; build: RELEASE;  LLVM;":                      "SVGA3D",
		"GDI Generic":                                         "GDI Generic",
		"AMD Radeon Graphics (radeonsi, renoir, LLVM 15.0.7)": "",
		"Gallium 0.4 on softpipe":                             "softpipe",
		"":                                                    "",
	} {
		if got := (Info{Renderer: renderer}).SoftwareName(); got != want {
			t.Errorf("SoftwareName of %q = %q, want %q", renderer, got, want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		text         string
		major, minor int
	}{
		{"4.5 (Core Profile) Mesa 22.3.6", 4, 5},
		{"4.6.0 NVIDIA 535.183.01", 4, 6},
		{"4.10.1 of a driver to come", 4, 10},
	} {
		major, minor, err := parseVersion(c.text)
		if err != nil || major != c.major || minor != c.minor {
			t.Errorf("parseVersion(%q) = %d, %d, %v, want %d, %d", c.text, major, minor, err, c.major, c.minor)
		}
	}
	for _, text := range []string{"", "OpenGL ES 3.2", "4"} {
		if _, _, err := parseVersion(text); err == nil {
			t.Errorf("parseVersion(%q) has no error", text)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	why := errors.New("libEGL.so.1: cannot open shared object file")
	for _, c := range []struct {
		err  error
		want string
	}{
		{&VersionError{4, 1}, "needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"},
		{&VersionError{3, 3}, "needs OpenGL 4.3, this driver offers 3.3"},
		{&AbsentError{EGL: why}, "no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: libEGL.so.1: cannot open shared object file"},
		{&AbsentError{Window: errors.New("WGL: none"), EGL: ErrUnused}, "no window: WGL: none"},
		{&AbsentError{Window: errors.New("X11: Failed to open display :7"), EGL: why}, "no window (X11: Failed to open display :7) and EGL failed: libEGL.so.1: cannot open shared object file"},
		{NoSupport("linux"), "this build has no GPU support"},
		{NoSupport("darwin"), "needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"},
		{also(nil, errors.New("a"), nil, errors.New("b")), "a; b"},
		{&ShaderError{Log: "0:1: no"}, "the shader does not compile: 0:1: no"},
		{&ShaderError{Compiled: true, Log: "no"}, "the shader does not link: no"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	if !errors.Is(&AbsentError{EGL: why}, why) {
		t.Error("an AbsentError does not unwrap to EGL's error")
	}
	if got, want := oneLine("GLX: Failed\n\tto create context.  "), "GLX: Failed to create context"; got != want {
		t.Errorf("oneLine: got %q, want %q", got, want)
	}
}

func TestNewestVersion(t *testing.T) {
	v31, v41, v42 := &VersionError{3, 1}, &VersionError{4, 1}, &VersionError{4, 2}
	other := errors.New("no window")
	for _, c := range []struct {
		errs []error
		want *VersionError
	}{
		{nil, nil}, {[]error{nil, other}, nil}, {[]error{v31, nil}, v31}, {[]error{other, v31}, v31},
		{[]error{v31, v41}, v41}, {[]error{v41, v31}, v41}, {[]error{v41, v42}, v42}, {[]error{v42, v41}, v42},
		{[]error{fmt.Errorf("EGL device: %w", v41), v31}, v41},
	} {
		if got := NewestVersion(c.errs...); got != c.want {
			t.Errorf("NewestVersion(%v) = %v, want %v", c.errs, got, c.want)
		}
	}
	for _, v := range []VersionError{{4, 3}, {4, 6}, {5, 0}} {
		if err := enough(v.Major, v.Minor); err != nil {
			t.Errorf("enough(%d, %d) = %v", v.Major, v.Minor, err)
		}
	}
}

func TestOtherGPU(t *testing.T) {
	const (
		intel  = "Mesa Intel(R) UHD Graphics 620 (KBL GT2)"
		arc    = "Mesa Intel(R) Arc(tm) A770 Graphics (DG2)"
		apu    = "AMD Radeon Graphics (radeonsi, renoir, LLVM 15.0.7, DRM 3.49)"
		apu680 = "AMD Radeon 680M (radeonsi, rembrandt, LLVM 15.0.7)"
		radeon = "AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.6)"
		nvidia = "NVIDIA GeForce RTX 4070/PCIe/SSE2"

		prime   = "DRI_PRIME=1"
		offload = "__NV_PRIME_RENDER_OFFLOAD=1 __GLX_VENDOR_LIBRARY_NAME=nvidia"
	)
	for _, c := range []struct {
		name, renderer string
		vendors        []string
		nvidiaDriver   bool
		want           string
	}{
		{"Intel alone", intel, []string{vendorIntel}, false, ""},
		{"Intel and AMD", intel, []string{vendorIntel, vendorAMD}, false, prime},
		{"AMD and Intel", intel, []string{vendorAMD, vendorIntel}, false, prime},
		{"Intel and NVIDIA's driver", intel, []string{vendorIntel, vendorNVIDIA}, true, offload},
		{"Intel and nouveau", intel, []string{vendorIntel, vendorNVIDIA}, false, prime},
		{"Intel, AMD and NVIDIA's driver", intel, []string{vendorIntel, vendorAMD, vendorNVIDIA}, true, offload},
		{"APU and NVIDIA's driver", apu, []string{vendorAMD, vendorNVIDIA}, true, offload},
		{"APU 680M and NVIDIA's driver", apu680, []string{vendorAMD, vendorNVIDIA}, true, offload},
		{"APU alone", apu, []string{vendorAMD}, false, ""},
		{"the card is in use", nvidia, []string{vendorIntel, vendorNVIDIA}, true, ""},
		{"the Radeon is in use", radeon, []string{vendorIntel, vendorAMD}, false, ""},
		{"Arc is a card", arc, []string{vendorIntel, vendorAMD}, false, ""},
		{"a server's display chip", intel, []string{vendorIntel, "0x1a03"}, false, ""},
		{"software", "llvmpipe (LLVM 15.0.6, 256 bits)", []string{vendorIntel, vendorAMD}, false, ""},
		{"no cards", intel, nil, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			put := func(text string, path ...string) {
				file := filepath.Join(append([]string{root}, path...)...)
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for i, vendor := range c.vendors {
				card := "card" + string(rune('0'+i))
				put(vendor+"\n", "class", "drm", card, "device", "vendor")
				// A connector's "device" is the card, not a PCI device.
				put("0x10de\n", "class", "drm", card+"-HDMI-A-1", "device", "vendor")
			}
			if c.nvidiaDriver {
				put("", "module", "nvidia", "version")
			}
			if got := otherGPU(root, c.renderer); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
