package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// Digest returns the SHA-256 of the samples of a set followed by its labels or targets. Numbers are
// hashed as little-endian float32.
func (s *Set) Digest() string {
	h := sha256.New()
	h.Write(s.Images)
	hashNumbers(h, s.Values)
	h.Write(s.Labels)
	hashNumbers(h, s.Targets)
	return hex.EncodeToString(h.Sum(nil))
}

// Identity returns a value that differs between data sets: the Digest, or, since hashing a large file takes seconds, the
// SHA-256 of some images of a mapped file and of all labels.
func (s *Set) Identity() string {
	if !s.mapped {
		return s.Digest()
	}
	h := sha256.New()
	for i := range s.some(10_000) {
		h.Write(s.Image(i))
	}
	h.Write(s.Labels)
	return "some:" + hex.EncodeToString(h.Sum(nil))
}

// Is reports whether the set has an Identity or a Digest.
func (s *Set) Is(identity string) bool {
	return identity == s.Identity() || s.mapped && identity == s.Digest()
}

func hashNumbers(h hash.Hash, list []float32) {
	bytes := make([]byte, 0, 1<<12)
	for _, v := range list {
		if bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v)); len(bytes) == cap(bytes) {
			h.Write(bytes)
			bytes = bytes[:0]
		}
	}
	h.Write(bytes)
}
