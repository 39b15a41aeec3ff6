package testdata

import "embed"

// Golden holds results that were computed once, under golden/, for tests to
// compare with: curve.json is the loss of each epoch of a small network on the
// first images of MNIST, from a trainer in float64 and plain loops that shares
// nothing with the backends. The test that uses it writes it anew with -update.
//
//go:embed golden/*.json
var Golden embed.FS
