// Package cpu is the backend that computes on the processor: what is used where
// there is no GPU, and what the GPU's results are compared with.
//
// A program is compiled to phases. Within a phase the workers do not wait for each
// other: each takes some of the batch's rows through as many ops as only need
// those rows (gather, product, activation, loss, deltas), or some of the weights
// through their gradient and update. A training step of a small network is two
// phases. Products are package sgemm's, the loops package simd's; where most
// inputs are zero, the first layer adds up the weights of those that are not (first.go).
//
// Work is done inside Run and is finished when Run returns; there is no queue to
// wait for. Results do not depend on the number of threads: rows and columns are
// divided among them, sums never are.
package cpu
