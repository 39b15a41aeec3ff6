package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/internal/ostest"
)

// pngHeader is the beginning of a PNG file of w×h grey pixels, which declares its size.
func pngHeader(w, h uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	chunk = append(binary.BigEndian.AppendUint32(chunk, h), 8, 0, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

// jpegHeader is the beginning of a JPEG file of w×h grey pixels, which declares its size.
func jpegHeader(w, h uint16) []byte {
	b := binary.BigEndian.AppendUint16([]byte("\xff\xd8\xff\xc0\x00\x0b\x08"), h)
	b = binary.BigEndian.AppendUint16(b, w)
	return append(b, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8)
}

func TestLoad(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 40, 30))
	var p, j bytes.Buffer
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, img, nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(data []byte) string {
		path := filepath.Join(dir, "picture")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, data := range map[string][]byte{"PNG": p.Bytes(), "JPEG": j.Bytes()} {
		got, err := Load(file(data))
		if err != nil || got.Bounds() != img.Rect {
			t.Errorf("%s: got %v, error %v", name, got, err)
		}
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"no picture", []byte("a picture, say"), `expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found a file of 14 bytes that begins with "a pictur"`},
		{"empty", nil, "expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture, found an empty file"},
		{"wide", pngHeader(2_000_000_000, 1), "expected a picture of at most 64 million pixels, none of its sides over 30000, found 2000000000x1; scale it down first"},
		{"large", pngHeader(30_000, 30_000), "expected a picture of at most 64 million pixels, none of its sides over 30000, found 30000x30000; scale it down first"},
		{"a large header alone", pngHeader(8_000, 8_000), "truncated picture: a file of 33 bytes cannot hold 8000x8000 pixels"},
		{"a large header of JPEG", jpegHeader(8_000, 8_000), "truncated picture: a file of 19 bytes cannot hold 8000x8000 pixels"},
		{"truncated PNG", p.Bytes()[:40], "truncated picture: the file ends before the picture does"},
		{"truncated JPEG", j.Bytes()[:40], "truncated picture: the file ends before the picture does"},
		{"header only", pngHeader(28, 28), "truncated picture: the file ends before the picture does"},
		{"damaged PNG", append(bytes.Clone(p.Bytes()[:50]), bytes.Repeat([]byte{0xaa}, 100)...), "damaged picture: "},
	} {
		path := file(c.data)
		_, err := Load(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": "+c.want) {
			t.Errorf("%s: got error %v\nwant %s", c.name, err, c.want)
		}
	}
	if _, err := Load(dir); err == nil || err.Error() != dir+": expected a file, found a directory" {
		t.Errorf("got error %v", err)
	}
	path := filepath.Join(dir, "none.png")
	if _, err := Load(path); err == nil || err.Error() != path+": "+ostest.NoFile {
		t.Errorf("got error %v", err)
	}
}
