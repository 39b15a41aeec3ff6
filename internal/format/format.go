// Package format names files of formats that Shadegrad does not read, by their first bytes.
package format

import (
	"bytes"
	"cmp"
	"strings"
)

// HeadSize is the number of bytes that Describe needs from the beginning of a file.
const HeadSize = 512

// python is the start of a conversion that writes the arrays of a file as FILE.npz.
const python = `convert it: python3 -c "import numpy, `

const pnm = "a picture in PGM or PPM; convert it: magick FILE.pgm FILE.png"

// A magic is the beginning of the files of a format.
type magic struct {
	at    int // position of the bytes
	bytes string
	text  string // the format and what to do
}

// magics lists formats. The first match counts.
var magics = []magic{
	{0, "MATLAB 7.3 MAT", `MATLAB 7.3 (MAT); ` + python + `h5py; numpy.savez('FILE.npz', **{k: v[()].T for k, v in h5py.File('FILE.mat').items() if k[0] != '#'})"`},
	{0, "MATLAB 5.0 MAT", `MATLAB (MAT); ` + python + `scipy.io as s; numpy.savez('FILE.npz', **{k: v for k, v in s.loadmat('FILE.mat').items() if k[0] != '_'})"`},
	{0, "\x89HDF\r\n\x1a\n", `HDF5; ` + python + `h5py; numpy.savez('FILE.npz', **{k: v[()] for k, v in h5py.File('FILE.h5').items()})"`},
	{0, "PAR1", `Parquet; ` + python + `pandas, io, PIL.Image as i; numpy.savez('mnist.npz', **{p + k: v for p in ('train', 'test') ` +
		`for d in [pandas.read_parquet(p + '-00000-of-00001.parquet')] ` +
		`for k, v in (('_x', [numpy.array(i.open(io.BytesIO(b['bytes']))) for b in d.image]), ('_y', d.label))})"; a table without pictures: python3 -c "import pandas; pandas.read_parquet('FILE').to_csv('FILE.csv', index=False)"`},
	{0, "ARROW1", `Arrow (Feather); convert it: python3 -c "import pandas; pandas.read_feather('FILE').to_csv('FILE.csv', index=False)"`},
	{0, "SQLite format 3\x00", "SQLite; export the table as CSV: sqlite3 -header -csv FILE 'SELECT * FROM table' > FILE.csv"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of Microsoft Office (such as Excel's xls); save the sheet as CSV"},
	{0, "\x93NUMPY", "a NumPy array (npy); name the directory with the arrays of images and labels, such as x_train.npy and y_train.npy"},
	{0, "BZh", "bzip2; unpack it: bunzip2 -k FILE"},
	{0, "\xfd7zXZ\x00", "xz; unpack it: xz -dk FILE"},
	{0, "\x28\xb5\x2f\xfd", "Zstandard (zstd); unpack it: zstd -d FILE"},
	{0, "7z\xbc\xaf\x27\x1c", "7-Zip (7z); unpack it: 7z x FILE"},
	{0, "Rar!\x1a\x07", "RAR; unpack it: unrar x FILE"},
	{257, "ustar", "a tar archive; unpack it: tar -xf FILE"},
	{0, "P5\n", pnm},
	{0, "P2\n", pnm},
	{0, "P6\n", pnm},
	{0, "P3\n", pnm},
	{0, "%PDF-", "PDF; export its pages as PNG"},
	{8, "CR\x02", "a camera's raw picture (Canon CR2); export it as JPEG"},
	{0, "IIRO", "a camera's raw picture (Olympus ORF); export it as JPEG"},
	{0, "FUJIFILMCCD-RAW", "a camera's raw picture (Fujifilm RAF); export it as JPEG"},
	{0, "version https://git-lfs", "a Git LFS pointer; fetch the file itself: git lfs pull"},
}

// Describe returns the name of the format of a file that begins with head, and after a colon or semicolon what to do.
// It returns an empty string if it does not recognise the format.
func Describe(head []byte) string {
	for _, m := range magics {
		if len(head) > m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return m.text
		}
	}
	switch text := bytes.ToLower(bytes.TrimLeft(head, " \t\r\n\ufeff")); {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return cmp.Or(Zipped(head), "a zip archive; unpack it: unzip FILE")
	case len(head) > 12 && string(head[4:8]) == "ftyp":
		return describeBox(string(head[8:12]))
	case len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5:
		return `a Python pickle; if it is a pair (x, y), ` + python + `pickle; x, y = pickle.load(open('FILE.pkl', 'rb'), encoding='latin1'); ` +
			`numpy.savez('FILE.npz', x=x, y=y)", otherwise name its arrays x_train, y_train, x_test and y_test likewise`
	case bytes.HasPrefix(text, []byte("<svg")), bytes.HasPrefix(text, []byte("<?xml")) && bytes.Contains(text, []byte("<svg")):
		return "SVG; export it as PNG"
	case bytes.HasPrefix(text, []byte(`{"`)), bytes.HasPrefix(text, []byte(`[{`)):
		return `JSON; convert it: python3 -c "import pandas; pandas.read_json('FILE').to_csv('FILE.csv', index=False)", with lines=True if each line is an object`
	case bytes.HasPrefix(text, []byte("<")):
		return "a web page; the download went wrong"
	}
	return ""
}

// Zipped is Describe for a zip archive of another format, by the name of its first member. It returns an empty string for
// other archives.
func Zipped(head []byte) string {
	const fixed = 30 // bytes before the name
	name := ""
	if len(head) > fixed {
		name = string(head[fixed:min(len(head), fixed+int(head[26])+int(head[27])<<8)])
	}
	switch {
	case strings.HasSuffix(name, "data.pkl"), strings.Contains(name, "/.format_version"), strings.Contains(name, "/byteorder"):
		return `PyTorch (pt); ` + python + `torch; x, y = torch.load('FILE.pt'); numpy.savez('FILE.npz', x=x.numpy(), y=y.numpy())"`
	case name == "[Content_Types].xml", strings.HasPrefix(name, "xl/"), strings.HasPrefix(name, "_rels/"), name == "docProps/app.xml":
		return "a file of Microsoft Office (such as Excel's xlsx); save the sheet as CSV"
	case name == "mimetype":
		return "a file of LibreOffice (such as Calc's ods); save the sheet as CSV"
	}
	return ""
}

// describeBox is Describe for a file of ISO's base media format, by its brand.
func describeBox(brand string) string {
	switch brand {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
		return "HEIC, the format of iPhones; export it as JPEG"
	case "avif", "avis":
		return "AVIF; export it as PNG or JPEG"
	case "crx ":
		return "a camera's raw picture (Canon CR3); export it as JPEG"
	}
	return "a video (MP4 or QuickTime); export a frame as PNG"
}
