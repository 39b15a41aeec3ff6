package live

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"shadegrad/compute/reference"
	"shadegrad/internal/local"
	"shadegrad/internal/page"
	"shadegrad/internal/record"
)

const (
	// shownEvery and slowest bound the time between two changes of the page. In between it is effort times the time
	// that a change takes, because training may need all CPUs.
	shownEvery, slowest = time.Second, 5 * time.Second
	effort              = 250
	// endTime is how long the end of a run waits for browsers.
	endTime = time.Second
)

// A View shows a run in browsers. The training loop fills the snapshot that the view wants, if it wants one, and
// never waits.
type View struct {
	page          *Page
	wanted, ready chan *record.Snapshot // of one element
	stop          func()                // ends the server
	cancel        func()                // ends the publisher
	published     chan struct{}         // closed at its end
}

// Follow serves the page of a run, which a recorder follows, and returns its view and its site. An error is the cause
// without the address.
func Follow(address string, r *record.Recorder, title string) (*View, *local.Site, error) {
	s := r.NewSnapshot()
	r.Copy(s)
	first, err := dataOf(s)
	if err != nil {
		return nil, nil, err
	}
	site, err := local.Listen(address)
	if err != nil {
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			err = inner // the outer ones repeat the address
		}
		return nil, nil, err
	}
	site.Policy = page.Policy("events") + "; frame-ancestors 'none'"
	serving, stop := context.WithCancel(context.Background())
	publishing, cancel := context.WithCancel(context.Background())
	v := &View{page: New(title, first), wanted: make(chan *record.Snapshot, 1), ready: make(chan *record.Snapshot, 1),
		cancel: cancel, published: make(chan struct{})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = site.Serve(serving, v.page) // the run does not need it
	}()
	v.stop = func() {
		stop()
		<-served
	}
	go v.publish(publishing, s)
	return v, site, nil
}

// Offer fills the wanted snapshot, if there is one. The training loop calls it.
func (v *View) Offer(r *record.Recorder) {
	if v == nil {
		return
	}
	select {
	case s := <-v.wanted:
		r.Copy(s)
		v.ready <- s
	default:
	}
}

// publish makes the page of each snapshot while browsers show it.
func (v *View) publish(ctx context.Context, s *record.Snapshot) {
	defer close(v.published)
	for v.page.Watched(ctx) {
		v.wanted <- s
		select {
		case s = <-v.ready:
		case <-ctx.Done():
			return
		}
		begin := time.Now()
		if data, err := dataOf(s); err == nil {
			v.page.Publish(data)
		}
		select {
		case <-time.After(min(max(shownEvery, effort*time.Since(begin)), slowest)):
		case <-ctx.Done():
			return
		}
	}
}

// dataOf returns the data of the page of a snapshot. The float64 backend computes in this goroutine alone.
func dataOf(s *record.Snapshot) ([]byte, error) {
	b := reference.New()
	defer b.Close()
	p, err := s.Page(b)
	if err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// End shows the last data and ends the server.
func (v *View) End(p *page.Run) {
	if v == nil {
		return
	}
	v.cancel()
	<-v.published
	if data, err := json.Marshal(p); err == nil && p != nil {
		v.page.Publish(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	v.page.Close(ctx)
	v.stop()
}
