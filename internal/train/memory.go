package train

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/memory"
	"shadegrad/internal/mlp"
)

// available returns the memory that the machine has left; tests replace it.
var available = memory.Available

// A memoryNeed is the memory that a piece of work needs, in bytes.
type memoryNeed struct {
	device int64 // of the backend
	host   int64 // of the machine, besides the backend's and memory in use already
}

func (n *memoryNeed) add(other memoryNeed) {
	n.device += other.device
	n.host += other.host
}

// check returns an error if the backend or the machine has too little memory. A limit that is not
// 0 bounds the memory of a GPU. It does not bound that of the CPU backend, which takes over a run
// whose GPU has too little.
//
// Checking before anything is allocated turns a failure in the middle of a run, or a kill by the
// kernel, into a message. If a device does not report its memory, its allocations fail instead.
func (n memoryNeed) check(i compute.Info, limit int64, c mlp.Config, batch int) error {
	short := func(bytes, available int64) error {
		return fmt.Errorf("network %s with batches of %d: %w", c, batch, &compute.MemoryError{Bytes: bytes, Available: available})
	}
	if limit > 0 && !i.HostMemory && n.device > limit {
		return &mlp.FieldError{Field: "DeviceMemory", Value: limit, Err: short(n.device, limit)}
	}
	if i.HostMemory || i.Software { // the memory of the device is that of the machine
		n.host, n.device = n.host+n.device, 0
	}
	if i.Memory > 0 && n.device > i.Memory {
		return short(n.device, i.Memory)
	}
	if have := available(); have >= 0 && n.host > have {
		return short(n.host, have)
	}
	return nil
}

// runMemory returns the memory that a run needs. The machine holds the old and the new parameters,
// except the parameters that exist already.
func runMemory(i compute.Info, st *State, d *dataset.Data, p feedPlan) memoryNeed {
	o := st.Options
	n := setMemory(i, &d.Train, p.train, true)
	n.add(setMemory(i, &d.Validation, p.validation, false))
	n.add(setMemory(i, &d.Test, p.test, false))
	n.device += o.Network.Memory(sessionRows(o, d), sessionTraining(o, d))
	parameters := 4 * int64(o.Network.Parameters())
	state := parameters * int64(len(st.used(o.StepTraining())))
	if st.Values == nil {
		n.host += state
	}
	n.host += state
	if d.Validation.Len() > 0 && st.Best == nil {
		n.host += parameters
	}
	return n
}

// sessionTraining returns the training of the network of a session.
func sessionTraining(o Options, d *dataset.Data) mlp.Training {
	t := o.StepTraining()
	t.Batch = o.BatchSize(d.Train.Len())
	return t
}

// sessionRows returns the largest batch of the network of a session.
func sessionRows(o Options, d *dataset.Data) int {
	return max(o.BatchSize(d.Train.Len()), evalRows(o.Network, d.Validation.Len()), evalRows(o.Network, d.Test.Len()))
}

// evalMemory returns the memory that Evaluate needs.
func evalMemory(i compute.Info, c mlp.Config, d *dataset.Set, piece int) memoryNeed {
	n := setMemory(i, d, piece, false)
	n.device += c.Memory(evalRows(c, d.Len()), mlp.Training{})
	n.host += 4 * int64(d.Len()) * int64(c.Outputs())
	return n
}

// setMemory returns the memory that session.newFeed needs.
func setMemory(i compute.Info, d *dataset.Set, piece int, ordered bool) memoryNeed {
	if d.Len() == 0 {
		return memoryNeed{}
	}
	n := memoryNeed{device: 8*int64(d.Len()) + 8} // Stats and Totals
	n.device += 4 * int64(len(d.Values)+len(d.Targets))
	bytes := int64(piece) * sampleBytes(d)
	switch {
	case piece < d.Len():
		n.device += feedSlots*bytes + 4*int64(d.Len())
		n.host += 2 * bytes // the second is the copy in transfer
	case !i.HostMemory: // else images and labels are shared
		n.device += bytes
	}
	if ordered && piece >= d.Len() {
		n.device += 4 * int64(d.Len())
	}
	return n
}

// sampleBytes returns the bytes of a sample: pixels and a label, or 0 for rows of numbers.
func sampleBytes(d *dataset.Set) int64 {
	if d.Len() == 0 {
		return 0
	}
	return int64((len(d.Images) + len(d.Labels)) / d.Len())
}

// evalRows returns how many of n samples are evaluated at a time: at most 1000, which keeps a
// device busy, and fewer if the outputs of a wide layer would take more than the 16 MiB that a
// buffer can have on any device.
func evalRows(c mlp.Config, n int) int {
	const floats = 16 << 20 / 4
	return min(n, 1000, max(1, floats/slices.Max(c.Sizes)))
}

// BatchSizes returns the numbers of samples that a run handles at a time, in training steps and in
// evaluations.
func BatchSizes(o Options, d *dataset.Data) (steps, evals []int) {
	evals = append(EvalSizes(o.Network, d.Validation.Len()), EvalSizes(o.Network, d.Test.Len())...)
	return batchSizes(d.Train.Len(), o.BatchSize(d.Train.Len())), evals
}

// EvalSizes returns the numbers of samples that an evaluation of n samples handles at a time.
func EvalSizes(c mlp.Config, n int) []int {
	if n == 0 {
		return nil
	}
	return batchSizes(n, evalRows(c, n))
}

// batchSizes returns the size of a batch and, if samples are left over, that of the last one.
func batchSizes(samples, batch int) []int {
	if rest := samples % batch; rest > 0 {
		return []int{batch, rest}
	}
	return []int{batch}
}

// CheckMemory returns an error if the machine lacks the bytes of memory for a network, for which the program would crash.
func CheckMemory(c mlp.Config, bytes int64) error {
	if have := available(); have >= 0 && bytes > have {
		return fmt.Errorf("network %s: %w", c, &compute.MemoryError{Bytes: bytes, Available: have})
	}
	return nil
}
