//go:build cgo && !nogl

package backends

// GPUSupport tells whether this build can use a GPU.
const GPUSupport = true
