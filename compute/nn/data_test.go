package nn_test

import (
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"shadegrad/compute/nn"
)

// blobs returns points around (1000, 2) and (1004, 1), by class.
func blobs(n int) nn.Samples {
	r := rand.New(rand.NewPCG(1, 2))
	var s nn.Samples
	for i := range n {
		x, y := r.NormFloat64(), r.NormFloat64()/4
		s.Rows = append(s.Rows, []float32{float32(1000+4*(i%2)) + float32(x), float32(2-i%2) + float32(y)})
		s.Labels = append(s.Labels, i%2)
	}
	return s
}

// TestRows trains on rows that need standardising, and predicts rows that are not standardised, also with the saved network.
func TestRows(t *testing.T) {
	samples := blobs(500)
	first := slices.Clone(samples.Rows[0])
	own := nn.Own{Train: samples, ClassNames: []string{"west", "east"}}
	network, err := nn.Train(t.Context(), own, nn.Options{Hidden: []int{8}, Flags: []string{"-standardise"}, Backend: nn.CPU})
	if err != nil {
		t.Fatal(err)
	}
	if network.Training.Samples != 400 || !strings.Contains(network.Training.Note, "100 of its 500 samples") || network.TestAccuracy() < 0.9 {
		t.Errorf("%+v, test accuracy %v", network.Training, network.TestAccuracy())
	}
	if !slices.Equal(samples.Rows[0], first) {
		t.Error("Train has changed the samples")
	}
	if w, h := network.ImageSize(); w != 0 || h != 0 || !slices.Equal(network.Sizes(), []int{2, 8, 2}) || !slices.Equal(network.Classes(), own.ClassNames) {
		t.Errorf("%v, %v×%v, %v", network.Sizes(), w, h, network.Classes())
	}
	if err := network.Save("blobs.safetensors"); err != nil {
		t.Fatal(err)
	}
	loaded, err := nn.Load("blobs.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]float32{{1000, 2}, {1004, 1}}
	for _, n := range []*nn.Network{network, loaded} {
		list, err := n.PredictRows(rows)
		if err != nil || len(list) != 2 || list[0].Name != "west" || list[1].Name != "east" || list[1].Class != 1 || list[1].Outputs[1] < 0.9 {
			t.Errorf("%+v, %v", list, err)
		}
		one, err := n.Predict(rows[1])
		if err != nil || one.Name != "east" || math.Abs(float64(one.Outputs[1]-list[1].Outputs[1])) > 1e-5 {
			t.Errorf("%+v, %v, together with another %+v", one, err, list[1])
		}
	}
	if rows[0][0] != 1000 {
		t.Error("PredictRows has changed the rows")
	}
	for want, err := range map[string]error{
		"not of 3":            second(network.Predict([]float32{1, 2, 3})),
		"rows[1] has 1":       second(network.PredictRows([][]float32{{1, 2}, {1}})),
		"rows[0][1] is NaN":   second(network.Predict([]float32{1, float32(math.NaN())})),
		"not images":          second(network.PredictImages(image.NewGray(image.Rect(0, 0, 2, 1)))),
		"nothing.png":         second(network.PredictFile("nothing.png")),
		"nothing.safetensors": second(nn.Load("nothing.safetensors")),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestRegression learns y = a − 2b, 3.
func TestRegression(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	make := func(n int) (s nn.Samples) {
		for range n {
			a, b := r.Float32(), r.Float32()
			s.Rows, s.Targets = append(s.Rows, []float32{a, b}), append(s.Targets, []float32{a - 2*b, 3})
		}
		return s
	}
	network, err := nn.Train(t.Context(), nn.Own{Train: make(400), Test: make(50)}, nn.Options{Hidden: []int{}, Epochs: 100, LearningRate: 0.3, Backend: nn.CPU})
	if err != nil {
		t.Fatal(err)
	}
	y, err := network.Predict([]float32{0.5, 0.25})
	if err != nil || y.Class != -1 || y.Name != "" || math.Abs(float64(y.Outputs[0])) > 0.01 || math.Abs(float64(y.Outputs[1]-3)) > 0.01 {
		t.Errorf("%+v, %v", y, err)
	}
	if network.Classes() != nil || network.Training.TestLoss > 1e-4 || network.Training.Samples != 400 || !slices.Equal(network.Sizes(), []int{2, 2}) {
		t.Errorf("%v, %v, %+v", network.Classes(), network.Sizes(), network.Training)
	}
}

// bar draws a bar of dark ink on light paper, upright for class 1.
func bar(at, class int) image.Image {
	img := image.NewRGBA(image.Rect(3, 3, 15, 15))
	for y := 3; y < 15; y++ {
		for x := 3; x < 15; x++ {
			ink := x >= 5 && x < 13 && y == at
			if class == 1 {
				ink = y >= 5 && y < 13 && x == at
			}
			img.Set(x, y, color.White)
			if ink {
				img.Set(x, y, color.RGBA{20, 0, 40, 255})
			}
		}
	}
	return img
}

// TestImages trains on coloured images of dark ink, and predicts them and light ink, from several goroutines.
func TestImages(t *testing.T) {
	var train nn.Samples
	for i := range 200 {
		train.Images, train.Labels = append(train.Images, bar(5+i/2%8, i%2)), append(train.Labels, i%2)
	}
	network, err := nn.Train(t.Context(), nn.Own{Train: train}, nn.Options{Hidden: []int{16}, Epochs: 30, Backend: nn.CPU})
	if err != nil {
		t.Fatal(err)
	}
	if w, h := network.ImageSize(); w != 12 || h != 12 || !slices.Equal(network.Classes(), []string{"0", "1"}) {
		t.Errorf("%d×%d, classes %v", w, h, network.Classes())
	}
	light := image.NewGray(image.Rect(0, 0, 12, 12))
	for y := 2; y < 10; y++ {
		light.SetGray(6, y, color.Gray{230})
	}
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			list, err := network.PredictImages(bar(8, 0), bar(9, 1), light)
			if err != nil || len(list) != 3 || list[0].Name != "0" || list[1].Name != "1" || list[2].Class != 1 {
				t.Errorf("%+v, %v", list, err)
			}
		}()
	}
	all.Wait()
	if list, err := network.PredictImages(); list != nil || err != nil {
		t.Errorf("no image: %v, %v", list, err)
	}
	if _, err := network.Predict(make([]float32, 144)); err == nil || !strings.Contains(err.Error(), "images of 12×12, not rows") {
		t.Errorf("a row: %v", err)
	}
}

// TestSampleErrors checks the messages about samples that cannot be trained on.
func TestSampleErrors(t *testing.T) {
	nan, two := float32(math.NaN()), [][]float32{{1, 2}, {3, 4}}
	for want, own := range map[string]nn.Own{
		"samples: no training samples":                              {},
		"points: training samples: 2 samples with 1 labels":         {Name: "points", Train: nn.Samples{Rows: two, Labels: []int{0}}},
		"Rows[1] has 1 numbers, the first has 2":                    {Train: nn.Samples{Rows: [][]float32{{1, 2}, {3}}, Labels: []int{0, 1}}},
		"Rows[1][0] is NaN":                                         {Train: nn.Samples{Rows: [][]float32{{1, 2}, {nan, 4}}, Labels: []int{0, 1}}},
		"test samples: Labels[1] is 2: want 0 to 1":                 {Train: nn.Samples{Rows: two, Labels: []int{0, 1}}, Test: nn.Samples{Rows: two, Labels: []int{0, 2}}, ClassNames: []string{"a", "b"}},
		"Labels[0] is -1: want 0 to 255":                            {Train: nn.Samples{Rows: two, Labels: []int{-1, 1}}},
		"both Labels and Targets":                                   {Train: nn.Samples{Rows: two, Labels: []int{0, 1}, Targets: two}},
		"both Images and Rows":                                      {Train: nn.Samples{Rows: two, Images: []image.Image{bar(5, 0)}, Labels: []int{0, 1}}},
		"Targets[0] has 0 numbers":                                  {Train: nn.Samples{Rows: two, Targets: [][]float32{{}, {}}}},
		"Images[1] has 4×4 pixels, the first has 12×12":             {Train: nn.Samples{Images: []image.Image{bar(5, 0), image.NewGray(image.Rect(0, 0, 4, 4))}, Labels: []int{0, 1}}},
		"not like the training samples: 1×1 with 0 targets":         {Train: nn.Samples{Rows: two, Labels: []int{0, 1}}, Test: nn.Samples{Rows: [][]float32{{1}}, Labels: []int{0}}},
		"all samples have the same label":                           {Train: nn.Samples{Rows: two, Labels: []int{1, 1}}},
		"expected at least 2 samples, of which one is for the test": {Train: nn.Samples{Rows: two[:1], Labels: []int{1}}},
	} {
		network, err := nn.Train(t.Context(), own, nn.Options{Epochs: 1, Backend: nn.CPU})
		if err == nil || !strings.Contains(err.Error(), want) || network != nil {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := nn.Train(t.Context(), nn.Own{Train: nn.Samples{Rows: two, Labels: []int{0, 1}}}, nn.Options{Flags: []string{"-label=species"}})
	if err == nil || errors.As(err, new(*nn.OptionError)) == false {
		t.Errorf("-label for samples with labels: %v, want an OptionError", err)
	}
}
