package doctor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"shadegrad/internal/dataset"
	"shadegrad/internal/train"
	"shadegrad/testdata"
)

// data looks at the built-in data set, and at the directory if one is given, which is then what counts.
func (x *exam) data() verdict {
	v := x.builtIn()
	if x.Data == "" {
		return v
	}
	s := Step{Name: "data directory", Status: OK}
	d, err := x.openData(x.Data, x.Form)
	if err != nil {
		s.Status, s.Found = Failed, err.Error()
		s.Advice = []string{"get the named file anew from where the data set is published, or leave out -data to use the built-in MNIST"}
		x.add(s)
		return verdict{why: s.Found}
	}
	s.Found = x.Data + ": " + describeData(d)
	digests := idxDigests
	if d.Train.Values != nil || x.Form != (dataset.Form{}) { // which no IDX file has, or is read into
		digests = setDigests
	}
	for _, f := range digests(d) {
		s.Values = append(s.Values, Value{Name: f.name, Value: "sha256 " + f.sum})
	}
	x.add(s)
	return verdict{ok: true}
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
		s.Status, s.Found, s.Advice = Failed, err.Error(), []string{"the program itself is damaged: build or install it again"}
	}
	x.add(s)
	return verdict{s.Status == OK, s.Found}
}

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

// setDigests returns the SHA-256 of both sets, as a certificate has them.
func setDigests(d *dataset.Data) []digest {
	return []digest{{"training set", train.SetDigest(&d.Train)}, {"test set", train.SetDigest(&d.Test)}}
}

// published compares a data set with the digests that the program carries.
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

// A digest is that of a file, uncompressed.
type digest struct{ name, sum string }

// idxDigests returns the SHA-256 of the files that a data set was read from, as they are uncompressed, by the names of MNIST's.
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

// idxSum returns the SHA-256 of the IDX file of values in an array of these sizes: a magic number, 8 for bytes and the number
// of dimensions in its lower half, the sizes, the values.
func idxSum(values []byte, sizes ...int) string {
	h := sha256.New()
	header := binary.BigEndian.AppendUint32(nil, 8<<8|uint32(len(sizes)))
	for _, n := range sizes {
		header = binary.BigEndian.AppendUint32(header, uint32(n))
	}
	h.Write(header) // never fails, nor does the next
	h.Write(values)
	return hex.EncodeToString(h.Sum(nil))
}
