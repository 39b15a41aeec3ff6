package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// An entry is the description of a tensor in the header. Offsets count from the end of the header.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end uint64
}

// A dtypeError reports a tensor of a type that is not supported. The file is not damaged.
type dtypeError struct{ found string }

func (e *dtypeError) Error() string {
	return fmt.Sprintf("expected dtype \"F32\", found %s, which is not supported: convert it to float32 first", e.found)
}

// widths are the sizes in bytes of the values of the types that ReadConverted reads.
var widths = map[string]int{"F32": valueSize, "F16": 2, "BF16": 2, "F64": 8}

// A parser reads the header token by token. The other functions of encoding/json accept two equal
// keys and keep the last, so that two readers of such a file could see different weights.
type parser struct{ *json.Decoder }

// parseHeader returns the metadata and the tensors in the order of their data.
func parseHeader(header []byte) (metadata map[string]string, entries []entry, err error) {
	if len(header) == 0 || header[0] != '{' {
		found := "nothing"
		if len(header) > 0 {
			found = fmt.Sprintf("%q", header[0])
		}
		return nil, nil, fmt.Errorf("not a safetensors file: expected the header to begin with '{' at byte 8, found %s", found)
	}
	if !utf8.Valid(header) {
		return nil, nil, errors.New("damaged header: not valid UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(header))}
	p.UseNumber()
	seen := map[string]bool{}
	err = p.object("the header", func(key string) error {
		if seen[key] {
			return fmt.Errorf("%q occurs twice", key)
		}
		seen[key] = true
		if key == metadataKey {
			metadata = map[string]string{}
			return p.metadata(metadata)
		}
		e, err := p.entry(key)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		var other *dtypeError
		if errors.As(err, &other) {
			return nil, nil, err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends in the middle")
		}
		return nil, nil, fmt.Errorf("damaged header: at byte %d: %w", 8+p.InputOffset(), err)
	}
	if end := p.InputOffset(); len(bytes.Trim(header[end:], " ")) > 0 {
		return nil, nil, fmt.Errorf("damaged header: expected only spaces from byte %d on, found %.20q", 8+end, header[end:])
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	return metadata, entries, nil
}

// delim reads the delimiter d at the beginning of what.
func (p parser) delim(what string, d json.Delim) error {
	token, err := p.Token()
	if err != nil {
		return err
	}
	if token != d {
		return fmt.Errorf("expected %s to begin with %v, found %v", what, d, show(token))
	}
	return nil
}

// show formats a token for a message.
func show(token json.Token) string {
	if s, ok := token.(string); ok {
		return fmt.Sprintf("%.60q", s)
	}
	if token == nil {
		return "null"
	}
	return fmt.Sprint(token)
}

// object reads an object, and calls value before the value of each key.
func (p parser) object(what string, value func(key string) error) error {
	if err := p.delim(what, '{'); err != nil {
		return err
	}
	for p.More() {
		token, err := p.Token()
		if err != nil {
			return err
		}
		if err := value(token.(string)); err != nil { // a Decoder accepts only strings as keys
			return err
		}
	}
	_, err := p.Token()
	return err
}

func (p parser) metadata(m map[string]string) error {
	return p.object(metadataKey, func(key string) error {
		if _, ok := m[key]; ok {
			return fmt.Errorf("%q occurs twice in %s", key, metadataKey)
		}
		token, err := p.Token()
		if err != nil {
			return err
		}
		s, ok := token.(string)
		if !ok {
			return fmt.Errorf("expected a text for %q in %s, found %v", key, metadataKey, show(token))
		}
		m[key] = s
		return nil
	})
}

func (p parser) entry(name string) (entry, error) {
	e := entry{name: name}
	seen := map[string]bool{}
	err := p.object("its description", func(key string) error {
		if seen[key] {
			return fmt.Errorf("%q occurs twice", key)
		}
		seen[key] = true
		switch key {
		case "dtype":
			token, err := p.Token()
			if err != nil {
				return err
			}
			e.dtype, _ = token.(string)
			if widths[e.dtype] == 0 {
				return &dtypeError{show(token)}
			}
		case "shape":
			dims, err := p.numbers(key)
			e.shape = make([]int, len(dims))
			for i, d := range dims {
				if d > maxInt {
					return fmt.Errorf("dimension %d is too large", d)
				}
				e.shape[i] = int(d)
			}
			return err
		case "data_offsets":
			offsets, err := p.numbers(key)
			if err != nil {
				return err
			}
			if len(offsets) != 2 {
				return fmt.Errorf("expected 2 data_offsets, found %d", len(offsets))
			}
			e.begin, e.end = offsets[0], offsets[1]
		default:
			return fmt.Errorf("unknown key %q", key)
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[key] {
			return e, fmt.Errorf("%s is missing", key)
		}
	}
	return e, nil
}

// numbers reads an array of non-negative integers.
func (p parser) numbers(what string) ([]uint64, error) {
	if err := p.delim(what, '['); err != nil {
		return nil, err
	}
	var list []uint64
	for p.More() {
		token, err := p.Token()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, fmt.Errorf("expected a number in %s, found %v", what, show(token))
		}
		n, err := strconv.ParseUint(number.String(), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("expected an integer of 0 or more in %s, found %s", what, number)
		}
		list = append(list, n)
	}
	_, err := p.Token()
	return list, err
}
