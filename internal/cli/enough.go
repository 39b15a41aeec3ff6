package cli

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/memory"
	"shadegrad/internal/mlp"
)

// enoughFor returns an error if the machine lacks the bytes of memory for a network. Without this check the program
// would crash.
func enoughFor(c mlp.Config, bytes int64) error {
	if have := memory.Available(); have >= 0 && bytes > have {
		return fmt.Errorf("network %s: %w", c, &compute.MemoryError{Bytes: bytes, Available: have})
	}
	return nil
}
