package dataset

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/bounded"
	"shadegrad/internal/picture"
	"shadegrad/internal/unpack"
)

// FuzzCSV reads arbitrary text. The result must not depend on the sizes of the reads, and each accepted file must have two
// columns and labels below the number of classes.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{table4, testTable4, "x;y;label\n1,5;\"a\"\n", "1\t2\t3\r\n4\t5\t6\r\n\r\n", " 1  2   3\n4 5 6e-3 \n",
		"\ufefflabel,\"a \"\"b\"\"\"\n\"1\", \"2\"\n", "1,2\n0,1e39\n", "1,2\n300,1\n", "0,nan\n", "1,2\n\n3,4\n", "1 3:0.5 7:1\n-1 2:1 # x\n",
		"@relation r\n@attribute 'a b' numeric\n@attribute c {x,y}\n@data\n1,x\n2,'y'\n", "l,pixels,Usage\n1,0 2,Training\n0,3 4,PublicTest\n",
		",0,1,2,3\n0,1,0,0,1\n1,0,1,0,2\n2,0,0,1,3\n", "id,y,a\r1,no,2\r2,yes,3\r"} {
		for targets := range 3 {
			f.Add([]byte(text), targets)
		}
		f.Add([]byte(text), 4)
		f.Add([]byte(text), 5)
		f.Add(deflated(f, []byte(text), 9), 0)
	}
	reads := []string{"one byte", "half", "data with EOF"}
	f.Fuzz(func(t *testing.T, data []byte, targets int) {
		var o Form
		switch targets {
		case -3, -2, -1, 0, 1, 2, 3:
			o = Form{Targets: Columns{max(targets, -targets), targets < 0}}
		case 4:
			o = Form{Label: "last", Ignore: "1"}
		case 5:
			o = Form{OneHot: 2}
		default:
			return
		}
		if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			const long = 1 << 18 // takes seconds, read byte by byte
			if n, _ := io.CopyN(io.Discard, z, long); n == long {
				return
			}
		}
		all := allReads(data)
		read := func(reads string) (sets []Set, err error) {
			bounded.Check(t, func() {
				sets, _, err = place{fsys: all[reads], form: o, available: 1 << 28}.loadTables("f")
			})
			return sets, err
		}
		sets, err := read("large")
		if reads := reads[len(data)%len(reads)]; len(data) > 0 {
			others, otherErr := read(reads)
			// Damage of the compression is found earlier or later than that of the text.
			if (err == nil) != (otherErr == nil) || !unpack.IsGzip(data) && fmt.Sprint(err) != fmt.Sprint(otherErr) {
				t.Fatalf("error %v, with reads of %s %v", err, reads, otherErr)
			}
			for i := range sets {
				got, other := sets[i], others[i]
				if !bytes.Equal(got.Images, other.Images) || !slices.Equal(got.Values, other.Values) ||
					!bytes.Equal(got.Labels, other.Labels) || !slices.Equal(got.Targets, other.Targets) {
					t.Fatalf("reads of %s give other data", reads)
				}
			}
		}
		for _, s := range sets {
			if s.Features() < 1 || s.Len() < 1 || len(s.Images)+len(s.Values) != s.Len()*s.Features() {
				t.Fatalf("%d samples of %d features, %d bytes and %d numbers", s.Len(), s.Features(), len(s.Images), len(s.Values))
			}
			for i := range s.Len() {
				s.place(i, s.Features()-1)
			}
		}
	})
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
		var d *Data
		var err error
		bounded.Check(t, func() { d, err = place{fsys: fsys, name: "DIR", prefix: "DIR/", available: 1 << 20}.open() })
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
