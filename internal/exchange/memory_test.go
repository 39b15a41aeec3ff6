package exchange

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/npy"
	"shadegrad/internal/onnx"
)

// allocated returns the bytes that a call allocates, whether they are freed or not.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestMemory compares what an import allocates with the memory that it asks for first.
func TestMemory(t *testing.T) {
	const rows, cols = 1000, 1000
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := twoLayers()
	f.Graph.Inputs[0].Dims[1].Size = rows
	f.Graph.Nodes = f.Graph.Nodes[:1]
	f.Graph.Initializers = []onnx.Tensor{onnx.NewFloats("w", []int64{rows, cols}, make([]float32, rows*cols))}
	var archive, member bytes.Buffer
	if err := npy.Write(&member, []int{rows, cols}, make([]float32, rows*cols)); err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(&archive)
	if w, err := z.Create("kernel.npy"); err != nil {
		t.Fatal(err)
	} else if _, err := w.Write(member.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	identity := compute.Identity
	for _, path := range []string{write("m.onnx", onnx.Encode(f)), write("m.npz", archive.Bytes())} {
		most := int64(peak * 4 * rows * cols)
		if n := allocated(func() {
			if _, _, err := Import(path, Choices{Output: &identity, Numbers: true, Layout: InOut}); err != nil {
				t.Error(err)
			}
		}); n > most {
			t.Errorf("%s: allocated %d bytes, expected at most %d", path, n, most)
		}
	}
}

// TestMember checks that a member of an archive must have the size and the checksum that the archive says.
func TestMember(t *testing.T) {
	content := []byte(strings.Repeat("values", 100))
	for _, c := range []struct {
		name   string
		change func(h *zip.FileHeader)
		want   string
	}{
		{"unchanged", func(*zip.FileHeader) {}, ""},
		{"checksum", func(h *zip.FileHeader) { h.CRC32++ }, "checksum"},
		{"longer", func(h *zip.FileHeader) { h.UncompressedSize64++ }, "unexpected EOF"},
		{"shorter", func(h *zip.FileHeader) { h.UncompressedSize64-- }, "zip: "},
		{"huge", func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 30 }, "damaged"},
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateHeader(&zip.FileHeader{Name: "a", Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		c.change(&r.File[0].FileHeader)
		got, err := member(r.File[0])
		if c.want == "" && (err != nil || !bytes.Equal(got, content)) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %d bytes, error %v, want %q", c.name, len(got), err, c.want)
		}
	}
}
