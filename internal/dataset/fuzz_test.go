package dataset

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/picture"
)

// FuzzCSV reads arbitrary text. An accepted file must agree with a simpler reader, and must not depend on the sizes of
// the reads.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{table4, testTable4, "x;y;label\n1,5;\"a\"\n", "1\t2\t3\r\n4\t5\t6\r\n\r\n", " 1  2   3\n4 5 6e-3 \n",
		"\ufefflabel,\"a \"\"b\"\"\"\n\"1\", \"2\"\n", "1,2\n0,1e39\n", "1,2\n300,1\n", "0,nan\n", "1,2\n\n3,4\n"} {
		for targets := range 3 {
			f.Add([]byte(text), targets)
		}
		f.Add(deflated(f, []byte(text), 9), 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, targets int) {
		if targets < -3 || targets > 3 {
			return
		}
		o := Options{Targets: max(targets, -targets), TargetsFirst: targets < 0}
		read := func(fsys fs.FS) (*tableFile, *table, error) {
			file, err := examine(textFile{fsys, "f"}, "f", o, 1<<30)
			if err != nil {
				return nil, nil, err
			}
			rows, err := file.load(file.bytes, o, plenty())
			if row, ok := err.(*rowError); ok && row.number != "" {
				rows, err = file.load(false, o, plenty())
			}
			return file, rows, err
		}
		all := allReads(data)
		file, got, err := read(all["large"])
		for reads, fsys := range all {
			_, other, otherErr := read(fsys)
			// Damage of the compression is found earlier or later than that of the text.
			if (err == nil) != (otherErr == nil) || !isGzip(data) && fmt.Sprint(err) != fmt.Sprint(otherErr) {
				t.Fatalf("error %v, with reads of %s %v", err, reads, otherErr)
			}
			if err == nil && (!bytes.Equal(got.images, other.images) || !slices.Equal(got.values, other.values) ||
				!bytes.Equal(got.labels, other.labels) || !slices.Equal(got.targets, other.targets)) {
				t.Fatalf("reads of %s give other data", reads)
			}
		}
		if err != nil {
			return
		}
		text := data
		if isGzip(data) {
			if text, err = unzip(data); err != nil {
				t.Fatalf("accepted, but compress/gzip: %v", err)
			}
		}
		plainRows(t, file, got, strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n"))
	})
}

// plainRows compares a table with its lines, read with package encoding/csv where there are quotes.
func plainRows(t *testing.T, f *tableFile, got *table, lines []string) {
	t.Helper()
	for len(lines) > 0 && strings.Trim(lines[len(lines)-1], " \r") == "" {
		lines = lines[:len(lines)-1]
	}
	lines = lines[f.firstLine()-1:]
	if len(lines) != f.rows {
		t.Fatalf("%d rows in %d lines", f.rows, len(lines))
	}
	for row, line := range lines {
		line = strings.TrimRight(line, " \r")
		var cells []string
		switch {
		case strings.Contains(line, `"`):
			r := csv.NewReader(strings.NewReader(line))
			r.Comma, r.TrimLeadingSpace = rune(f.separator), true
			var err error
			if cells, err = r.Read(); err != nil || f.separator == ' ' {
				continue // it refuses a space after a quote, and each space is a separator
			}
		case f.separator == ' ':
			cells = strings.FieldsFunc(line, func(c rune) bool { return c == ' ' })
		default:
			cells = strings.Split(line, string(f.separator))
		}
		if len(cells) != f.columns {
			t.Fatalf("row %d: %d cells, want %d", row, len(cells), f.columns)
		}
		feature := row * f.features()
		for column, cell := range cells {
			want, err := strconv.ParseFloat(strings.Trim(cell, " "), 32)
			if err != nil {
				t.Fatalf("row %d: cell %q was accepted", row, cell)
			}
			var value float32
			switch {
			case column < f.first || column > f.last:
				if got.images != nil {
					value = float32(got.images[feature])
				} else {
					value = got.values[feature]
				}
				feature++
			case got.targets != nil:
				value = got.targets[row*f.answers()+column-f.first]
			default:
				value = float32(got.labels[row])
			}
			if value != float32(want) {
				t.Fatalf("row %d, column %d: %q is %v", row, column, cell, value)
			}
		}
	}
}

