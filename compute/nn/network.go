package nn

import (
	"fmt"
	"image"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
	"shadegrad/internal/predict"
	"shadegrad/internal/train"
)

// A Network is a trained network. Its methods may be called from several goroutines.
type Network struct {
	// Training describes the run that trained the network. It is nil for a loaded network.
	Training *Training

	model   *model.Model
	mu      sync.Mutex // held while the backend computes
	backend compute.Backend
}

func newNetwork(m *model.Model, t *Training) *Network {
	n := &Network{Training: t, model: m, backend: cpu.New()}
	runtime.AddCleanup(n, func(b compute.Backend) { b.Close() }, n.backend)
	return n
}

// Load reads a network that Save or the command has saved.
func Load(path string) (*Network, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	if f := m.About.Form; m.About.Numbers && f.Standardize && f.Scale == nil {
		return nil, fmt.Errorf("%s: saved by an old version of Shadegrad, without the means and deviations of its inputs; train the network again", path)
	}
	return newNetwork(m, nil), nil
}

// Save writes the network to a safetensors file, which it replaces as a whole.
func (n *Network) Save(path string) error {
	return atomicfile.Noted(n.model.Save(path), func(string) {})
}

// Sizes returns the numbers of inputs, of units of each hidden layer, and of outputs.
func (n *Network) Sizes() []int { return slices.Clone(n.model.Network.Sizes) }

// ImageSize returns the width and height of the images that the network takes, or zeros if it takes rows of numbers.
func (n *Network) ImageSize() (width, height int) {
	if n.model.About.Numbers {
		return 0, 0
	}
	return n.model.Width, n.model.Height
}

// Classes returns the names of the classes, by label; numbers if the data had no names. It is nil for regression.
func (n *Network) Classes() []string {
	if n.model.Network.Regression {
		return nil
	}
	list := slices.Clone(n.model.About.ClassNames)
	for i := len(list); i < max(n.model.Network.Outputs(), 2); i++ {
		list = append(list, strconv.Itoa(i))
	}
	return list
}

// TestAccuracy returns the fraction of the test set that the network classified correctly after training; 0 for regression and
// for a run that was stopped.
func (n *Network) TestAccuracy() float64 { return n.model.About.TestAcc }

// A Prediction is the answer of a network for one input.
type Prediction struct {
	Class   int       // −1 for regression
	Name    string    // of the class; empty for regression
	Outputs []float32 // probabilities of the classes with the default output activation, softmax; or the predicted numbers
}

// Predict returns the answer for a row of numbers like those of the data. It standardises them if the training did.
func (n *Network) Predict(row []float32) (Prediction, error) {
	list, err := n.PredictRows([][]float32{row})
	if err != nil {
		return Prediction{}, err
	}
	return list[0], nil
}

// PredictRows is Predict for several rows together, which takes less time.
func (n *Network) PredictRows(rows [][]float32) ([]Prediction, error) {
	m := n.model
	if !m.About.Numbers {
		return nil, fmt.Errorf("the network takes images of %d×%d, not rows of numbers", m.Width, m.Height)
	}
	values, width, err := flat(rows, "rows")
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, nil
	case width != m.Width:
		return nil, fmt.Errorf("the network takes rows of %d numbers, not of %d", m.Width, width)
	}
	if scale := m.About.Form.Scale; scale != nil {
		if err := scale.Apply(values); err != nil {
			return nil, err
		}
	}
	return n.answer(&dataset.Set{Width: m.Width, Height: 1, Values: values, Labels: make([]byte, len(rows))})
}

// PredictImages returns the answers for images, in order. An image of the size of the training images is only inverted, if its
// ink is dark. From others a network of centred digits, such as MNIST's, takes the digits, from left to right, each with its own
// answer, and other networks take the whole picture.
func (n *Network) PredictImages(images ...image.Image) ([]Prediction, error) {
	m := n.model
	if m.About.Numbers {
		return nil, fmt.Errorf("the network takes rows of %d numbers, not images", m.Width)
	}
	set := dataset.Set{Width: m.Width, Height: m.Height}
	for i, img := range images {
		inputs, err := predict.Prepare(m, img)
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i+1, err)
		}
		for _, pixels := range inputs {
			set.Images, set.Labels = append(set.Images, pixels...), append(set.Labels, 0)
		}
	}
	if set.Len() == 0 {
		return nil, nil
	}
	return n.answer(&set)
}

// PredictFile is PredictImages for a picture file: PNG, JPEG, GIF, BMP, TIFF or WebP.
func (n *Network) PredictFile(path string) ([]Prediction, error) {
	img, err := picture.Load(path)
	if err != nil {
		return nil, err
	}
	list, err := n.PredictImages(img)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// answer returns the predictions for prepared samples.
func (n *Network) answer(s *dataset.Set) ([]Prediction, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.model
	outputs, err := train.OutputsOf(n.backend, m.Network, m.Values, s)
	if err != nil {
		return nil, err
	}
	list, names := make([]Prediction, len(outputs)), n.Classes()
	for i, y := range outputs {
		for _, v := range y {
			if v := float64(v); math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("an output is %v: %w", y, predict.ErrTooLarge)
			}
		}
		list[i] = Prediction{Class: -1, Outputs: y}
		if names != nil {
			list[i].Class = train.Class(m.Network, y)
			list[i].Name = names[list[i].Class]
		}
	}
	return list, nil
}
