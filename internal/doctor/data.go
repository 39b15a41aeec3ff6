package doctor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"shadegrad/internal/dataset"
	"shadegrad/testdata"
)

// data checks the built-in data set and, if given, the user's. The verdict is that of the user's.
func (x *exam) data() verdict {
	v := x.builtIn()
	if x.Data == "" {
		return v
	}
	s := Step{Name: "data directory", Status: OK}
	d, err := x.openData(x.Data, x.Form)
	if err != nil {
		remedy, damage := "correct what the message names", dataset.Damage{}
		if errors.As(err, &damage) {
			remedy = "download the named file again"
		}
		return x.end(s.fail(err.Error(), []string{remedy + ", or omit -data to use the built-in MNIST"}))
	}
	s.Found = x.Data + ": " + describeData(d)
	digests := idxDigests
	if d.Train.Values != nil || d.Look.Inverted || d.Look.Transposed || d.Look.White != 0 || x.Form != (dataset.Form{}) { // not as in IDX files
		digests = setDigests
	}
	for _, f := range digests(d) {
		s.Values = append(s.Values, Value{Name: f.name, Value: "sha256 " + f.sum})
	}
	return x.end(s)
}

// builtIn compares the built-in data set with the published digests.
func (x *exam) builtIn() verdict {
	s := Step{Name: "data", Status: OK}
	d, err := x.openData("", dataset.Form{})
	if err == nil {
		s.Found = d.Name + ": " + describeData(d) + "; as published, by SHA-256"
		err = published(d)
	}
	if err != nil {
		s.fail(err.Error(), []string{"the program itself is damaged: build or install it again"})
	}
	return x.end(s)
}

// describeData returns the number and the shape of a data set's samples.
func describeData(d *dataset.Data) string {
	t := &d.Train
	samples := fmt.Sprintf("images of %d×%d", t.Width, t.Height)
	if t.Values != nil {
		samples = fmt.Sprintf("rows with %d columns of numbers", t.Width)
	}
	if t.Outputs > 0 {
		return fmt.Sprintf("%d training and %d test %s, and %d of targets", t.Len(), d.Test.Len(), samples, t.Outputs)
	}
	return fmt.Sprintf("%d training and %d test %s in %d classes", t.Len(), d.Test.Len(), samples, t.Classes)
}

// setDigests returns the SHA-256 of both sets, as in a certificate.
func setDigests(d *dataset.Data) []digest {
	return []digest{{"training set", d.Train.Digest()}, {"test set", d.Test.Digest()}}
}

// published compares the built-in data set with the published digests.
func published(d *dataset.Data) error {
	text, err := fs.ReadFile(testdata.MNIST, "mnist/SHA256SUMS.raw.txt")
	if err != nil {
		return err
	}
	want := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) == 2 {
			want[f[1]] = f[0]
		}
	}
	for _, f := range idxDigests(d) {
		if f.sum != want[f.name] {
			return fmt.Errorf("%s: %s: expected SHA-256 %s, found %s", d.Name, f.name, want[f.name], f.sum)
		}
	}
	return nil
}

// A digest is the SHA-256 of a set or of an uncompressed file.
type digest struct{ name, sum string }

// idxDigests returns the SHA-256 of a data set's uncompressed IDX files, under the names of MNIST's.
func idxDigests(d *dataset.Data) []digest {
	var list []digest
	for _, part := range []struct {
		prefix string
		set    *dataset.Set
	}{{"train", &d.Train}, {"t10k", &d.Test}} {
		s := part.set
		list = append(list,
			digest{part.prefix + "-images-idx3-ubyte", idxSum(s.Images, s.Len(), s.Height, s.Width)},
			digest{part.prefix + "-labels-idx1-ubyte", idxSum(s.Labels, s.Len())})
	}
	return list
}

// idxSum returns the SHA-256 of an IDX file of bytes in an array of these sizes: a magic number (8 for bytes, and the number
// of dimensions), the sizes, the values.
func idxSum(values []byte, sizes ...int) string {
	h := sha256.New()
	header := binary.BigEndian.AppendUint32(nil, 8<<8|uint32(len(sizes)))
	for _, n := range sizes {
		header = binary.BigEndian.AppendUint32(header, uint32(n))
	}
	h.Write(header) // a hash's Write returns no error
	h.Write(values)
	return hex.EncodeToString(h.Sum(nil))
}
