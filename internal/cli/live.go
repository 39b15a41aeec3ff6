package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"shadegrad/compute/reference"
	"shadegrad/internal/flags"
	"shadegrad/internal/live"
	"shadegrad/internal/local"
	"shadegrad/internal/page"
	"shadegrad/internal/record"
)

const (
	// liveEvery and liveSlowest bound the time between two changes of the page. In between it is liveEffort times the time
	// that a change takes, because training may need all CPUs.
	liveEvery, liveSlowest = time.Second, 5 * time.Second
	liveEffort             = 250
	// liveEnd is how long the end of a run waits for browsers.
	liveEnd = time.Second
)

// A liveView shows a run in browsers. The training loop fills the snapshot that the view wants, if it wants one, and
// never waits.
type liveView struct {
	page          *live.Page
	wanted, ready chan *record.Snapshot // of one element
	stop          func()                // ends the server
	cancel        func()                // ends the publisher
	published     chan struct{}         // closed at its end
}

// startLive serves the page of a run, which a recorder follows, and returns its view and its address.
func startLive(address string, r *record.Recorder, title string) (*liveView, *local.Site, error) {
	site, err := local.Listen(address)
	if err != nil {
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			err = inner // the outer ones repeat the address
		}
		return nil, nil, fmt.Errorf("-live=%s: cannot listen: %w; choose another address, or -live alone for a free port", address, err)
	}
	site.Policy = page.Policy("events") + "; frame-ancestors 'none'"
	s := r.NewSnapshot()
	r.Copy(s)
	first, err := liveData(s)
	if err != nil {
		return nil, nil, err
	}
	serving, stop := context.WithCancel(context.Background())
	publishing, cancel := context.WithCancel(context.Background())
	v := &liveView{page: live.New(title, first), wanted: make(chan *record.Snapshot, 1), ready: make(chan *record.Snapshot, 1),
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

// offer fills the wanted snapshot, if there is one. The training loop calls it.
func (v *liveView) offer(r *record.Recorder) {
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
func (v *liveView) publish(ctx context.Context, s *record.Snapshot) {
	defer close(v.published)
	for v.page.Watched(ctx) {
		v.wanted <- s
		select {
		case s = <-v.ready:
		case <-ctx.Done():
			return
		}
		begin := time.Now()
		if data, err := liveData(s); err == nil {
			v.page.Publish(data)
		}
		select {
		case <-time.After(min(max(liveEvery, liveEffort*time.Since(begin)), liveSlowest)):
		case <-ctx.Done():
			return
		}
	}
}

// liveData returns the data of the page of a snapshot. The float64 backend computes in this goroutine alone.
func liveData(s *record.Snapshot) ([]byte, error) {
	b := reference.New()
	defer b.Close()
	p, err := s.Page(b)
	if err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// end shows the last data and ends the server.
func (v *liveView) end(p *page.Run) {
	if v == nil {
		return
	}
	v.cancel()
	<-v.published
	if data, err := json.Marshal(p); err == nil && p != nil {
		v.page.Publish(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), liveEnd)
	defer cancel()
	v.page.Close(ctx)
	v.stop()
}

// liveAddress parses the value of -live.
func liveAddress(s string) (string, error) {
	const usual = "127.0.0.1:0"
	switch s {
	case "true":
		return usual, nil
	case "false":
		return "", nil
	}
	_, port, err := net.SplitHostPort(s)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return "", flags.Want("an address and a port, such as 127.0.0.1:8080, or :8080 for all addresses of this machine")
	}
	return s, nil
}
