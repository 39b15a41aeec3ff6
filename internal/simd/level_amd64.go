package simd

import "golang.org/x/sys/cpu"

// best returns the highest level that the processor supports and whose registers the
// operating system saves.
func best() Level {
	switch x := &cpu.X86; {
	case x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX2 && x.HasFMA && x.HasBMI1:
		return AVX512
	case x.HasAVX2 && x.HasFMA && x.HasBMI1:
		return AVX2
	}
	return Off
}
