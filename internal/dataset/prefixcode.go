package dataset

import "math/bits"

// A code of deflate is looked up in a table indexed by the next primaryBits bits of the input; the few longer codes go
// through a second table. Indexing with all maxCodeLen bits at once would take a table that no first-level cache holds.
const (
	primaryBits = 11
	maxCodeLen  = 15
	maxMatch    = 258
)

// An entry says what a code stands for:
//
//	bits  0–4   how many bits of input the code takes at this level
//	bits  5–8   extra bits that follow; of a link, the index bits of the second table
//	bits 12–15  what it is; none of these set: no such code
//	bits 16–31  the literal, the base of a length or distance, or the second table's offset
type entry uint32

const (
	isEnd     entry = 1 << 12
	isLink    entry = 1 << 13
	isMatch   entry = 1 << 14
	isLiteral entry = 1 << 15
)

func (e entry) width() uint  { return uint(e & 31) }
func (e entry) extra() uint  { return uint(e >> 5 & 15) }
func (e entry) value() uint  { return uint(e >> 16) }
func (e entry) follow() uint { return uint(1)<<e.extra() - 1 }

// A codeTable decodes one prefix code.
type codeTable struct {
	primary [1 << primaryBits]entry
	second  []entry
}

// build makes the table for the canonical code in which symbol s has lengths[s] bits (0: it does not occur) and means
// meaning[s]. It refuses a code that is over-subscribed, or incomplete in more than the one way that encoders rely on:
// a single code of one bit.
func (t *codeTable) build(lengths []uint8, meaning []entry) bool {
	clear(t.primary[:])
	t.second = t.second[:0]
	var count [maxCodeLen + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	if used == 0 {
		return true // legal for distances when nothing is repeated; any look-up finds no code
	}
	count[0] = 0
	var next [maxCodeLen + 2]uint
	free := 1
	for n := 1; n <= maxCodeLen; n++ {
		free = free<<1 - count[n]
		if free < 0 {
			return false
		}
		next[n+1] = (next[n] + uint(count[n])) << 1
	}
	if free > 0 && !(used == 1 && count[1] == 1) {
		return false
	}

	// Deflate sends codes most significant bit first and everything else least significant bit first, so the tables are
	// indexed by the reversed code.
	var reversed [288]uint16
	var longest [1 << primaryBits]uint8 // per prefix, of the codes that need the second table
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		code := bits.Reverse16(uint16(next[n])) >> (16 - n)
		next[n]++
		reversed[s] = code
		if n > primaryBits {
			p := code & (1<<primaryBits - 1)
			longest[p] = max(longest[p], n)
		}
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		code := uint(reversed[s])
		if n <= primaryBits {
			for i := code; i < 1<<primaryBits; i += 1 << n {
				t.primary[i] = meaning[s] | entry(n)
			}
			continue
		}
		p := code & (1<<primaryBits - 1)
		width := uint(longest[p]) - primaryBits
		if t.primary[p] == 0 {
			t.primary[p] = isLink | entry(len(t.second))<<16 | entry(width)<<5 | primaryBits
			t.second = append(t.second, make([]entry, 1<<width)...)
		}
		table := t.second[t.primary[p].value():][:1<<width]
		for i := code >> primaryBits; i < 1<<width; i += 1 << (n - primaryBits) {
			table[i] = meaning[s] | entry(n-primaryBits)
		}
	}
	return true
}

// What the symbols of the three alphabets mean (RFC 1951, sections 3.2.5 and 3.2.7).
var (
	literalMeaning  [288]entry
	distanceMeaning [32]entry
	lengthMeaning   [19]entry
	codeLengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

func init() {
	for s := range 256 {
		literalMeaning[s] = isLiteral | entry(s)<<16
	}
	literalMeaning[256] = isEnd
	base := 3
	for s := 257; s <= 284; s++ {
		extra := max(0, (s-261)/4)
		literalMeaning[s] = isMatch | entry(base)<<16 | entry(extra)<<5
		base += 1 << extra
	}
	literalMeaning[285] = isMatch | maxMatch<<16
	base = 1
	for s := range 30 {
		extra := max(0, (s-2)/2)
		distanceMeaning[s] = isMatch | entry(base)<<16 | entry(extra)<<5
		base += 1 << extra
	}
	for s := range lengthMeaning {
		lengthMeaning[s] = isLiteral | entry(s)<<16
	}
}
