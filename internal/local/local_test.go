package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// serve starts a site that answers with the path and the body of a request.
func serve(t *testing.T, address string) (s *Site, host, path string) {
	t.Helper()
	s, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			fmt.Fprintf(w, "path %s, %d bytes, %v", r.URL.Path, len(body), err)
		}))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return s, u.Host, u.Path
}

// ask sends a request literally and returns the whole answer.
func ask(t *testing.T, s *Site, request string) string {
	t.Helper()
	at := s.listener.Addr().(*net.TCPAddr)
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port(at)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(bufio.NewReader(c))
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	return string(answer)
}

// TestGuard checks which requests get an answer. The others get not a single byte.
func TestGuard(t *testing.T) {
	s, host, path := serve(t, "")
	_, p, _ := net.SplitHostPort(host)
	const end = "Connection: close\n\n"
	for _, c := range []struct {
		name, request string
		answered      bool
	}{
		{"page", "GET " + path + " HTTP/1.1\nHost: " + host + "\n" + end, true},
		{"below", "GET " + path + "a/b HTTP/1.1\nHost: " + host + "\n" + end, true},
		{"localhost", "GET " + path + " HTTP/1.1\nHost: localhost:" + p + "\n" + end, true},
		{"own origin", "POST " + path + "x HTTP/1.1\nHost: " + host + "\nOrigin: http://" + host + "\nSec-Fetch-Site: same-origin\nContent-Length: 3\n" + end + "abc", true},
		{"typed address", "GET " + path + " HTTP/1.1\nHost: " + host + "\nSec-Fetch-Site: none\n" + end, true},
		{"no token", "GET / HTTP/1.1\nHost: " + host + "\n" + end, false},
		{"wrong token", "GET /" + strings.Repeat("A", len(path)-2) + "/ HTTP/1.1\nHost: " + host + "\n" + end, false},
		{"part of the token", "GET " + path[:10] + "/ HTTP/1.1\nHost: " + host + "\n" + end, false},
		{"token without a slash", "GET " + strings.TrimSuffix(path, "/") + " HTTP/1.1\nHost: " + host + "\n" + end, false},
		{"other host", "GET " + path + " HTTP/1.1\nHost: evil.example:" + p + "\n" + end, false},
		{"other port", "GET " + path + " HTTP/1.1\nHost: 127.0.0.1:1\n" + end, false},
		{"no port", "GET " + path + " HTTP/1.1\nHost: 127.0.0.1\n" + end, false},
		{"other address", "GET " + path + " HTTP/1.1\nHost: 192.0.2.1:" + p + "\n" + end, false},
		{"no host", "GET " + path + " HTTP/1.0\n" + end, false},
		{"other origin", "POST " + path + " HTTP/1.1\nHost: " + host + "\nOrigin: http://evil.example\nContent-Length: 0\n" + end, false},
		{"null origin", "POST " + path + " HTTP/1.1\nHost: " + host + "\nOrigin: null\nContent-Length: 0\n" + end, false},
		{"two origins", "POST " + path + " HTTP/1.1\nHost: " + host + "\nOrigin: http://" + host + "\nOrigin: http://evil.example\nContent-Length: 0\n" + end, false},
		{"no origin", "POST " + path + " HTTP/1.1\nHost: " + host + "\nContent-Length: 0\n" + end, false},
		{"origin of another port", "GET " + path + " HTTP/1.1\nHost: " + host + "\nOrigin: http://127.0.0.1:1\n" + end, false},
		{"other site", "GET " + path + " HTTP/1.1\nHost: " + host + "\nSec-Fetch-Site: cross-site\n" + end, false},
	} {
		answer := ask(t, s, c.request)
		if c.answered != strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") || !c.answered && answer != "" {
			t.Errorf("%s: the answer is %q", c.name, answer)
		}
		if c.answered && (!strings.Contains(answer, "Content-Security-Policy: default-src 'none'; ") || !strings.Contains(answer, "Cache-Control: no-store\r\n")) {
			t.Errorf("%s: headers are missing in\n%s", c.name, answer)
		}
	}
	if answer := ask(t, s, "GET "+path+"a/b?c HTTP/1.1\nHost: "+host+"\n"+end); !strings.HasSuffix(answer, "path /a/b, 0 bytes, <nil>") {
		t.Errorf("the answer is %q", answer)
	}
}

// TestAllInterfaces checks the hosts of a site that others can reach: any address, but no other name.
func TestAllInterfaces(t *testing.T) {
	s, host, path := serve(t, "0.0.0.0:0")
	_, p, _ := net.SplitHostPort(host)
	for name, answered := range map[string]bool{host: true, "127.0.0.1:" + p: true, "192.0.2.1:" + p: true, "[::1]:" + p: true, "evil.example:" + p: false, "localhost:" + p: true} {
		answer := ask(t, s, "GET "+path+" HTTP/1.1\nHost: "+name+"\nConnection: close\n\n")
		if answered != (answer != "") {
			t.Errorf("host %s: the answer is %q", name, answer)
		}
	}
	if s.Loopback() {
		t.Error("the site claims to be on the loopback interface")
	}
}

// TestTokens checks that two sites have different tokens of at least 128 bits.
func TestTokens(t *testing.T) {
	a, _, pathA := serve(t, "")
	_, _, pathB := serve(t, "")
	if pathA == pathB || len(pathA) < 2+128/6 || !a.Loopback() {
		t.Errorf("the paths are %s and %s", pathA, pathB)
	}
}

// TestLargeBody checks that a request's body is bounded.
func TestLargeBody(t *testing.T) {
	s, host, path := serve(t, "")
	request, err := http.NewRequest("POST", s.URL, io.LimitReader(zeros{}, mostBody+1))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "http://"+host)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if want := fmt.Sprintf("path /, %d bytes, http: request body too large", mostBody); err != nil || string(text) != want {
		t.Errorf("%s: %q, %v", path, text, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
