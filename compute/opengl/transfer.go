//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
)

// target returns the buffer of a rows×cols view at off, for a transfer of given elements. It
// returns an error unless the view lies in a buffer of this backend and has that many elements.
func (b *Backend) target(what string, buf compute.Buffer, of compute.Element, off, rows, cols, given int) (*buffer, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	if !b.owns(buf) {
		return nil, fmt.Errorf("%s: not a buffer of this backend, or freed", what)
	}
	own := buf.(*buffer)
	switch {
	case own.of != of:
		return nil, fmt.Errorf("%s: the buffer is of %s, not of %s", what, own.of, of)
	case rows < 0 || cols < 0 || off < 0 || cols > 0 && rows > own.elems/cols || off > own.elems-rows*cols:
		return nil, fmt.Errorf("%s: %d×%d elements at offset %d lie outside a buffer of %d", what, rows, cols, off, own.elems)
	case given != rows*cols:
		return nil, fmt.Errorf("%s: %d values given for %d elements", what, given, rows*cols)
	}
	return own, nil
}

// Write queues a copy of src to dst.
func (b *Backend) Write(dst compute.Mat, src []float32) error {
	buf, err := b.target("write", dst.Buf, compute.Float32, dst.Off, dst.Rows, dst.Cols, len(src))
	if err != nil || len(src) == 0 {
		return err
	}
	taken := append([]float32(nil), src...)
	return b.submit(command{do: func(w *worker) {
		w.write(buf.id, int(buf.base)+4*dst.Off, 4*len(taken), unsafe.Pointer(&taken[0]))
	}})
}

// WriteBytes queues a copy of src to dst.
func (b *Backend) WriteBytes(dst compute.Bytes, src []byte) error {
	buf, err := b.target("write bytes", dst.Buf, compute.Byte, 0, dst.Rows, dst.Cols, len(src))
	if err != nil || len(src) == 0 {
		return err
	}
	if buf.shared {
		return errors.New("write bytes: the matrix shares the memory of another")
	}
	taken := b.copyOf(src)
	return b.submit(command{do: func(w *worker) {
		w.write(buf.id, 0, len(taken), unsafe.Pointer(&taken[0]))
		select {
		case b.copies <- taken:
		default:
		}
	}})
}

// copyOf returns a copy of bytes for the queue. It reuses the memory of earlier copies: otherwise
// uploading a data set in pieces would produce as much garbage as the data set is large.
func (b *Backend) copyOf(src []byte) []byte {
	var memory []byte
	select {
	case memory = <-b.copies:
	default:
	}
	return append(memory[:0], src...)
}

// ShareBytes returns a new rows×cols matrix that holds data. The device has separate memory, so
// this only saves the copy that WriteBytes makes for the queue.
func (b *Backend) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	if rows > 0 && cols > 0 && (rows > len(data)/cols || len(data) != rows*cols) {
		return compute.Bytes{}, fmt.Errorf("share bytes: %d bytes are not a matrix of %d×%d", len(data), rows, cols)
	}
	m, err := b.AllocBytes(rows, cols)
	if err != nil {
		return compute.Bytes{}, err
	}
	buf := m.Buf.(*buffer)
	buf.shared = true
	return m, b.upload(buf, data)
}

// upload queues a copy of bytes that do not change any more.
func (b *Backend) upload(buf *buffer, data []byte) error {
	return b.submit(command{do: func(w *worker) {
		w.write(buf.id, 0, len(data), unsafe.Pointer(&data[0]))
	}})
}

// WriteIndex queues a copy of src to dst. It returns an error and writes nothing if a number is
// not below dst.Limit.
func (b *Backend) WriteIndex(dst compute.Index, src []uint32) error {
	buf, err := b.target("write index", dst.Buf, compute.RowNumber, 0, dst.Len, 1, len(src))
	if err != nil || len(src) == 0 {
		return err
	}
	limit := uint32(max(0, min(dst.Limit, buf.limit)))
	for i, row := range src {
		if row >= limit {
			return fmt.Errorf("write index: entry %d is row %d, not below %d", i, row, limit)
		}
	}
	taken := append([]uint32(nil), src...)
	return b.submit(command{do: func(w *worker) {
		w.write(buf.id, 0, 4*len(taken), unsafe.Pointer(&taken[0]))
	}})
}

func (w *worker) write(id uint32, offset, size int, src unsafe.Pointer) {
	if w.fault.get() != nil {
		return
	}
	w.settle()
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, id)
	gl.BufferSubData(gl.COPY_WRITE_BUFFER, offset, size, src)
}

// Read waits for the work queued before it and copies src to dst.
func (b *Backend) Read(dst []float32, src compute.Mat) error {
	buf, err := b.target("read", src.Buf, compute.Float32, src.Off, src.Rows, src.Cols, len(dst))
	if err != nil || len(dst) == 0 {
		return err
	}
	var failed error
	err = b.call(func(w *worker) {
		w.settle()
		w.read(dst, buf.id, int(buf.base)+4*src.Off)
		failed = w.fault.get()
	})
	if err != nil {
		return err
	}
	return failed
}

