package dataset

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"shadegrad/testdata"
)

// isGzip reports whether data begins as a gzip file does (RFC 1952).
func isGzip(data []byte) bool { return len(data) >= 2 && data[0] == 0x1f && data[1] == 0x8b }

// maxExpansion bounds what deflate can make of one byte: a match of 258 bytes takes at least two bits.
const maxExpansion = 258 * 8 / 2

// errFull says that the stream goes on after the destination is full.
var errFull = errors.New("more data than announced")

// gunzip decompresses the gzip file src into dst and returns how many bytes that gave. It is errFull if there are more
// than fit. Several members one after another count as one, as in RFC 1952, and their checksums are verified. Members
// that say how long they are, as those of the built-in MNIST do, are decompressed side by side.
func gunzip(dst, src []byte) (n int, err error) {
	list := members(src)
	if list == nil || totalSize(list) > uint64(len(dst)) {
		return gunzipOne(dst, src, 0)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(list))
	for i, m := range list {
		out := dst[n : n+int(m.size)]
		n += len(out)
		wg.Add(1)
		go func() {
			defer wg.Done()
			got, err := gunzipOne(out, src[:m.end], m.begin)
			if err == errFull || err == nil && got < len(out) {
				err = damaged(m.end, "the length does not fit the data")
			}
			errs[i] = err
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// gunzipOne decompresses the members of src from byte at on, one after another.
func gunzipOne(dst, src []byte, at int) (n int, err error) {
	r := bytes.NewReader(src[at:])
	position := func() int { return len(src) - r.Len() }
	var z gzip.Reader
	for {
		if err := z.Reset(r); err != nil {
			return n, gzipError(err, src, position())
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
			return n, gzipError(err, src, position())
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

// gzipError says what is wrong with compressed data, and at which byte it was noticed.
func gzipError(err error, src []byte, at int) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("truncated gzip data: the file ends at byte %d, before the compressed data does", len(src))
	case errors.As(err, &corrupt):
		return damaged(at, "no valid deflate data")
	case errors.Is(err, gzip.ErrChecksum):
		return damaged(at, "the checksum or the length does not fit the data")
	}
	return damaged(at, "no valid gzip header")
}

func damaged(at int, what string) error {
	return fmt.Errorf("damaged gzip data at byte %d: %s", at, what)
}

// A member is one of several gzip streams in a file, which says how long it is.
type member struct {
	begin, end int    // in the file
	size       uint32 // of its data
}

// maxMembers bounds how many members are decompressed side by side, each of which takes a decompressor of some 40 KiB.
const maxMembers = 64

// members finds the members of a file whose members say in an extra field how long they are, so that none needs to be
// decompressed to find the next. It is nil if one does not say so, or does not say the truth, or if there are too many.
func members(src []byte) []member {
	var list []member
	for at := 0; at < len(src); {
		n := memberLength(src[at:])
		if n == 0 || len(list) == maxMembers {
			return nil
		}
		// A member's last four bytes are the length of its data (RFC 1952, ISIZE).
		list = append(list, member{at, at + n, binary.LittleEndian.Uint32(src[at+n-4:])})
		at += n
	}
	return list
}

// memberLength returns the length of a member that has a subfield SG, which package pack writes, as the first of its
// extra field; otherwise 0.
func memberLength(src []byte) int {
	const hasExtra = 1 << 2
	if len(src) < testdata.MemberHeader || !isGzip(src) || src[3]&hasExtra == 0 ||
		!bytes.Equal(src[12:16], testdata.MemberID) {
		return 0
	}
	n := binary.LittleEndian.Uint32(src[16:])
	if n <= testdata.MemberHeader+8 || uint64(n) > uint64(len(src)) {
		return 0
	}
	return int(n)
}

// totalSize adds up the sizes of members, which nobody has checked yet.
func totalSize(list []member) uint64 {
	total := uint64(0)
	for _, m := range list {
		total += uint64(m.size)
	}
	return total
}
