// Package local serves pages to browsers of this machine's user. It answers only requests with the page's address: with its
// unguessable token, sent to its own host, and from the page itself. All others get no answer: their connection is closed.
//
// The token keeps other users and programs out. The checks of Host and Origin keep out pages of other sites in the same
// browser, even if they rename their host to this address (DNS rebinding).
package local

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// A Site is a listening server.
type Site struct {
	// URL is the address of the page. It contains the token.
	URL string
	// Policy is the Content-Security-Policy of all answers. By default a page loads only from its own address.
	Policy string

	listener net.Listener
	token    string
}

const (
	// mostBody bounds the bytes of a request.
	mostBody = 32 << 20
	// headerTime bounds the time to send the header of a request, requestTime that of the whole.
	headerTime, requestTime = 5 * time.Second, 30 * time.Second
	// shutdownTime is how long Serve waits for requests in progress.
	shutdownTime = 2 * time.Second
)

const ownPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Listen listens on an address such as "127.0.0.1:8080", or if it is empty on a free port of the loopback interface.
func Listen(address string) (*Site, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 18)
	rand.Read(random) // never fails
	s := &Site{Policy: ownPolicy, listener: l, token: base64.RawURLEncoding.EncodeToString(random)}
	s.URL = "http://" + s.host() + "/" + s.token + "/"
	return s, nil
}

// host returns the host and port by which a user reaches the site. A listener on all interfaces has the name of the machine.
func (s *Site) host() string {
	at := s.listener.Addr().(*net.TCPAddr)
	if !at.IP.IsUnspecified() {
		return at.String()
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	return net.JoinHostPort(name, port(at))
}

func port(at *net.TCPAddr) string {
	_, p, _ := net.SplitHostPort(at.String())
	return p
}

// Loopback reports whether only programs on this machine can reach the site.
func (s *Site) Loopback() bool { return s.listener.Addr().(*net.TCPAddr).IP.IsLoopback() }

// Serve answers requests with a handler, whose paths begin after the token, until ctx ends.
func (s *Site) Serve(ctx context.Context, handler http.Handler) error {
	server := &http.Server{
		Handler:           s.guard(http.StripPrefix("/"+s.token, handler)),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		if server.Shutdown(end) != nil {
			server.Close()
		}
	})()
	if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// guard passes on the requests that may be answered.
func (s *Site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.admits(r) {
			panic(http.ErrAbortHandler) // closes the connection
		}
		h := w.Header()
		h.Set("Content-Security-Policy", s.Policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		next.ServeHTTP(w, r)
	})
}

// admits reports whether a request has the token, the site's own host, and no other origin. Only a request that changes
// nothing may lack the origin.
func (s *Site) admits(r *http.Request) bool {
	token, _, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 || !s.isHost(r.Host) {
		return false
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	switch origins := r.Header.Values("Origin"); len(origins) {
	case 0:
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	case 1:
		return origins[0] == "http://"+r.Host
	}
	return false
}

// isHost reports whether a Host header names this site: its address, localhost for a loopback address and for a site on
// all interfaces, and for the latter the name of the machine or any address, to which no name can be rebound.
func (s *Site) isHost(host string) bool {
	at := s.listener.Addr().(*net.TCPAddr)
	name, p, err := net.SplitHostPort(host)
	if err != nil {
		name, p = strings.Trim(host, "[]"), "80"
	}
	if p != port(at) {
		return false
	}
	own, _, _ := net.SplitHostPort(s.host())
	if strings.EqualFold(name, own) || (at.IP.IsLoopback() || at.IP.IsUnspecified()) && strings.EqualFold(name, "localhost") {
		return true
	}
	_, err = netip.ParseAddr(name)
	return err == nil && at.IP.IsUnspecified()
}
