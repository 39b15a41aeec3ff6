package live

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A stream is a browser's stream of events.
type stream struct {
	t    *testing.T
	body io.ReadCloser
	r    *bufio.Reader
}

// open opens the stream of a page.
func open(t *testing.T, url string) *stream {
	t.Helper()
	answer, err := http.Get(url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream begins with %s, %v", answer.Status, answer.Header)
	}
	return &stream{t, answer.Body, bufio.NewReader(answer.Body)}
}

// next returns the data of the next event.
func (s *stream) next() string {
	s.t.Helper()
	for {
		line, err := s.r.ReadString('\n')
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return strings.TrimSpace(data)
		}
		if err != nil {
			s.t.Fatalf("no event: %v", err)
		}
	}
}

// served serves a page.
func served(t *testing.T) (*Page, string) {
	t.Helper()
	p := New("a title", []byte(`{"n":0}`))
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s.URL
}

// TestEvents checks that a browser gets the data that are there, each change, and after a reconnection the latest ones;
// and that the stream ends after the last data.
func TestEvents(t *testing.T) {
	p, url := served(t)
	s := open(t, url)
	for i := range 5 {
		if got, want := s.next(), fmt.Sprintf(`{"n":%d}`, i); got != want {
			t.Fatalf("event %s, want %s", got, want)
		}
		p.Publish([]byte(fmt.Sprintf(`{"n":%d}`, i+1)))
	}
	s.body.Close()
	p.Publish([]byte(`{"n":7}`))
	s = open(t, url)
	if got := s.next(); got != `{"n":7}` {
		t.Errorf("after a reconnection %s", got)
	}
	p.Publish([]byte(`{"n":8}`))
	p.Close(t.Context())
	if got := s.next(); got != `{"n":8}` {
		t.Errorf("the last data are %s", got)
	}
	if rest, err := io.ReadAll(s.r); err != nil || strings.TrimSpace(string(rest)) != "" {
		t.Errorf("after the last data: %q, %v", rest, err)
	}
}

// TestSlow checks that a browser that reads nothing delays neither the caller nor another browser, and holds back only the
// latest data.
func TestSlow(t *testing.T) {
	p, url := served(t)
	p.patience = 10 * time.Minute
	slow := open(t, url)
	slow.next()
	fast := open(t, url)
	fast.next()
	large := strings.Repeat("x", 4<<20) // more than the buffers of a connection hold
	for i := range 10 {
		p.Publish([]byte(fmt.Sprintf("%d%s", i, large)))
		want := fmt.Sprintf("%dx", i)
		for {
			if got := fast.next(); strings.HasPrefix(got, want) {
				break
			}
		}
	}
	missed := 0
	for last := -1; last < 9; {
		var n int
		if _, err := fmt.Sscanf(slow.next(), "%dx", &n); err != nil || n <= last {
			t.Fatalf("event %d after %d: %v", n, last, err)
		}
		missed += n - last - 1
		last = n
	}
	if missed < 3 {
		t.Errorf("the slow browser missed %d of 10 events: the others were kept for it", missed)
	}
}

// TestBrowsers checks that the number of streams is bounded, and that Watched and Close follow them.
func TestBrowsers(t *testing.T) {
	p, url := served(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if p.Watched(ended) {
		t.Error("a page without browsers is watched")
	}
	var list []*stream
	for range mostBrowsers {
		list = append(list, open(t, url))
		list[len(list)-1].next()
	}
	if !p.Watched(t.Context()) {
		t.Error("the page is not watched")
	}
	answer, err := http.Get(url + "/events")
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("one browser too many gets %v, %v", answer, err)
	}
	answer.Body.Close()
	list[0].body.Close()
	if !p.wait(t.Context(), func() bool { return len(p.browsers) < mostBrowsers }) {
		t.Error("a browser that is gone keeps its place")
	}
	list = append(list[1:], open(t, url))
	list[len(list)-1].next()
	p.Close(t.Context())
	if len(p.browsers) != 0 {
		t.Errorf("%d browsers remain", len(p.browsers))
	}
}

// TestPaths checks what other requests get.
func TestPaths(t *testing.T) {
	p, url := served(t)
	for _, c := range []struct {
		method, path, want string
		status             int
	}{
		{"GET", "/", `<title>a title</title>`, 200},
		{"GET", "/", `{"n":0}`, 200},
		{"GET", "/other", "", 404},
		{"POST", "/", "", 405},
		{"POST", "/events", "", 405},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.status || !strings.Contains(string(body), c.want) || c.want == "" && len(body) > 0 {
			t.Errorf("%s %s: %s with %d bytes, %v", c.method, c.path, answer.Status, len(body), err)
		}
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if p.Close(ctx); time.Since(begin) > 30*time.Second {
		t.Error("the end of a page without browsers takes long")
	}
}
