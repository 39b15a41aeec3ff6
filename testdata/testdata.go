// Package testdata holds the data that the command and the tests read without a network: MNIST as its authors
// published it. The notice that its licence asks for is embedded beside the files.
package testdata

import "embed"

// MNIST holds the four gzip-compressed IDX files under mnist/, with their checksums and their licence notice
// (mnist/README.md): 60,000 training and 10,000 test images of handwritten digits, 28×28 pixels of one byte, and their
// labels.
//
// Copyright of Yann LeCun and Corinna Cortes, available under the Creative Commons Attribution-ShareAlike 3.0 licence.
//
//go:embed mnist/*.gz mnist/README.md mnist/SHA256SUMS.raw.txt
var MNIST embed.FS
