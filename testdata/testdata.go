// Package testdata embeds the data that the command and the tests use: MNIST as its authors published it, and the notice
// that its licence requires.
package testdata

import "embed"

// MNIST holds, under mnist/, the SHA-256 of the four IDX files that are built in, and their licence notice (README.md).
//
//go:embed mnist/README.md mnist/SHA256SUMS.raw.txt
var MNIST embed.FS

// The four IDX files of MNIST, in the form of shadegrad/internal/dataset/packed: 60,000 training and 10,000 test images of
// handwritten digits, 28×28 pixels of one byte, and their labels. They are slices because an embed.FS copies what is
// read from it. They must not be written to.
//
// Copyright of Yann LeCun and Corinna Cortes, available under the Creative Commons Attribution-ShareAlike 3.0 licence.
var (
	//go:embed mnist/train-images-idx3-ubyte.packed
	TrainImages []byte
	//go:embed mnist/train-labels-idx1-ubyte.packed
	TrainLabels []byte
	//go:embed mnist/t10k-images-idx3-ubyte.packed
	TestImages []byte
	//go:embed mnist/t10k-labels-idx1-ubyte.packed
	TestLabels []byte
)
