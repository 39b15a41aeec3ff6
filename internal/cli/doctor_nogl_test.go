//go:build !cgo || nogl || darwin

package cli

import (
	"runtime"
	"testing"
)

// TestDoctorNoSupport checks a build for the CPU only, where GPU checks are not needed.
func TestDoctorNoSupport(t *testing.T) {
	const why = "the GPU cannot be used: this build has no GPU support; -backend=cpu works\n"
	texts := []string{"✗ build ", ": this build has no GPU support\n", "  fix: build it with a C compiler, without CGO_ENABLED=0 and the tag nogl: ", "– display          not tried: this build has no GPU support\n"}
	if runtime.GOOS == "windows" {
		texts[2] = "  fix: download the release, which has it; or install MSYS2 and run in its UCRT64 terminal: "
	}
	if runtime.GOOS == "darwin" {
		const old = "needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"
		at(t).run("doctor", "-quick").is(0).says("✓ build ", old, "\n\nthe GPU cannot be used: "+old+"; -backend=cpu works\n")
		at(t).run("doctor", "-quick", "-backend=gpu").is(1, "shadegrad: the GPU cannot be used: "+old)
		return
	}
	at(t).run("doctor", "-quick").is(0).says(texts...).says("\n\n" + why)
	at(t).run("doctor", "-quick", "-backend=gpu").is(1, "shadegrad: "+why).says(texts...)
	at(t).run("doctor", "-quick", "-backend=cpu").is(0).says("✓ build ", "\n\nthe CPU can be used\n")
}
