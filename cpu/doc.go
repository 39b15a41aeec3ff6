// Package cpu is the backend that computes on the processor. It is the fallback for machines
// without a GPU, and results of the GPU are compared with its results.
//
// A program is compiled to phases. Within a phase the workers do not wait for each other. Each
// takes some rows of the batch through all ops that need only those rows (gather, product,
// activation, loss, deltas), or some weights through their gradient and update. A training step
// of a small network has two phases. Package sgemm computes the products and package simd the
// loops. If most inputs are zero, the first layer skips them (firstlayer.go).
//
// Run returns when the work is done; there is no queue. Results do not depend on the number of
// threads: rows and columns are divided among threads, sums are not.
package cpu