// FuzzImages reads arbitrary bytes as a picture among good ones. An accepted one must agree with package picture.
func FuzzImages(f *testing.F) {
	good := greyPNG(f, 3, 2, 1, 2, 3, 4, 5, 6)
	f.Add(good)
	f.Add(good[:len(good)-12])
	f.Add(hugePNG(1<<31-1, 1<<31-1))
	f.Add(hugePNG(3, 2))
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 40)
	}
	f.Add(encoded(f, img))
	f.Add(encoded(f, image.NewPaletted(image.Rect(0, 0, 3, 2), color.Palette{color.Black, color.White})))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"train/a/1.png": &fstest.MapFile{Data: data}, "train/b/1.png": &fstest.MapFile{Data: good},
			"test/a/1.jpg": &fstest.MapFile{Data: data}}
		d, err := place{fsys: fsys, name: "DIR", prefix: "DIR/", available: 1 << 20}.open()
		if err != nil {
			if !strings.HasPrefix(err.Error(), "DIR/") {
				t.Errorf("no file is named: %v", err)
			}
			return
		}
		file, err := picture.New(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("accepted, but %v", err)
		}
		img, err := file.Decode()
		if err != nil {
			t.Fatalf("accepted, but %v", err)
		}
		grey := slices.Clone(picture.Grey(picture.Scale(img, picture.White(img))).Pix)
		if d.Train.Width != 3 || d.Train.Height != 2 || !bytes.Equal(d.Train.Images, append(grey, 1, 2, 3, 4, 5, 6)) || !bytes.Equal(d.Test.Images, d.Train.Image(0)) {
			t.Errorf("got %+v", d)
		}
	})
}

// FuzzDecimal compares the readers of numbers with math/big, bit by bit.
func FuzzDecimal(f *testing.F) {
	for _, number := range []string{"0", "-0", "+1.5", ".5", "5.", ".", "-", "", "1e5", "1e", "1e+", "1.e-3", "16777217", "16777217.0001", "0.1",
		"3.4028235e38", "3.4028236e38", "1.1754944e-38", "1e-45", "123456789012345", "1234567890123456", "1e0000", "0e99999", "7.038531e-26", "1..2", "0x1p3",
		"7", "007", "255", "256", "255.0", "2.5e2", "-1", "1_0", "inf", "NaN"} {
		f.Add([]byte(number))
	}
	f.Fuzz(func(t *testing.T, cell []byte) {
		checkNumber(t, string(cell))
	})
}

var decimalForm = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// checkNumber compares parseNumber and parseByte with math/big.
func checkNumber(t *testing.T, cell string) {
	t.Helper()
	got, err := parseNumber([]byte(cell))
	b, byteErr := parseByte([]byte(cell))
	if !decimalForm.MatchString(cell) || len(cell) > maxNumber {
		if err != errNotNumber && err != errNotFinite || byteErr != err {
			t.Fatalf("%q is not a number, got %v and %v, errors %v and %v", cell, got, b, err, byteErr)
		}
		return
	}
	var want float32
	if _, exponent, _ := strings.Cut(strings.ToLower(cell), "e"); len(strings.TrimLeft(exponent, "+-0")) < 5 {
		// 400 digits and a power of five of 5,000 take fewer bits than this.
		exact, _, bad := big.ParseFloat(cell, 10, 20_000, big.ToNearestEven)
		if bad != nil {
			t.Fatal(bad)
		}
		want, _ = exact.Float32()
	} else if v, _ := strconv.ParseFloat(cell, 32); true {
		want = float32(v) // 0 or infinite
	}
	switch {
	case math.IsInf(float64(want), 0):
		if err != errTooLarge || byteErr != errTooLarge {
			t.Fatalf("%q is too large, got %v and %v, errors %v and %v", cell, got, b, err, byteErr)
		}
	case err != nil || math.Float32bits(got) != math.Float32bits(want):
		t.Fatalf("%q is %v, want %v; error %v", cell, got, want, err)
	case want >= 0 && want <= math.MaxUint8 && want == float32(math.Trunc(float64(want))):
		if byteErr != nil || float32(b) != want {
			t.Fatalf("%q is the byte %v, error %v", cell, b, byteErr)
		}
	case byteErr != errNotByte:
		t.Fatalf("%q is the byte %v, error %v", cell, b, byteErr)
	}
}
