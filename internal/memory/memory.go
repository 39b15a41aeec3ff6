// Package memory reports the memory that is available to the program.
//
// The kernel kills a process without a message if memory runs out. A caller that
// needs much memory therefore asks first.
package memory

import (
	"fmt"
	"sync/atomic"

	"shadegrad/compute"
)

// Available returns the number of bytes that this process can still allocate before
// the kernel refuses or kills it, or −1 if the system does not say. It is an
// estimate, because other processes allocate and free memory.
func Available() int64 { return available() }

// A Budget is an amount of memory to be taken in pieces. It is safe for concurrent
// use.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a budget of n bytes, or an unlimited one if n is negative.
func NewBudget(n int64) *Budget {
	b := new(Budget)
	if n < 0 {
		n = 1<<63 - 1
	}
	b.left.Store(n)
	return b
}

// Take takes n bytes if they are left. The error states how many were left.
func (b *Budget) Take(n int64) error {
	for {
		left := b.left.Load()
		if n > left {
			return fmt.Errorf("%s asked for, %s of memory available", compute.FormatBytes(n), compute.FormatBytes(left))
		}
		if b.left.CompareAndSwap(left, left-n) {
			return nil
		}
	}
}
