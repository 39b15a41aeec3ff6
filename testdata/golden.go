package testdata

import "embed"

// Golden holds precomputed results, under golden/, that tests compare with.
// curve.json is the loss of each epoch of a small network on the first images of
// MNIST. A trainer in float64 and plain loops, which shares nothing with the
// backends, computed it; the test that uses it rewrites it with -update.
//
//go:embed golden/*.json
var Golden embed.FS
