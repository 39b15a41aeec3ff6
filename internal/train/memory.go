package train

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/memory"
	"shadegrad/internal/mlp"
)

// available is what the machine has left; tests replace it.
var available = memory.Available

// A need is the memory that a piece of work will take, in bytes.
type memoryNeed struct {
	device int64 // of the backend
	host   int64 // of the machine, beside that and what it has taken already
}

// check tells whether a backend has the memory that is needed of it, and the
// machine the rest.
//
// Asking for all at once, before anything is taken, turns what would end in the
// middle of a run, and perhaps by the kernel's hand, into a message. What a device
// does not tell of its memory, its allocations will. limit, if it is not 0, is what may
// be taken of a GPU's memory; a run that goes on with the CPU because it is too little
// must not fail there for the same reason.
func (n memoryNeed) check(i compute.Info, limit int64, c mlp.Config, batch int) error {
	if limit > 0 && !i.HostMemory && n.device > limit {
		return &mlp.FieldError{Field: "DeviceMemory", Value: limit, Err: fmt.Errorf("network %s with batches of %d: %w", c, batch,
			&compute.MemoryError{Bytes: n.device, Available: limit})}
	}
	if i.HostMemory || i.Software { // the device's memory is the machine's
		n.host, n.device = n.host+n.device, 0
	}
	asked, have := n.device, i.Memory
	if have <= 0 || asked <= have {
		asked, have = n.host, available()
	}
	if have < 0 || asked <= have {
		return nil
	}
	return fmt.Errorf("network %s with batches of %d: %w", c, batch, &compute.MemoryError{Bytes: asked, Available: have})
}

// runMemory returns what a run takes: of the machine, the parameters as they were and
// as they become, but for those that are there already.
func runMemory(i compute.Info, st *State, d *dataset.Data, p feedPlan) memoryNeed {
	o := st.Options
	n := setMemory(i, &d.Train, p.train, true)
	n.add(setMemory(i, &d.Validation, p.validation, false))
	n.add(setMemory(i, &d.Test, p.test, false))
	n.device += o.Network.Memory(sessionRows(o, d), sessionTraining(o, d))
	parameters := 4 * int64(o.Network.Parameters())
	state := parameters * copies(o.StepTraining())
	if st.Values == nil {
		n.host += state
	}
	n.host += state
	if d.Validation.Len() > 0 && st.Best == nil {
		n.host += parameters
	}
	return n
}

// copies is how many values a state has for each parameter.
func copies(t mlp.Training) int64 {
	n := int64(1)
	for _, has := range []bool{t.Velocities(), t.Squares(), t.Average > 0} {
		if has {
			n++
		}
	}
	return n
}

// sessionTraining is the training of a session's network.
func sessionTraining(o Options, d *dataset.Data) mlp.Training {
	t := o.StepTraining()
	t.Batch = o.BatchSize(d.Train.Len())
	return t
}

// sessionRows is the most samples that the network of a session works on at a time.
func sessionRows(o Options, d *dataset.Data) int {
	return max(o.BatchSize(d.Train.Len()), evalRows(o.Network, d.Validation.Len()), evalRows(o.Network, d.Test.Len()))
}

// evalMemory returns what Evaluate takes.
func evalMemory(i compute.Info, c mlp.Config, d *dataset.Set, piece int) memoryNeed {
	n := setMemory(i, d, piece, false)
	n.device += c.Memory(evalRows(c, d.Len()), mlp.Training{})
	n.host += 4 * int64(d.Len()) * int64(c.Outputs())
	return n
}

// setMemory returns what session.newFeed takes.
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
		n.host += 2 * bytes // and the copy that is on its way
	case !i.HostMemory: // else images and labels are shared
		n.device += bytes
	}
	if ordered && piece >= d.Len() {
		n.device += 4 * int64(d.Len())
	}
	return n
}

// sampleBytes is what a sample has of bytes: pixels and a label, unless it is made of
// numbers.
func sampleBytes(d *dataset.Set) int64 {
	if d.Len() == 0 {
		return 0
	}
	return int64((len(d.Images) + len(d.Labels)) / d.Len())
}

func (n *memoryNeed) add(other memoryNeed) {
	n.device += other.device
	n.host += other.host
}

// maxEvalRows is how many test images are evaluated at a time: enough to keep a
// device busy.
const maxEvalRows = 1000

// evalRows returns how many of n images are evaluated at a time: fewer where the
// network is so wide that the outputs of a layer would take more than the 16 MiB
// that a buffer may have on any device.
func evalRows(c mlp.Config, n int) int {
	const floats = 16 << 20 / 4
	return min(n, maxEvalRows, max(1, floats/slices.Max(c.Sizes)))
}
