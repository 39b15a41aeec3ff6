package cli

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/memory"
	"shadegrad/internal/mlp"
)

// enoughFor tells whether the machine has so many bytes left for a network: what it has not
// ends in a crash, and this in a message.
func enoughFor(c mlp.Config, bytes int64) error {
	if have := memory.Available(); have >= 0 && bytes > have {
		return fmt.Errorf("network %s: %w", c, &compute.MemoryError{Bytes: bytes, Available: have})
	}
	return nil
}
