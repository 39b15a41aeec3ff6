package certificate

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Mark identifies all parameters of a network: equal marks mean equal bits. The samples show how far
// different parameters are apart.
type Mark struct {
	SHA256  string  `json:"sha256"` // of the bits, least significant byte first
	Samples Samples `json:"samples"`
}

// Samples are some values of each parameter, always at the same positions.
type Samples []float32

// MarshalText returns the values in a line, each with the digits that identify a float32.
func (s Samples) MarshalText() ([]byte, error) {
	var words []string
	for _, v := range s {
		words = append(words, strconv.FormatFloat(float64(v), 'g', -1, 32))
	}
	return []byte(strings.Join(words, " ")), nil
}

// UnmarshalText parses the text of MarshalText.
func (s *Samples) UnmarshalText(text []byte) error {
	*s = nil
	for _, word := range strings.Fields(string(text)) {
		v, err := strconv.ParseFloat(word, 32)
		if err != nil {
			return fmt.Errorf("sample %d: %w", len(*s)+1, err)
		}
		*s = append(*s, float32(v))
	}
	return nil
}

// samplesOfEach is the number of values of each parameter in a mark.
const samplesOfEach = 16

// MarkOf returns the mark of parameters.
func MarkOf(values [][]float32) Mark {
	h := sha256.New()
	var m Mark
	bytes := make([]byte, 0, 1<<12)
	for _, list := range values {
		for _, v := range list {
			if bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v)); len(bytes) == cap(bytes) {
				h.Write(bytes)
				bytes = bytes[:0]
			}
		}
		n := min(samplesOfEach, len(list))
		for i := range n {
			m.Samples = append(m.Samples, list[i*len(list)/n])
		}
	}
	h.Write(bytes)
	m.SHA256 = hex.EncodeToString(h.Sum(nil))
	return m
}

// Drift returns the largest difference between the samples of two marks, and the root mean square of those of m for
// comparison.
func (m Mark) Drift(other Mark) (largest, size float64) {
	if len(m.Samples) != len(other.Samples) || len(m.Samples) == 0 {
		return math.Inf(1), 0
	}
	for i, v := range m.Samples {
		largest = max(largest, math.Abs(float64(v)-float64(other.Samples[i])))
		size += float64(v) * float64(v)
	}
	return largest, math.Sqrt(size / float64(len(m.Samples)))
}
