package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Write writes an npy file of an array whose last index varies fastest.
func Write[T float32 | float64](w io.Writer, shape []int, values []T) error {
	var b strings.Builder
	for _, n := range shape {
		fmt.Fprintf(&b, "%d,", n)
	}
	dictionary := fmt.Sprintf("{'descr': '<f%d', 'fortran_order': False, 'shape': (%s), }", binary.Size(T(0)), b.String())
	const fixed, align = 10, 64 // the values begin at a multiple of 64 bytes
	padding := align - (fixed+len(dictionary)+1)%align
	var head bytes.Buffer
	head.WriteString(Magic + "\x01\x00")
	length := len(dictionary) + padding + 1
	head.Write(binary.LittleEndian.AppendUint16(nil, uint16(length)))
	head.WriteString(dictionary + strings.Repeat(" ", padding) + "\n")
	if _, err := w.Write(head.Bytes()); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, values)
}
