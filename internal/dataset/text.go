package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"shadegrad/compute"
)

// A textFile is a file of lines, compressed with gzip or not.
type textFile struct {
	fsys  fs.FS
	name  string // in fsys
	block int    // bytes per read
}

// The sizes of a block of lines and of the longest line, for which a block grows. A line of that length has more than
// 400,000 numbers of the longest form.
const (
	blockSize = 256 << 10
	maxLine   = 8 << 20
)

// each calls f with blocks of whole lines, and with the number of lines before each. The last line need not end with a
// newline. A byte order mark is dropped. buffer returns memory for a block, which each may replace with longer memory.
func (t textFile) each(buffer func() []byte, f func(lines []byte, before int) error) error {
	info, err := fs.Stat(t.fsys, t.name) // before opening, because opening a pipe waits for a writer
	if err != nil {
		return reason(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("expected a file, found " + kind(info.Mode()))
	}
	file, err := t.fsys.Open(t.name)
	if err != nil {
		return reason(err)
	}
	defer file.Close()
	r, err := unzipped(file, info.Size())
	if err != nil {
		return err
	}
	var carry []byte // the start of a line
	for before := 0; ; {
		block := append(buffer()[:0], carry...)
		block, cut, err := fillLines(r, block)
		if err == errLongLine {
			return fmt.Errorf("line %d: expected a line of at most %s, found a longer one", before+1, compute.FormatBytes(maxLine))
		}
		if err != nil && err != io.EOF {
			return err
		}
		carry = append(carry[:0], block[cut:]...)
		if lines := block[:cut]; len(lines) > 0 {
			if before == 0 {
				lines = bytes.TrimPrefix(lines, []byte("\ufeff"))
			}
			n := bytes.Count(lines, newline)
			if err := f(lines, before); err != nil {
				return err
			}
			before += n
		}
		if err == io.EOF {
			return nil
		}
	}
}

var newline = []byte{'\n'}

var errLongLine = errors.New("a line is too long")

// fillLines reads until a block, which may begin with the start of a line, is full. It returns the number of bytes of
// whole lines: all of them with io.EOF at the end.
func fillLines(r io.Reader, block []byte) (all []byte, cut int, err error) {
	for {
		n, err := fill(r, block[len(block):cap(block)])
		block = block[:len(block)+n]
		if err != nil {
			return block, len(block), err
		}
		if cut := bytes.LastIndexByte(block, '\n') + 1; cut > 0 {
			return block, cut, nil
		}
		if len(block) >= maxLine {
			return block, 0, errLongLine
		}
		block = append(make([]byte, 0, 2*cap(block)+64), block...)
	}
}

// unzipped returns a reader of the decompressed content of a file of a size.
func unzipped(file io.Reader, size int64) (io.Reader, error) {
	c := &counter{r: bufio.NewReaderSize(file, 64<<10)}
	if head, _ := c.r.Peek(2); !isGzip(head) { // the next read repeats the error
		return plain{c}, nil
	}
	z, err := gzip.NewReader(c)
	if err != nil {
		return nil, gzipError(err, size, c.n)
	}
	return &inflater{z, c, size}, nil
}

// A counter counts the bytes read. It is an io.ByteReader, so decompressors do not read too far.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// plain is a file that is not compressed.
type plain struct{ *counter }

func (p plain) Read(b []byte) (int, error) {
	n, err := p.counter.Read(b)
	if err != nil && err != io.EOF {
		err = reason(err)
	}
	return n, err
}

// An inflater decompresses, and reports the byte of an error.
type inflater struct {
	*gzip.Reader
	c    *counter
	size int64
}

func (z *inflater) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	var pathErr *fs.PathError
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case errors.As(err, &pathErr):
		return n, pathErr.Err
	case err == gzip.ErrHeader: // after the first member
		return n, fmt.Errorf("trailing bytes: expected the end of the file near byte %d, found more after the gzip data", z.c.n)
	}
	return n, gzipError(err, z.size, z.c.n)
}
