package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The program cannot start training before 47 MB of images are decompressed from one gzip stream, which no second core
// can share. compress/flate feeds a reader of unknown length and takes 190 ms for it; an inflater that knows where its
// output ends, and so can look bits up eight bytes at a time and write without asking, takes half of that.
// FuzzInflate holds it to compress/flate's answers.
//
// The format is RFC 1951.

// maxExpansion bounds what deflate can make of one byte: the longest match takes at least two bits.
const maxExpansion = maxMatch * 8 / 2

// errFull says that the stream goes on after the destination is full.
var errFull = errors.New("more data than announced")

// A damagedError says where in the compressed data a fault was noticed.
type damagedError struct {
	at   int
	what string
}

func (e *damagedError) Error() string {
	return fmt.Sprintf("damaged gzip data at byte %d: %s", e.at, e.what)
}

// A truncatedError says that the compressed data ends too early.
type truncatedError struct{ at int }

func (e *truncatedError) Error() string {
	return fmt.Sprintf("truncated gzip data: the file ends at byte %d, before the compressed data does", e.at)
}

// An inflater decompresses one deflate stream from src[pos:] to dst[out:]. The low have bits of hold are input that was
// taken from src and not used yet.
type inflater struct {
	src  []byte
	pos  int
	hold uint64
	have uint
	dst  []byte
	out  int

	start                      int // where in dst this stream began; a match cannot reach further back
	literals, distances, sizes codeTable
}

// run decompresses the stream. Afterwards pos is the byte after it and out the end of the output.
func (z *inflater) run() error {
	z.start, z.hold, z.have = z.out, 0, 0
	for {
		header, err := z.take(3)
		if err != nil {
			return err
		}
		switch header >> 1 {
		case 0:
			err = z.stored()
		case 1:
			z.fixedTables()
			err = z.block()
		case 2:
			if err = z.dynamicTables(); err == nil {
				err = z.block()
			}
		default:
			err = z.damaged("unknown kind of block")
		}
		if err != nil {
			return err
		}
		if header&1 == 1 {
			z.pos -= int(z.have / 8)
			z.hold, z.have = 0, 0
			return nil
		}
	}
}

func (z *inflater) damaged(what string) error {
	return &damagedError{z.pos - int(z.have/8), what}
}

func (z *inflater) truncated() error { return &truncatedError{len(z.src)} }

// refill takes whole bytes from src while there is room for them.
func (z *inflater) refill() {
	for z.have < 56 && z.pos < len(z.src) {
		z.hold |= uint64(z.src[z.pos]) << z.have
		z.pos++
		z.have += 8
	}
}

// take uses the next n ≤ 16 bits.
func (z *inflater) take(n uint) (uint, error) {
	z.refill()
	if z.have < n {
		return 0, z.truncated()
	}
	v := uint(z.hold) & (1<<n - 1)
	z.hold >>= n
	z.have -= n
	return v, nil
}

// symbol decodes the next code of t.
func (z *inflater) symbol(t *codeTable) (entry, error) {
	z.refill()
	e := t.primary[z.hold&(1<<primaryBits-1)]
	width := e.width()
	if e&isLink != 0 {
		e = t.second[e.value()+uint(z.hold>>primaryBits)&e.follow()]
		width = primaryBits + e.width()
	}
	if e&(isLiteral|isMatch|isEnd) == 0 {
		if z.pos == len(z.src) && z.have < maxCodeLen {
			return 0, z.truncated()
		}
		return 0, z.damaged("bits that stand for no code")
	}
	if z.have < width {
		return 0, z.truncated()
	}
	z.hold >>= width
	z.have -= width
	return e, nil
}

func (z *inflater) stored() error {
	z.pos -= int(z.have / 8)
	z.hold, z.have = 0, 0
	if len(z.src)-z.pos < 4 {
		return z.truncated()
	}
	n := int(binary.LittleEndian.Uint16(z.src[z.pos:]))
	if int(^binary.LittleEndian.Uint16(z.src[z.pos+2:])) != n {
		return z.damaged("length of a stored block differs from its complement")
	}
	z.pos += 4
	copied := copy(z.dst[z.out:], z.src[z.pos:min(z.pos+n, len(z.src))])
	z.pos += copied
	z.out += copied
	if copied < n {
		if z.pos == len(z.src) {
			return z.truncated()
		}
		return errFull
	}
	return nil
}

func (z *inflater) fixedTables() {
	var lengths [288]uint8
	for s := range lengths {
		switch {
		case s < 144:
			lengths[s] = 8
		case s < 256:
			lengths[s] = 9
		case s < 280:
			lengths[s] = 7
		default:
			lengths[s] = 8
		}
	}
	z.literals.build(lengths[:], literalMeaning[:])
	for s := range distanceMeaning {
		lengths[s] = 5
	}
	z.distances.build(lengths[:len(distanceMeaning)], distanceMeaning[:])
}

