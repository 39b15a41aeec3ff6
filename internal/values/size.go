package values

import (
	"math"
	"strconv"
	"strings"

	"shadegrad/internal/flags"
)

// sizeUnits are the units of memory, longer names first.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// MemorySize parses a size of memory: "64MiB", "1.5GB" or a number of bytes.
func MemorySize(s string) (int64, error) {
	number, unit := s, 1.
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if bytes := math.Floor(v * unit); err == nil && bytes >= 1 && bytes <= 1<<62 {
		return int64(bytes), nil
	}
	return 0, flags.Want("a size above 0, such as 64MiB or 2GB")
}
