package unpack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
)

// MaxLine is the length of the longest line. It has more than 400,000 numbers of the longest form.
const MaxLine = 8 << 20

// Lines calls f with each line of a file, compressed with gzip or not, and its number, from 1. A line is valid until f
// returns, and has no spaces at its end. The last line need not end with a newline. A byte order mark is dropped.
func Lines(fsys fs.FS, name string, f func(line []byte, number int) error) error {
	file, info, err := Open(fsys, name)
	if err != nil {
		return err
	}
	defer file.Close()
	input := &counter{Reader: file}
	size := int(min(64<<10, max(512, info.Size()+1))) // of buffers
	buffered := bufio.NewReaderSize(input, size)
	position := func() int64 { return input.n - int64(buffered.Buffered()) }
	var text io.Reader = buffered
	head, _ := buffered.Peek(2) // the next read repeats the error
	zipped := IsGzip(head)
	if zipped {
		if text, err = gzip.NewReader(buffered); err != nil {
			return gzipError(err, info.Size(), position())
		}
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, size), MaxLine+1)
	lines.Split(splitLines())
	number := 0
	for lines.Scan() && lines.Err() == nil { // the line before an error may be incomplete
		line := lines.Bytes()
		if number++; number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if err := f(bytes.TrimRight(line, " \r"), number); err != nil {
			return err
		}
	}
	err = lines.Err()
	var pathErr *fs.PathError
	switch {
	case err == nil:
		return nil
	case err == bufio.ErrTooLong:
		return fmt.Errorf("line %d: expected a line of at most %s, found a longer one", number+1, compute.FormatBytes(MaxLine))
	case !zipped, errors.As(err, &pathErr):
		return atomicfile.Cause(err)
	case err == gzip.ErrHeader: // after the first member
		return fmt.Errorf("trailing bytes: expected the end of the file near byte %d, found more after the gzip data", position())
	}
	return gzipError(err, info.Size(), position())
}

// splitLines returns bufio.ScanLines that also ends a line at a carriage return alone.
func splitLines() bufio.SplitFunc {
	without := 0 // bytes at the start of the data that have no newline
	return func(data []byte, atEOF bool) (advance int, token []byte, err error) {
		end := bytes.IndexByte(data[without:], '\n')
		line := data
		if end >= 0 {
			line = data[:without+end]
		}
		without = len(line)
		if i := bytes.IndexByte(line, '\r'); i >= 0 && i < len(line)-1 {
			without -= i + 1
			return i + 1, line[:i], nil
		}
		if end < 0 && (!atEOF || len(data) == 0) {
			return 0, nil, nil
		}
		without = 0
		return len(line) + min(end+1, 1), line, nil
	}
}

// A counter counts the bytes read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