func (z *inflater) dynamicTables() error {
	counts, err := z.take(14)
	if err != nil {
		return err
	}
	nLiterals, nDistances, nSizes := 257+int(counts&31), 1+int(counts>>5&31), 4+int(counts>>10)
	if nLiterals > 286 || nDistances > 30 {
		return z.damaged("too many codes in a block's table")
	}
	var lengths [286 + 30]uint8
	for _, s := range codeLengthOrder[:nSizes] {
		n, err := z.take(3)
		if err != nil {
			return err
		}
		lengths[s] = uint8(n)
	}
	if !z.sizes.build(lengths[:19], lengthMeaning[:]) {
		return z.damaged("impossible code for code lengths")
	}
	clear(lengths[:19])
	for i := 0; i < nLiterals+nDistances; {
		e, err := z.symbol(&z.sizes)
		if err != nil {
			return err
		}
		value, base, extra := uint8(e.value()), uint(1), uint(0)
		switch e.value() {
		case 16:
			if i == 0 {
				return z.damaged("a code length repeats nothing")
			}
			value, base, extra = lengths[i-1], 3, 2
		case 17:
			value, base, extra = 0, 3, 3
		case 18:
			value, base, extra = 0, 11, 7
		}
		more, err := z.take(extra)
		if err != nil {
			return err
		}
		end := i + int(base+more)
		if end > nLiterals+nDistances {
			return z.damaged("too many code lengths")
		}
		for ; i < end; i++ {
			lengths[i] = value
		}
	}
	if lengths[256] == 0 {
		return z.damaged("a block without an end")
	}
	if !z.literals.build(lengths[:nLiterals], literalMeaning[:]) ||
		!z.distances.build(lengths[nLiterals:nLiterals+nDistances], distanceMeaning[:]) {
		return z.damaged("impossible code for literals or distances")
	}
	return nil
}

// block decompresses the body of a block: as much as possible by fast, then with a check at every step.
func (z *inflater) block() error {
	if done, err := z.fast(); done || err != nil {
		return err
	}
	for {
		e, err := z.symbol(&z.literals)
		if err != nil {
			return err
		}
		if e&isEnd != 0 {
			return nil
		}
		if e&isLiteral != 0 {
			if z.out == len(z.dst) {
				return errFull
			}
			z.dst[z.out] = byte(e.value())
			z.out++
			continue
		}
		more, err := z.take(e.extra())
		if err != nil {
			return err
		}
		length := int(e.value() + more)
		if e, err = z.symbol(&z.distances); err != nil {
			return err
		}
		if more, err = z.take(e.extra()); err != nil {
			return err
		}
		distance := int(e.value() + more)
		if distance > z.out-z.start {
			return z.damaged("a match reaches back before the data")
		}
		end := min(z.out+length, len(z.dst))
		for i := z.out; i < end; i++ {
			z.dst[i] = z.dst[i-distance]
		}
		if end < z.out+length {
			z.out = end
			return errFull
		}
		z.out = end
	}
}

// fast decompresses while src has enough bytes left for two refills of eight bytes, and dst room for three literals, a
// match and the seven bytes by which copying in words may overshoot it. It reports whether the block ended.
func (z *inflater) fast() (done bool, err error) {
	src, dst := z.src, z.dst
	pos, hold, have, out := z.pos, z.hold, z.have, z.out
	literals, distances := &z.literals, &z.distances
	lastPos, lastOut := len(src)-16, len(dst)-(3+maxMatch+8)
	what := ""

	for pos <= lastPos && out <= lastOut {
		// Eight bytes are read, as many of them counted as fit. The bits above have are read again next time, and
		// are the same then.
		hold |= binary.LittleEndian.Uint64(src[pos:]) << (have & 63)
		pos += int((63 - have) >> 3)
		have |= 56

		e := literals.primary[hold&(1<<primaryBits-1)]
		if e&isLiteral != 0 {
			dst[out] = byte(e >> 16)
			out++
			hold >>= e & 31
			have -= e.width()
			e = literals.primary[hold&(1<<primaryBits-1)]
			if e&isLiteral != 0 {
				dst[out] = byte(e >> 16)
				out++
				hold >>= e & 31
				have -= e.width()
				e = literals.primary[hold&(1<<primaryBits-1)]
				if e&isLiteral != 0 {
					dst[out] = byte(e >> 16)
					out++
					hold >>= e & 31
					have -= e.width()
					continue
				}
			}
			hold |= binary.LittleEndian.Uint64(src[pos:]) << (have & 63)
			pos += int((63 - have) >> 3)
			have |= 56
		}
		if e&isLink != 0 {
			hold >>= primaryBits
			have -= primaryBits
			e = literals.second[e.value()+uint(hold)&e.follow()]
		}
		hold >>= e & 31
		have -= e.width()
		if e&isMatch == 0 {
			if e&isLiteral != 0 {
				dst[out] = byte(e >> 16)
				out++
				continue
			}
			done = e&isEnd != 0
			if !done {
				what = "bits that stand for no code"
			}
			break
		}
		length := int(e.value() + uint(hold)&e.follow())
		hold >>= e.extra() & 63
		have -= e.extra()

		e = distances.primary[hold&(1<<primaryBits-1)]
		if e&isLink != 0 {
			hold >>= primaryBits
			have -= primaryBits
			e = distances.second[e.value()+uint(hold)&e.follow()]
		}
		if e&isMatch == 0 {
			what = "bits that stand for no code"
			break
		}
		hold >>= e & 31
		have -= e.width()
		distance := int(e.value() + uint(hold)&e.follow())
		hold >>= e.extra() & 63
		have -= e.extra()
		if distance > out-z.start {
			what = "a match reaches back before the data"
			break
		}
		end := out + length
		switch {
		case distance >= 8:
			for ; out < end; out += 8 {
				binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(dst[out-distance:]))
			}
		case distance == 1:
			run := uint64(dst[out-1]) * 0x0101010101010101
			for ; out < end; out += 8 {
				binary.LittleEndian.PutUint64(dst[out:], run)
			}
		default:
			for ; out < end; out++ {
				dst[out] = dst[out-distance]
			}
		}
		out = end
	}

	z.pos, z.hold, z.have, z.out = pos, hold&(1<<have-1), have, out
	if what != "" {
		return false, z.damaged(what)
	}
	return done, nil
}
