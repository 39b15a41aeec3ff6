// Package shuffle draws the orders in which the epochs of a run visit the samples.
package shuffle

import "shadegrad/compute/philox"

// Stream is the random stream of the first shuffle; each epoch has the next.
const Stream = 2 << 32

// Orders draws an order of samples for each epoch. The next can be drawn while a device
// works on the current one.
type Orders struct {
	seed  uint64
	n     int
	list  [2][]uint32 // alternating, so that the order in use is not overwritten
	ahead int         // the epoch that list[ahead%2] is drawn for; −1: none
	drawn chan struct{}
}

// New returns the orders of n samples for a seed.
func New(seed uint64, n int) *Orders {
	return &Orders{seed: seed, n: n, ahead: -1}
}

// draw draws the order of an epoch.
func (o *Orders) draw(epoch int) {
	p := &o.list[epoch%2]
	if *p == nil {
		*p = make([]uint32, o.n)
	}
	philox.Stream{Seed: o.seed, ID: Stream + uint64(epoch)}.Shuffle(*p)
}

// Prepare starts to draw the order of an epoch other than the current one.
func (o *Orders) Prepare(epoch int) {
	o.Wait()
	o.ahead, o.drawn = epoch, make(chan struct{})
	go func() {
		defer close(o.drawn)
		o.draw(epoch)
	}()
}

// Wait returns when no order is being drawn.
func (o *Orders) Wait() {
	if o != nil && o.drawn != nil {
		<-o.drawn
		o.drawn = nil
	}
}

// Of returns the order of an epoch. It is valid until that of the epoch after the next is drawn.
func (o *Orders) Of(epoch int) []uint32 {
	o.Wait()
	if o.ahead != epoch {
		o.draw(epoch)
	}
	o.ahead = -1
	return o.list[epoch%2]
}
