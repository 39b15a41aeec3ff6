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
