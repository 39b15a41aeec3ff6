package dataset

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/internal/bounded"
)

// FuzzOpen opens a file of any name and content, alone or among the files of a data set, as data and as samples to
// predict.
func FuzzOpen(f *testing.F) {
	sets := []map[string][]byte{
		{},
		{"train.csv": []byte("label,a,b\n0,1,2\n1,2,3\n"), "test.csv": []byte("label,b,a\n1,2,3\n")},
		{"0/a.png": greyPNG(f, 2, 1, 1, 200), "1/b.png": greyPNG(f, 2, 1, 200, 1), "1/c.png": greyPNG(f, 2, 1, 220, 1)},
		{},
	}
	for name, data := range tiny() {
		sets[3]["emnist-letters-"+strings.Replace(name, "t10k", "test", 1)] = data
	}
	for _, seed := range []struct{ name, data string }{
		{"emnist-letters-mapping.txt", "0 65 97\n1 66\n6 67\n"}, {"emnist-letters-test-labels-idx1-ubyte", string(labels(6))},
		{"train-images-idx3-ubyte", string(images(1, 2, 2, 1, 2, 3, 4))}, {"labels.csv", "name,label\na.png,3\nb.png,4\nc.png,4\n"},
		{"train/1/a.bmp", "BM"}, {"MNIST/raw/train.csv", "1,2\n0,3\n"}, {"a.svm", "1 3:0.5\n-1 2:1\n"}, {"a.arff", "@relation r\n@attribute c {x,y}\n@data\nx\n"},
		{"sample_submission.csv", "ImageId,Label\n1,0\n"}, {"x.h5", "\x89HDF\r\n\x1a\n"}, {"x.pkl", "\x80\x04\x95"}, {"x.tra", "1,2,3\n0,1,2\n"},
		{"x.npy", string(npyLabels(0, 1))}, {"mnist.npz", string(zipped(f, map[string][]byte{"x_train.npy": npyLabels(1, 2), "y_train.npy": npyLabels(0, 1)}))},
	} {
		for set := range sets {
			f.Add(byte(set), seed.name, []byte(seed.data))
		}
	}
	f.Fuzz(func(t *testing.T, set byte, name string, data []byte) {
		if !fs.ValidPath(name) || name == "." {
			return
		}
		fsys := fstest.MapFS{name: {Data: data}}
		for other, data := range sets[int(set)%len(sets)] {
			if fsys[other] == nil && !strings.HasPrefix(other, name+"/") && !strings.HasPrefix(name, other+"/") {
				fsys[other] = &fstest.MapFile{Data: data}
			}
		}
		p := place{fsys: fsys, name: "DIR", prefix: "DIR/", available: 1 << 26, testOnly: len(data)%2 == 1}
		bounded.Check(t, func() {
			d, err := p.open()
			check(t, d, err)
			if !strings.Contains(name, "/") {
				d, err = p.openFile(name)
				check(t, d, err)
			}
			p.samples(name, Size{2, 1}, &Samples{})
		})
	})
}

// check checks that a data set is complete, or that the error names it.
func check(t *testing.T, d *Data, err error) {
	t.Helper()
	if err != nil {
		if !strings.Contains(err.Error(), "DIR") {
			t.Errorf("no file is named: %v", err)
		}
		return
	}
	for _, s := range []*Set{&d.Train, &d.Test, &d.Validation} {
		if n := s.Len(); len(s.Images)+len(s.Values) != n*s.Features() {
			t.Errorf("%d samples of %d features, %d pixels and %d numbers", n, s.Features(), len(s.Images), len(s.Values))
		}
		if s.Classes > 0 {
			if err := s.CheckLabels(s.Classes); err != nil {
				t.Error(err)
			}
		}
	}
}
