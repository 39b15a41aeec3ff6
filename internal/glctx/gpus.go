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

// OtherGPU returns how to choose the other GPU of a machine where the renderer
// is an integrated one and a card of another vendor is there too, or "" where
// there is no such choice. It looks at Linux's /sys/class/drm; elsewhere it
// returns "".
func OtherGPU(renderer string) string { return otherGPU("/sys", renderer) }

// otherGPU is OtherGPU with the place where sysfs is mounted.
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
			// NVIDIA's own driver does not listen to DRI_PRIME.
			return "__NV_PRIME_RENDER_OFFLOAD=1 __GLX_VENDOR_LIBRARY_NAME=nvidia"
		case vendor == vendorNVIDIA || vendor == vendorAMD || vendor == vendorIntel:
			choice = "DRI_PRIME=1"
		}
	}
	return choice
}

// loaded reports whether the kernel module is in use.
func loaded(sysfs, module string) bool {
	_, err := os.Stat(filepath.Join(sysfs, "module", module))
	return err == nil
}

// cardName matches a card and not its connectors ("card0-HDMI-A-1").
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

// amdAPU matches how Mesa and AMD name the graphics inside their processors:
// "AMD Radeon Graphics (radeonsi, renoir, …)", "AMD Radeon(TM) Vega 8
// Graphics", "AMD Radeon 680M". A card has a model: "AMD Radeon RX 6600".
var amdAPU = regexp.MustCompile(`Radeon(\(TM\))? (R[2-7] |Vega [0-9]+ )?Graphics|Radeon(\(TM\))? [0-9]{3}M\b`)

// intelCard matches Intel's cards, such as "Intel(R) Arc(tm) A770"; "Intel(R)
// Arc(tm) Graphics" is inside a processor.
var intelCard = regexp.MustCompile(`(?i)Arc(\(TM\))? (Pro )?[AB][0-9]{2,3}`)

// integratedVendor returns the vendor of an integrated GPU, or "" where the
// renderer is not known to be one.
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
