// Package tensorboard writes event files, which TensorBoard shows as curves and pictures.
//
// An event file is a sequence of records, each with its length and masked CRC-32C checksums
// (tensorflow/core/lib/io/record_writer.h), which contain an Event (tensorflow/core/util/event.proto) in the wire format of
// protocol buffers. Records are appended one by one, so the file of a run that was killed is readable up to its last record.
package tensorboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Writer appends events to a file. After the first error it writes nothing more, and Close returns that error.
type Writer struct {
	file *os.File
	err  error
	now  func() time.Time
}

// Create creates an event file in a directory, which need not exist. Each call creates another file.
func Create(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	for n, seconds := 0, time.Now().Unix(); ; n++ {
		// TensorBoard reads the files of a directory in the order of their names.
		name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%d", seconds, filepath.Base(host), os.Getpid(), n)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w := &Writer{file: f, now: time.Now}
		w.event(0, fileVersion, []byte("brain.Event:2"))
		if w.err != nil {
			return nil, w.Close()
		}
		return w, nil
	}
}

// Name returns the name of the file.
func (w *Writer) Name() string { return w.file.Name() }

// Err returns the first error.
func (w *Writer) Err() error { return w.err }

// Close syncs the file to the disk and closes it.
func (w *Writer) Close() error {
	err := w.file.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil // some network file systems cannot sync
	}
	return errors.Join(w.err, err, w.file.Close())
}

// The fields of the messages, by the names of their .proto files.
const (
	eventWallTime = 1 // double
	eventStep     = 2 // int64
	fileVersion   = 3 // string
	eventSummary  = 5 // Summary

	summaryValue = 1 // repeated Summary.Value

	valueTag    = 1 // string
	valueSimple = 2 // float
	valueImage  = 4 // Summary.Image

	imageHeight     = 1 // int32
	imageWidth      = 2 // int32
	imageColorspace = 3 // int32: 1 grey, 3 RGB
	imageEncoded    = 4 // bytes
)

// A Scalar is a figure with the name of its curve.
type Scalar struct {
	Tag   string
	Value float64
}

// Scalars appends figures of a step in one record. TensorBoard stores them as float32.
func (w *Writer) Scalars(step int, list ...Scalar) {
	var summary []byte
	for _, s := range list {
		v := appendBytes(nil, valueTag, []byte(s.Tag))
		v = protowire.AppendTag(v, valueSimple, protowire.Fixed32Type)
		v = protowire.AppendFixed32(v, math.Float32bits(float32(s.Value)))
		summary = appendBytes(summary, summaryValue, v)
	}
	w.event(step, eventSummary, summary)
}

// Image appends a picture of a step, as PNG.
func (w *Writer) Image(step int, tag string, m image.Image) {
	var text bytes.Buffer
	if err := png.Encode(&text, m); err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	colours := uint64(3)
	if _, ok := m.(*image.Gray); ok {
		colours = 1
	}
	size := m.Bounds()
	var i []byte
	i = appendVarint(i, imageHeight, uint64(size.Dy()))
	i = appendVarint(i, imageWidth, uint64(size.Dx()))
	i = appendVarint(i, imageColorspace, colours)
	i = appendBytes(i, imageEncoded, text.Bytes())
	v := appendBytes(nil, valueTag, []byte(tag))
	v = appendBytes(v, valueImage, i)
	w.event(step, eventSummary, appendBytes(nil, summaryValue, v))
}

// event appends an Event whose content is one field.
func (w *Writer) event(step int, field protowire.Number, content []byte) {
	seconds := float64(w.now().UnixNano()) / 1e9
	e := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	e = protowire.AppendFixed64(e, math.Float64bits(seconds))
	e = appendVarint(e, eventStep, uint64(step))
	w.record(appendBytes(e, field, content))
}

func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}

// record appends a record in a single write, so that a killed run leaves at most one that is incomplete.
func (w *Writer) record(data []byte) {
	if w.err != nil {
		return
	}
	r := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	r = binary.LittleEndian.AppendUint32(r, masked(r))
	r = append(r, data...)
	r = binary.LittleEndian.AppendUint32(r, masked(data))
	_, w.err = w.file.Write(r)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked returns the checksum of a record. TensorFlow rotates it and adds a constant, since the CRC of data that contain
// their own CRC would not protect them (tensorflow/core/lib/hash/crc32c.h).
func masked(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}
