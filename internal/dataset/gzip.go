package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// isGzip reports whether data begins as a gzip file does (RFC 1952).
func isGzip(data []byte) bool { return len(data) >= 2 && data[0] == 0x1f && data[1] == 0x8b }

// gunzip decompresses the gzip file src into dst and returns how many bytes that gave. It is errFull if there are more
// than fit. Several members one after another count as one, as in RFC 1952, and their checksums are verified.
func gunzip(dst, src []byte) (n int, err error) {
	z := inflater{src: src, dst: dst}
	for {
		if err := z.memberHeader(); err != nil {
			return z.out, err
		}
		if err := z.run(); err != nil {
			return z.out, err
		}
		if len(src)-z.pos < 8 {
			return z.out, z.truncated()
		}
		data := dst[z.start:z.out]
		if want, got := binary.LittleEndian.Uint32(src[z.pos:]), crc32.ChecksumIEEE(data); got != want {
			return z.out, z.damaged(fmt.Sprintf("expected data of checksum %08x, found %08x", want, got))
		}
		z.pos += 4
		if want := binary.LittleEndian.Uint32(src[z.pos:]); uint32(len(data)) != want {
			return z.out, z.damaged(fmt.Sprintf("expected %d bytes of data, found %d", want, len(data)))
		}
		z.pos += 4
		if z.pos == len(src) {
			return z.out, nil
		}
		if !isGzip(src[z.pos:]) {
			return z.out, fmt.Errorf("trailing bytes: expected the end of the file at byte %d, found %d more after the gzip data",
				z.pos, len(src)-z.pos)
		}
	}
}

// memberHeader skips the header of a gzip member.
func (z *inflater) memberHeader() error {
	h := z.src[z.pos:]
	if len(h) < 10 {
		return z.truncated()
	}
	const (
		hasCRC, hasExtra, hasName, hasComment = 1 << 1, 1 << 2, 1 << 3, 1 << 4
		reserved                              = 0xe0
	)
	flags := h[3]
	if h[2] != 8 || flags&reserved != 0 {
		return z.damaged(fmt.Sprintf("expected compression method 8 without unknown flags, found method %d, flags %#02x", h[2], flags))
	}
	at := 10
	if flags&hasExtra != 0 {
		if len(h) < at+2 {
			return z.truncated()
		}
		at += 2 + int(binary.LittleEndian.Uint16(h[at:]))
	}
	for _, flag := range []byte{hasName, hasComment} {
		if flags&flag == 0 {
			continue
		}
		if at > len(h) {
			return z.truncated()
		}
		end := bytes.IndexByte(h[at:], 0)
		if end < 0 {
			return z.truncated()
		}
		at += end + 1
	}
	if flags&hasCRC != 0 {
		at += 2
	}
	if at > len(h) {
		return z.truncated()
	}
	z.pos += at
	return nil
}
