package unpack

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// IsGzip reports whether data begins like a gzip file (RFC 1952).
func IsGzip(data []byte) bool { return len(data) >= 2 && data[0] == 0x1f && data[1] == 0x8b }

// MaxExpansion is the maximum number of bytes that one byte of deflate expands to: a match of 258 bytes takes at least
// two bits.
const MaxExpansion = 258 * 8 / 2

// ErrFull reports that the stream continues after the destination is full.
var ErrFull = errors.New("more data than announced")

// Gunzip decompresses the gzip file src into dst and returns the number of bytes. The error is ErrFull if dst is too
// small. As in RFC 1952, several members count as one; Gunzip verifies their checksums.
func Gunzip(dst, src []byte) (n int, err error) {
	r := bytes.NewReader(src)
	position := func() int { return len(src) - r.Len() }
	var z gzip.Reader
	for {
		if err := z.Reset(r); err != nil {
			return n, gzipError(err, int64(len(src)), int64(position()))
		}
		z.Multistream(false) // to check what follows a member
		got, err := fill(&z, dst[n:])
		n += got
		if err == nil {
			// Reading more finds the end and verifies the checksum.
			var more [1]byte
			if got, err = fill(&z, more[:]); got > 0 {
				return n, ErrFull
			}
		}
		if err != io.EOF {
			return n, gzipError(err, int64(len(src)), int64(position()))
		}
		if r.Len() == 0 {
			return n, nil
		}
		if !IsGzip(src[position():]) {
			return n, fmt.Errorf("trailing bytes: expected the end of the file at byte %d, found %d more after the gzip data",
				position(), r.Len())
		}
	}
}

// fill reads until dst is full. Unlike io.ReadFull it distinguishes the end of the data, io.EOF, from truncated data.
func fill(r io.Reader, dst []byte) (n int, err error) {
	for n < len(dst) && err == nil {
		var got int
		got, err = r.Read(dst[n:])
		n += got
	}
	return n, err
}

// gzipError describes damage of compressed data of a size, and the byte where it was found.
func gzipError(err error, size, at int64) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("truncated gzip data: the file ends at byte %d, before the compressed data does", size)
	case errors.As(err, &corrupt):
		return damaged(at, "no valid deflate data")
	case errors.Is(err, gzip.ErrChecksum):
		return damaged(at, "the checksum or the length does not fit the data")
	}
	return damaged(at, "no valid gzip header")
}

func damaged(at int64, what string) error {
	return fmt.Errorf("damaged gzip data at byte %d: %s", at, what)
}
