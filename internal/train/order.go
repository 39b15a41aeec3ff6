package train

import "shadegrad/compute/philox"

// shuffleStream is the random stream of the first shuffle; each epoch has the next.
const shuffleStream = 2 << 32

// orders draws the orders in which epochs visit the samples. The next can be drawn while a device
// works on the current one.
type orders struct {
	seed  uint64
	n     int
	list  [2][]uint32 // alternating, so that the order in use is not overwritten
	ahead int         // the epoch that list[ahead%2] is drawn for; −1: none
	drawn chan struct{}
}

func newOrders(seed uint64, n int) *orders {
	return &orders{seed: seed, n: n, ahead: -1}
}

// draw draws the order of an epoch.
func (o *orders) draw(epoch int) {
	p := &o.list[epoch%2]
	if *p == nil {
		*p = make([]uint32, o.n)
	}
	philox.Stream{Seed: o.seed, ID: shuffleStream + uint64(epoch)}.Shuffle(*p)
}

// prepare starts to draw the order of an epoch other than the current one.
func (o *orders) prepare(epoch int) {
	o.wait()
	o.ahead, o.drawn = epoch, make(chan struct{})
	go func() {
		defer close(o.drawn)
		o.draw(epoch)
	}()
}

// wait returns when no order is being drawn.
func (o *orders) wait() {
	if o != nil && o.drawn != nil {
		<-o.drawn
		o.drawn = nil
	}
}

// of returns the order of an epoch. It is valid until that of the epoch after the next is drawn.
func (o *orders) of(epoch int) []uint32 {
	o.wait()
	if o.ahead != epoch {
		o.draw(epoch)
	}
	o.ahead = -1
	return o.list[epoch%2]
}
