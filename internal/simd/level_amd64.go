package simd

import "golang.org/x/sys/cpu"

// vectorLevels returns the levels that the processor supports and whose registers the
// operating system saves, the lowest first.
func vectorLevels() []Level {
	switch x := &cpu.X86; {
	case x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX2 && x.HasFMA && x.HasBMI1:
		return []Level{AVX2, AVX512}
	case x.HasAVX2 && x.HasFMA && x.HasBMI1:
		return []Level{AVX2}
	}
	return nil
}
