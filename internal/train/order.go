package train

import "shadegrad/compute/philox"

// shuffleStream numbers the random streams of the shuffles, one an epoch.
const shuffleStream = 2 << 32

// An orders draws the orders in which epochs visit the samples. The next can be drawn
// while a device works on this one.
type orders struct {
	seed  uint64
	n     int
	list  [2][]uint32 // in turn, so that the one in use is not written to
	ahead int         // the epoch that list[ahead%2] is drawn for; −1: none
	drawn chan struct{}
}

func newOrders(seed uint64, n int) *orders {
	return &orders{seed: seed, n: n, ahead: -1}
}

// draw puts an epoch's order where it belongs.
func (o *orders) draw(epoch int) {
	p := &o.list[epoch%2]
	if *p == nil {
		*p = make([]uint32, o.n)
	}
	philox.Stream{Seed: o.seed, ID: shuffleStream + uint64(epoch)}.Shuffle(*p)
}

// prepare begins to draw an epoch's order, which is not that in use.
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

// of returns an epoch's order. It stays until that of the epoch after the next is
// drawn.
func (o *orders) of(epoch int) []uint32 {
	o.wait()
	if o.ahead != epoch {
		o.draw(epoch)
	}
	o.ahead = -1
	return o.list[epoch%2]
}
