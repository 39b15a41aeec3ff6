package dataset

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// isGzip reports whether data begins as a gzip file does (RFC 1952).
func isGzip(data []byte) bool { return len(data) >= 2 && data[0] == 0x1f && data[1] == 0x8b }

// maxExpansion bounds what deflate can make of one byte: a match of 258 bytes takes at least two bits.
const maxExpansion = 258 * 8 / 2

// errFull says that the stream goes on after the destination is full.
var errFull = errors.New("more data than announced")

// gunzip decompresses the gzip file src into dst and returns how many bytes that gave. It is errFull if there are more
// than fit. Several members one after another count as one, as in RFC 1952, and their checksums are verified.
func gunzip(dst, src []byte) (n int, err error) {
	r := bytes.NewReader(src)
	position := func() int { return len(src) - r.Len() }
	var z gzip.Reader
	for {
		if err := z.Reset(r); err != nil {
			return n, gzipError(err, int64(len(src)), int64(position()))
		}
		z.Multistream(false) // so that what follows a member is looked at here
		got, err := fill(&z, dst[n:])
		n += got
		if err == nil {
			// Only reading on tells whether this is the end, and verifies the checksum.
			var more [1]byte
			if got, err = fill(&z, more[:]); got > 0 {
				return n, errFull
			}
		}
		if err != io.EOF {
			return n, gzipError(err, int64(len(src)), int64(position()))
		}
		if r.Len() == 0 {
			return n, nil
		}
		if !isGzip(src[position():]) {
			return n, fmt.Errorf("trailing bytes: expected the end of the file at byte %d, found %d more after the gzip data",
				position(), r.Len())
		}
	}
}

// fill reads until dst is full. Unlike io.ReadFull it tells the end of the data, io.EOF, from data that was cut off.
func fill(r io.Reader, dst []byte) (n int, err error) {
	for n < len(dst) && err == nil {
		var got int
		got, err = r.Read(dst[n:])
		n += got
	}
	return n, err
}

// gzipError says what is wrong with compressed data of so many bytes, and at which byte it was noticed.
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
