package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"shadegrad/internal/page"
)

// watchedRun starts a run with -live and returns the address of its page.
func watchedRun(t *testing.T, args ...string) (*child, string) {
	t.Helper()
	c := at(t).start(append([]string{"train", "-backend=cpu", "-live"}, args...)...)
	const before = "watch the run at "
	c.err(before)
	told := c.told.String()
	url := strings.TrimSpace(told[strings.LastIndex(told, before)+len(before):])
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("the address is %s", url)
	}
	return c, url
}

// TestLive checks that a browser follows a run to its end, after a reconnection too, and that a run has the same results
// with and without browsers.
func TestLive(t *testing.T) {
	c, url := watchedRun(t, "-data=spiral", "-hidden=8", "-epochs=1000000", "-every=1000", "-json")
	events := func() *bufio.Reader {
		answer, err := http.Get(url + "events")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return bufio.NewReader(answer.Body)
	}
	next := func(r *bufio.Reader) *page.Run {
		for {
			line, err := r.ReadString('\n')
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				var run page.Run
				if err := json.Unmarshal([]byte(data), &run); err != nil {
					t.Fatal(err)
				}
				return &run
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	last := func(run *page.Run) float64 {
		if n := len(run.PerEpoch.X); n > 0 {
			return run.PerEpoch.X[n-1]
		}
		return 0
	}
	go io.Copy(io.Discard, c.stdout)
	r := events()
	run := next(r)
	for last(run) == 0 {
		run = next(r)
	}
	if run.State != page.Running || run.Boundary == nil || run.Epochs != 1000000 {
		t.Errorf("the page of the run is %+v", run)
	}
	before := last(run)
	r = events()
	for run = next(r); last(run) <= before; {
		run = next(r)
	}
	c.signal(syscall.SIGINT)
	for run.State == page.Running {
		run = next(r)
	}
	if run.State != page.Interrupted || run.Predictions == nil || run.Predictions.Samples != 1500 {
		t.Errorf("the last page is %s with %+v", run.State, run.Predictions)
	}
	if err := c.cmd.Wait(); err == nil || c.cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("the run ended with %v", err)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("the page is served after the run")
	}
}

// TestLiveRefused checks that addresses that cannot be served end the run before any work, and that requests without the
// page's token get nothing.
func TestLiveRefused(t *testing.T) {
	c, url := watchedRun(t, "-data=spiral", "-hidden=8", "-epochs=1000000", "-every=1000", "-json")
	go io.Copy(io.Discard, c.stdout)
	host := strings.Join(strings.SplitAfterN(url, "/", 4)[:3], "")
	for _, path := range []string{"", "events", "wrong/", "wrong/events"} {
		if answer, err := http.Get(host + path); err == nil {
			t.Errorf("%s%s: %s", host, path, answer.Status)
			answer.Body.Close()
		}
	}
	for _, header := range [][2]string{{"Host", "example.com"}, {"Origin", "http://example.com"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", url+"events", nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Header.Set(header[0], header[1]); header[0] == "Host" {
			r.Host = header[1]
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			t.Errorf("%v: %s", header, answer.Status)
			answer.Body.Close()
		}
	}
	p := at(t)
	address := strings.TrimSuffix(strings.TrimPrefix(host, "http://"), "/")
	p.run(trainSmall(t, "-live="+address)...).is(1, "-live="+address+": cannot listen: address already in use; choose another address")
	for _, wrong := range []string{"8080", "localhost", "127.0.0.1:99999", "", "yes"} {
		p.run(trainSmall(t, "-live="+wrong)...).is(2, "-live: want an address and a port")
	}
	c.signal(syscall.SIGINT)
	if err := c.cmd.Wait(); err == nil || c.cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("the run ended with %v", err)
	}
}

// TestLiveSame checks that -live and -report change no result.
func TestLiveSame(t *testing.T) {
	p := at(t)
	plain := p.run(trainSmall(t, "-save=a", "-epochs=3")...).is(0)
	watched := p.run(trainSmall(t, "-save=b", "-epochs=3", "-live", "-report=run.html")...).is(0, "watch the run at ")
	if string(contents(t, p.path("a"))) != string(contents(t, p.path("b"))) {
		t.Errorf("the weights differ\n%s\n%s", plain.stdout, watched.stdout)
	}
}
