package dataset

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"
)

// deflated compresses data at level and wraps it as a gzip file.
func deflated(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// samples are contents that drive an encoder to different kinds of blocks, codes and matches.
func samples() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	skewed := make([]byte, 300_000) // code lengths up to 15: every value half as frequent as the last
	for i := range skewed {
		for skewed[i] < 40 && rng.Uint32()&1 == 0 {
			skewed[i]++
		}
	}
	periodic := make([]byte, 0, 100_000) // overlapping matches of every short distance
	for p := 1; p <= 20; p++ {
		for range 2000 / p {
			periodic = append(periodic, noise[:p]...)
		}
	}
	far := append(append(bytes.Clone(noise[:32768]), noise[:32768]...), noise[40000:50000]...)
	return map[string][]byte{
		"empty": {}, "one": {7}, "zeros": make([]byte, 200_000), "noise": noise, "skewed": skewed,
		"periodic": periodic, "far": far, "text": bytes.Repeat([]byte("a digit is written by hand. "), 999),
	}
}

func TestGunzipMatchesStandardLibrary(t *testing.T) {
	for name, data := range samples() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			compressed := deflated(t, data, level)
			dst := make([]byte, len(data))
			n, err := gunzip(dst, compressed)
			if err != nil || n != len(data) || !bytes.Equal(dst, data) {
				t.Errorf("%s at level %d: got %d bytes of %d, error %v", name, level, n, len(data), err)
			}
			if len(data) == 0 {
				continue
			}
			if n, err = gunzip(dst[:len(data)-1], compressed); err != errFull || !bytes.Equal(dst[:n], data[:n]) {
				t.Errorf("%s at level %d, one byte short: got %d bytes, error %v", name, level, n, err)
			}
			longer := make([]byte, len(data)+1000)
			if n, err = gunzip(longer, compressed); err != nil || !bytes.Equal(longer[:n], data) {
				t.Errorf("%s at level %d, with room to spare: got %d bytes, error %v", name, level, n, err)
			}
		}
	}
}

func TestGunzipTruncatedAnywhere(t *testing.T) {
	data := samples()["text"]
	compressed := deflated(t, data, 9)
	dst := make([]byte, len(data))
	for cut := range compressed {
		_, err := gunzip(dst, compressed[:cut])
		var truncated *truncatedError
		if !errors.As(err, &truncated) || truncated.at != cut {
			t.Errorf("cut at byte %d: got error %v", cut, err)
		}
	}
}

func TestGunzipDamagedAnywhere(t *testing.T) {
	data := samples()["text"]
	compressed := deflated(t, data, 9)
	dst := make([]byte, len(data))
	for at := 10; at < len(compressed); at++ {
		bad := bytes.Clone(compressed)
		bad[at] ^= 0x10
		n, err := gunzip(dst, bad)
		if err == nil {
			t.Errorf("byte %d changed: no error, %d bytes", at, n)
		}
	}
}

func TestGunzipHeaderFields(t *testing.T) {
	data := []byte("some data")
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	two := append(bytes.Clone(b.Bytes()), deflated(t, data, 9)...)
	dst := make([]byte, 2*len(data))
	n, err := gunzip(dst, two)
	if err != nil || !bytes.Equal(dst[:n], append(bytes.Clone(data), data...)) {
		t.Errorf("two members with every header field: got %q, error %v", dst[:n], err)
	}
}

// FuzzInflate compares with compress/gzip: what it accepts must come out the same, what it refuses must be refused.
func FuzzInflate(f *testing.F) {
	for _, name := range []string{"empty", "one", "text"} {
		f.Add(deflated(f, samples()[name], 9))
		f.Add(deflated(f, samples()[name], flate.HuffmanOnly))
		f.Add(deflated(f, samples()[name], 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// Most changes only break the checksum, after which both refuse; setting it right lets the rest be compared.
		const limit = 1 << 16
		body := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}, data...)
		if len(data) > 10 && isGzip(data) {
			body = bytes.Clone(data)
		}
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body[10:])), limit+1))
		dst := make([]byte, limit)
		z := inflater{src: body, dst: dst, pos: 10}
		err := z.run()
		switch {
		case len(want) > limit:
			if err == nil {
				t.Errorf("accepted %d bytes of more than %d", z.out, limit)
			}
		case (err == nil) != (wantErr == nil):
			t.Errorf("got error %v, compress/flate says %v", err, wantErr)
		case err == nil && crc32.ChecksumIEEE(dst[:z.out]) != crc32.ChecksumIEEE(want):
			t.Errorf("got %d bytes, compress/flate gives %d others", z.out, len(want))
		}
	})
}
