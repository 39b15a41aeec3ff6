// Package memory tells how much memory this machine has left for the program.
//
// What the kernel cannot give it takes back by killing a process, without a word
// to its user. So whoever is about to ask for much asks here first.
package memory

import "sync/atomic"

// Available returns how many bytes this process could still take before the
// kernel refuses or kills it, or −1 where the system does not say. It is an
// estimate: others take and give back memory all the time.
func Available() int64 { return available() }

// A Budget is memory that is given out in pieces. It is for several goroutines.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a budget of n bytes, or of any number if n is negative.
func NewBudget(n int64) *Budget {
	b := new(Budget)
	if n < 0 {
		n = 1<<63 - 1
	}
	b.left.Store(n)
	return b
}

// Take takes n bytes if there are so many, and tells how many there were.
func (b *Budget) Take(n int64) (left int64, ok bool) {
	for {
		left := b.left.Load()
		if n > left {
			return left, false
		}
		if b.left.CompareAndSwap(left, left-n) {
			return left, true
		}
	}
}
