// Package cpu is the backend that computes with gonum on the processor. It is
// the fallback where there is no GPU, and the oracle that the GPU's results are
// compared with, so it is written to be read: products are gonum's Sgemm, each
// other op is a loop that says its equation.
//
// Work is done inside Run, on up to GOMAXPROCS goroutines, and is finished when
// Run returns; there is no queue to wait for. Results do not depend on the
// number of threads: rows and columns are divided among them, sums never are.
package cpu
