// Package live shows a page in browsers while its data change: each browser gets the latest data as a server-sent event.
// A browser that is slow or gone delays no caller and no other browser: it misses data, and is dropped if it takes none.
package live

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"shadegrad/internal/page"
)

const (
	// mostBrowsers bounds the streams, each of which keeps a goroutine.
	mostBrowsers = 16
	// quietTime is the longest time without an event. A comment then shows whether the browser is still there.
	quietTime = 15 * time.Second
)

// A Page is a page whose data change. It keeps only the latest data.
type Page struct {
	title    string
	patience time.Duration // the time in which a browser must take the data
	mu       sync.Mutex
	data     []byte
	number   int           // of the data
	changed  chan struct{} // closed when data or browsers change
	browsers map[*browser]bool
	closed   bool
}

// A browser has a stream.
type browser struct{ has int } // the number of its data

// New returns a page with its first data, which are JSON.
func New(title string, data []byte) *Page {
	return &Page{title: title, patience: 10 * time.Second, data: data, changed: make(chan struct{}), browsers: map[*browser]bool{}}
}

// change makes a change and wakes the callers of wait.
func (p *Page) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
	close(p.changed)
	p.changed = make(chan struct{})
}

// wait waits until a condition is met or ctx ends, and reports which.
func (p *Page) wait(ctx context.Context, met func() bool) bool {
	for {
		p.mu.Lock()
		ok, changed := met(), p.changed
		p.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// Publish replaces the data.
func (p *Page) Publish(data []byte) {
	p.change(func() { p.data, p.number = data, p.number+1 })
}

// Watched waits until a browser shows the page or ctx ends, and reports which.
func (p *Page) Watched(ctx context.Context) bool {
	return p.wait(ctx, func() bool { return len(p.browsers) > 0 })
}

// Close ends the streams after the data so far. It waits until all browsers have them or ctx ends.
func (p *Page) Close(ctx context.Context) {
	p.change(func() { p.closed = true })
	p.wait(ctx, func() bool { return len(p.browsers) == 0 })
}

// ServeHTTP serves the page and its events.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	switch r.URL.Path {
	case "/":
		p.mu.Lock()
		data := p.data
		p.mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(p.patience))
		_ = page.WriteJSON(w, p.title, data, "events") // the browser is gone
	case "/events":
		p.events(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// events sends the latest data whenever they change.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	b, full := &browser{-1}, false
	p.change(func() {
		if full = len(p.browsers) >= mostBrowsers; !full {
			p.browsers[b] = true
		}
	})
	if full {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer p.change(func() { delete(p.browsers, b) })
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{}) // that of the request would end the stream
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		p.mu.Lock()
		data, number, closed := p.data, p.number, p.closed
		p.mu.Unlock()
		c.SetWriteDeadline(time.Now().Add(p.patience))
		var err error
		switch {
		case b.has < number:
			_, err = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", number, data)
			b.has = number
		case closed:
			return
		default:
			_, err = fmt.Fprint(w, ":\n\n")
		}
		if err == nil {
			err = c.Flush()
		}
		if err != nil {
			return
		}
		quiet, cancel := context.WithTimeout(r.Context(), quietTime)
		p.wait(quiet, func() bool { return p.closed || p.number > number })
		cancel()
		if r.Context().Err() != nil {
			return
		}
	}
}
