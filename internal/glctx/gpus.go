package glctx

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// PCI vendors, as in /sys/class/drm/card*/device/vendor.
const (
	vendorIntel  = "0x8086"
	vendorAMD    = "0x1002"
	vendorNVIDIA = "0x10de"
)

// OtherGPU returns the environment variables that select another GPU, such as
// "DRI_PRIME=1", if the renderer is an integrated GPU and there is a card of another
// vendor. Otherwise, and except on Linux, it returns "".
func OtherGPU(renderer string) string { return otherGPU("/sys", renderer) }

// otherGPU is OtherGPU with the mount point of sysfs.
func otherGPU(sysfs, renderer string) string {
	integrated := integratedVendor(renderer)
	if integrated == "" {
		return ""
	}
	paths, err := filepath.Glob(filepath.Join(sysfs, "class", "drm", "card*"))
	if err != nil {
		return ""
	}
	choice := ""
	for _, path := range paths {
		vendor := cardVendor(path)
		switch {
		case vendor == integrated:
		case vendor == vendorNVIDIA && loaded(sysfs, "nvidia"):
			// NVIDIA's own driver ignores DRI_PRIME.
			return "__NV_PRIME_RENDER_OFFLOAD=1 __GLX_VENDOR_LIBRARY_NAME=nvidia"
		case vendor == vendorNVIDIA || vendor == vendorAMD || vendor == vendorIntel:
			choice = "DRI_PRIME=1"
		}
	}
	return choice
}

// loaded reports whether the kernel has loaded a module.
func loaded(sysfs, module string) bool {
	_, err := os.Stat(filepath.Join(sysfs, "module", module))
	return err == nil
}

// cardName matches a card, but not a connector such as "card0-HDMI-A-1".
var cardName = regexp.MustCompile(`^card[0-9]+$`)

// cardVendor returns the PCI vendor of a card's directory, or "".
func cardVendor(path string) string {
	if !cardName.MatchString(filepath.Base(path)) {
		return ""
	}
	b, err := os.ReadFile(filepath.Join(path, "device", "vendor"))
	if err != nil {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(string(b)))
}

// amdAPU matches Mesa's and AMD's names of integrated GPUs: "AMD Radeon Graphics
// (radeonsi, renoir, …)", "AMD Radeon(TM) Vega 8 Graphics", "AMD Radeon 680M". A
// card has a model: "AMD Radeon RX 6600".
var amdAPU = regexp.MustCompile(`Radeon(\(TM\))? (R[2-7] |Vega [0-9]+ )?Graphics|Radeon(\(TM\))? [0-9]{3}M\b`)

// intelCard matches Intel's cards, such as "Intel(R) Arc(tm) A770". "Intel(R)
// Arc(tm) Graphics" is integrated.
var intelCard = regexp.MustCompile(`(?i)Arc(\(TM\))? (Pro )?[AB][0-9]{2,3}`)

// integratedVendor returns the vendor of an integrated GPU, or "" if the renderer is
// not known as one.
func integratedVendor(renderer string) string {
	switch {
	case softwareName(renderer) != "":
		return ""
	case strings.Contains(renderer, "Intel") && !intelCard.MatchString(renderer):
		return vendorIntel
	case amdAPU.MatchString(renderer):
		return vendorAMD
	}
	return ""
}
