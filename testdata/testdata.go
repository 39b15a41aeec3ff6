// Package testdata holds the data that the command and the tests read without a network: MNIST as its authors
// published it. The notice that its licence asks for is embedded beside the files.
package testdata

import "embed"

// MNIST holds, under mnist/, the SHA-256 of the four IDX files that are built in, and their licence notice (README.md).
//
//go:embed mnist/README.md mnist/SHA256SUMS.raw.txt
var MNIST embed.FS

// The four IDX files of MNIST, in the form of shadegrad/internal/dataset/packed: 60,000 training and 10,000 test images of
// handwritten digits, 28×28 pixels of one byte, and their labels. They are slices, since an embed.FS would copy what is
// read from it; nobody may write to them.
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
