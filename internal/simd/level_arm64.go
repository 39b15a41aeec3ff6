package simd

// vectorLevels returns NEON, which is part of arm64.
func vectorLevels() []Level { return []Level{NEON} }
