package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
	"shadegrad/internal/predict"
	"shadegrad/internal/report"
	"shadegrad/internal/sample"
)

// TestPredictAgreesWithEval checks for every form of data set that predict gives the network the same input as eval for
// each picture, and that the answers for the data set as a whole are as often right.
func TestPredictAgreesWithEval(t *testing.T) {
	for i, c := range []struct{ name, data, flags string }{
		{"IDX", smallData(t), ""},
		{"IDX, padded", smallData(t), "-pad=33x30"},
		{"dark pictures", "black_on_white", ""},
		{"dark pictures, padded", "black_on_white", "-pad=32x32"},
		{"pictures with alpha", "black_ink_on_nothing", ""},
		{"pictures that are not centred", "where_in_the_picture", ""},
		{"pictures of several sizes", "sizes_differ", "-resize=24x24"},
		{"BMP", "bmp_only", ""},
		{"EMNIST", "../emnist_letters", ""},
		{"npz", "../containers/mnist.npz", ""},
		{"pixels to 255", "../csv/label_last_called_y_14x14.csv", ""},
		{"pixels to 16", "../csv/pixels_0_to_16_8x8.csv", ""},
		{"pixels to 1", "../csv/pixels_0_and_1_14x14.csv", "-pad=20x20"},
		{"rows of numbers", "../csv/text_label_last_called_species.csv", "-standardise"},
		{"rows with one-hot labels", "../csv/pen_16_columns_label_last.csv", "-standardise"},
	} {
		if sample.Skip(i, 3) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			p, data := at(t), c.data
			if !filepath.IsAbs(data) {
				data = repository(t, filepath.Join("testdata/cases/pictures", data))
			}
			p.run(append([]string{"train", "-backend=cpu", "-seed=1", "-hidden=16", "-epochs=4", "-save=m", "-data=" + data}, strings.Fields(c.flags)...)...).is(0)
			m, err := model.Load(p.path("m"))
			if err != nil {
				t.Fatal(err)
			}
			part := dataset.AllParts
			if c.data == smallData(t) || c.name == "EMNIST" || c.name == "npz" {
				part = dataset.TestPart
			}
			form := m.About.Form
			form.Numbers, form.Learned = m.About.Numbers, m.Learned()
			d, err := form.OpenPart(data, part)
			if err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(data, "*", "*.*"))
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case len(files) > 0:
				sameInputs(t, m, d, files)
			case !m.About.Numbers:
				form.Pad = dataset.Size{}
				plain, err := form.OpenPart(data, part)
				if err != nil {
					t.Fatal(err)
				}
				for i := range d.Test.Len() {
					var file bytes.Buffer
					img := &image.Gray{Pix: plain.Test.Image(i), Stride: plain.Test.Width, Rect: image.Rect(0, 0, plain.Test.Width, plain.Test.Height)}
					if err := png.Encode(&file, img); err != nil {
						t.Fatal(err)
					}
					put(t, p.path("one.png"), file.Bytes())
					if got := inputOf(t, m, p.path("one.png")); !bytes.Equal(got, d.Test.Image(i)) {
						t.Fatalf("image %d differs", i)
					}
				}
			}

			var e report.EvalEvent
			out := p.run("eval", "-backend=cpu", "-json", "-model=m", "-split="+string(part), "-data="+data).is(0).stdout
			if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &e); err != nil {
				t.Fatal(err)
			}
			p.run("predict", "-model=m", "-o=p.csv", data).is(0, fmt.Sprintf("wrote %d predictions to p.csv", e.Images))
			hits := 0
			for i, row := range predicted(t, p.path("p.csv")) {
				class := filepath.Dir(row[0])
				if len(files) == 0 {
					class = report.ClassName(m, int(d.Test.Labels[i]))
				}
				if row[1] == class {
					hits++
				}
			}
			if want := int(math.Round(*e.Acc * float64(e.Images))); hits != want {
				t.Errorf("predict is right about %d of %d, eval about %d", hits, e.Images, want)
			}
		})
	}
}

// inputOf returns the input of a network for a picture.
func inputOf(t *testing.T, m *model.Model, file string) []byte {
	t.Helper()
	img, err := picture.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := predict.Prepare(m, img)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %d inputs, error %v", file, len(list), err)
	}
	return list[0]
}

// sameInputs checks that the inputs for the pictures are the images of a data set, in any order.
func sameInputs(t *testing.T, m *model.Model, d *dataset.Data, files []string) {
	t.Helper()
	var got, want []string
	for _, file := range files {
		got = append(got, string(inputOf(t, m, file)))
	}
	for i := range d.Test.Len() {
		want = append(want, string(d.Test.Image(i)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the inputs of %d pictures are not the %d images of the data set", len(got), len(want))
	}
}

// predicted returns the rows of a file of predictions.
func predicted(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 || rows[0][1] != "Label" {
		t.Fatalf("%s: %v, error %v", file, rows, err)
	}
	return rows[1:]
}