// readPiece is the number of values that a read copies at a time. It bounds the memory of staging
// buffers, which are kept.
const readPiece = 1 << 20

// read waits for the work queued before it and copies values from a buffer, unless the device has failed.
// It never reads the buffer itself: NVIDIA's driver moves a buffer that the host reads to the host's
// memory, for good, and kernels then work on it over the bus (message 131186 of its debug output).
func (w *worker) read(dst []float32, id uint32, offset int) {
	for ; len(dst) > 0 && w.fault.get() == nil; offset += 4 * readPiece {
		piece := dst[:min(readPiece, len(dst))]
		dst = dst[len(piece):]
		s := w.copyOut(id, offset, 4*len(piece))
		// Wait for the fences first: unlike a read, a wait for a fence ends if the device does
		// not respond.
		w.drain()
		if w.fault.get() == nil {
			s.read(piece)
			w.check("a read")
		}
		w.unstage(s)
	}
}

// settle makes what shaders wrote visible to calls that read or write buffers.
func (w *worker) settle() {
	if w.hazards.Settle() {
		w.barrier(gl.BUFFER_UPDATE_BARRIER_BIT | gl.SHADER_STORAGE_BARRIER_BIT)
	}
}

// A fetch is a read in flight. The device copies the values first, so that later work may change
// the original.
type fetch struct {
	owner   *Backend
	staging staging
	values  []float32
	err     error
	done    chan struct{} // closed once values or err are set
}

// Fetch queues a read of src and does not wait. Each fetch ends a batch, so with a fetch after
// every run at most three runs overlap with the caller.
func (b *Backend) Fetch(src compute.Mat) compute.Fetch {
	f := &fetch{owner: b, done: make(chan struct{})}
	buf, err := b.target("fetch", src.Buf, compute.Float32, src.Off, src.Rows, src.Cols, src.Len())
	if err == nil && src.Len() > 0 {
		f.values = make([]float32, src.Len())
		err = b.submit(command{do: func(w *worker) { w.fetch(f, buf.id, int(buf.base)+4*src.Off) }})
		if err == nil {
			return f
		}
	}
	f.err = err
	close(f.done)
	return f
}

// Ready reports whether Wait would return immediately.
func (f *fetch) Ready() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// Wait waits for the values.
func (f *fetch) Wait() ([]float32, error) {
	if !f.Ready() {
		f.owner.counts.waits.Add(1)
		if err := f.owner.await(f.done); err != nil {
			return nil, err
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.values, nil
}

// A staging is a buffer that the device copies values to, for the host to read.
type staging struct {
	id   uint32
	size int
}

// read copies values from the buffer, once they are there.
func (s staging) read(dst []float32) {
	gl.BindBuffer(gl.COPY_READ_BUFFER, s.id)
	gl.GetBufferSubData(gl.COPY_READ_BUFFER, 0, 4*len(dst), unsafe.Pointer(&dst[0]))
}

// maxSpare is the number of staging buffers that are kept for later reads.
const maxSpare = 8

func (w *worker) fetch(f *fetch, id uint32, offset int) {
	if err := w.fault.get(); err != nil {
		w.finish([]*fetch{f}, err)
		return
	}
	w.settle()
	f.staging = w.copyOut(id, offset, 4*len(f.values))
	w.flush(f)
}

// copyOut has the device copy a part of a buffer to a staging buffer.
func (w *worker) copyOut(id uint32, offset, size int) staging {
	s := w.stage(size)
	gl.BindBuffer(gl.COPY_READ_BUFFER, id)
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, s.id)
	gl.CopyBufferSubData(gl.COPY_READ_BUFFER, gl.COPY_WRITE_BUFFER, offset, 0, size)
	return s
}

// stage returns a spare staging buffer of at least size bytes, or a new one.
func (w *worker) stage(size int) staging {
	for i, s := range w.spare {
		if s.size >= size {
			w.spare = append(w.spare[:i], w.spare[i+1:]...)
			return s
		}
	}
	s := staging{w.newBuffer(), size}
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, s.id)
	gl.BufferData(gl.COPY_WRITE_BUFFER, size, nil, gl.STREAM_READ)
	return s
}

func (w *worker) unstage(s staging) {
	if s.id == 0 {
		return
	}
	if len(w.spare) < maxSpare {
		w.spare = append(w.spare, s)
	} else {
		w.deleteBuffer(s.id)
	}
}

// collect reads the values of fetches whose copies are done.
func (w *worker) collect(list []*fetch) {
	for _, f := range list {
		f.staging.read(f.values)
		// The backend's fault may come from work queued after the fetch, so it is not used.
		w.finish([]*fetch{f}, w.check("a fetch"))
	}
}

// finish completes fetches, with an error or with their values.
func (w *worker) finish(list []*fetch, err error) {
	for _, f := range list {
		w.unstage(f.staging)
		f.err = err
		close(f.done)
	}
}
