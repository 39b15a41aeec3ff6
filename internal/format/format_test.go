package format

import (
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	zip := func(name string) string {
		return "PK\x03\x04" + strings.Repeat("\x00", 22) + string([]byte{byte(len(name)), 0}) + "\x00\x00" + name + "content"
	}
	for _, c := range []struct{ head, want string }{
		{"\x00\x00\x00\x1cftypheic\x00", "HEIC, the format of iPhones; export it as JPEG"},
		{"\x00\x00\x00\x1cftypmif1\x00", "HEIC, the format of iPhones; export it as JPEG"},
		{"\x00\x00\x00\x1cftypavif\x00", "AVIF; "},
		{"\x00\x00\x00\x1cftypisom\x00", "a video "},
		{"II*\x00\x10\x00\x00\x00CR\x02\x00", "a camera's raw picture "},
		{"\x89HDF\r\n\x1a\n", "HDF5; convert it: python3"},
		{"MATLAB 5.0 MAT-file", "MATLAB (MAT); convert it: python3"},
		{"MATLAB 7.3 MAT-file", "MATLAB 7.3 (MAT); convert it: python3"},
		{"\x80\x02}q", "a Python pickle; "},
		{"\x80\x05\x95", "a Python pickle; "},
		{"PAR1\x15", "Parquet; convert it: python3"},
		{"ARROW1\x00\x00", "Arrow "},
		{"BZh9", "bzip2; unpack it"},
		{"\xfd7zXZ\x00", "xz; unpack it"},
		{"\x28\xb5\x2f\xfd", "Zstandard (zstd); unpack it"},
		{"7z\xbc\xaf\x27\x1c", "7-Zip (7z); unpack it"},
		{"Rar!\x1a\x07\x01", "RAR; unpack it"},
		{"mnist/" + strings.Repeat("\x00", 251) + "ustar\x0000", "a tar archive; unpack it"},
		{zip("mnist.csv"), "a zip archive; unpack it"},
		{zip("training/data.pkl"), "PyTorch (pt); convert it: python3"},
		{zip("mimetype"), "a file of LibreOffice (such as Calc's ods); save the sheet as CSV"},
		{"P5\n28 28\n255\n", "a picture in PGM or PPM; convert it: magick FILE.pgm FILE.png"},
		{zip("[Content_Types].xml"), "a file of Microsoft Office (such as Excel's xlsx); save the sheet as CSV"},
		{zip("x_train.npy"), "a zip archive; unpack it"},
		{"PK\x03\x04abc", "a zip archive; "},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of Microsoft Office (such as Excel's xls); save the sheet as CSV"},
		{"SQLite format 3\x00", "SQLite; export the table as CSV"},
		{"%PDF-1.4", "PDF; "},
		{"<?xml version=\"1.0\"?>\n<svg>", "SVG; "},
		{" <!DOCTYPE html><html>", "a web page; the download went wrong"},
		{"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer; fetch the file itself"},
	} {
		if got := Describe([]byte(c.head)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%.20q: got %q, want %q", c.head, got, c.want)
		}
	}
}

// TestDescribeData checks that no file that Shadegrad reads counts as unsupported, however short.
func TestDescribeData(t *testing.T) {
	for _, head := range []string{"", "\x80", "PK", "label,a,b\n", "5,0,0\n", "\x00\x00\x08\x03\x00\x00\xea\x60", "\x1f\x8b\x08\x00",
		"\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0", "version,speed\n1,2", "\x00\x00\x00\x1cftyp"} {
		for n := range len(head) + 1 {
			if got := Describe([]byte(head[:n])); got != "" {
				t.Errorf("%q: got %q, want none", head[:n], got)
			}
		}
	}
}
