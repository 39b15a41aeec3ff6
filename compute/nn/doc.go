// Package nn trains, saves and runs multilayer perceptrons. It is the API of Shadegrad for other Go programs, and does the same
// as the command shadegrad: the same seed and options give the same weights, and each reads the files that the other has saved.
//
//	network, err := nn.Train(ctx, nn.MNIST, nn.Options{Hidden: []int{128}, Epochs: 2})
//
// [Train] reads a data set, which is a [File] or an [Own] set of [Samples], trains on the fastest backend, and tests the
// network. A [Network] makes predictions for rows of numbers ([Network.Predict]) and pictures ([Network.PredictFile],
// [Network.PredictImages]). [Network.Save] stores it in a safetensors file, which PyTorch reads too; [Load] reads it.
//
// Nothing is printed, and no function ends the process. Errors are values: an [OptionError] reports options that contradict
// each other or the data, a [DivergedError] a loss that is not finite. A run whose context is done returns the network so far.
//
// # Goroutines
//
// All functions and methods may be called from any goroutine, several at a time. Training uses as many threads as GOMAXPROCS
// allows, so several runs at a time on one machine slow each other down.
//
// # Stability
//
// The API of this package and of packages compute, cpu and compute/opengl, with the types of compute/philox and shaders that
// they mention, follows semantic versioning. From version 1 on, what compiles continues to compile and to mean the same within
// a major version, and saved networks stay readable. Additions may come at any time: fields of structs, methods, ops, flags. So
// name the fields in composite literals; a compute.Backend of another module must expect new ops. A new version may round
// differently, and default options may choose differently. No other package is part of this promise.
package nn
