package cpu_test

import (
	"fmt"
	"log"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// A program of two ops is one layer of a network: y = max(0, x·Wᵀ + b) for a
// batch of two rows.
func Example() {
	b := cpu.New()
	defer b.Close()

	values := map[string][]float32{
		"x":    {1, 2, 3, 4, 5, 6},
		"W":    {1, 0, -1, 0.5, 0.5, 0.5},
		"bias": {1, -4},
	}
	shapes := map[string][2]int{"x": {2, 3}, "W": {2, 3}, "bias": {1, 2}, "y": {2, 2}}
	mats := make(map[string]compute.Mat)
	for name, s := range shapes {
		m, err := b.Alloc(s[0], s[1]) // zeros
		if err != nil {
			log.Fatal(err)
		}
		mats[name] = m
	}
	for name, v := range values {
		if err := b.Write(mats[name], v); err != nil {
			log.Fatal(err)
		}
	}

	layer, err := b.Compile(compute.Program{Name: "layer", Ops: []compute.Op{
		compute.MatMul{Dst: mats["y"], A: mats["x"], B: mats["W"], TransB: true},
		compute.Activate{Dst: mats["y"], Src: mats["y"], Bias: mats["bias"], F: compute.ReLU},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer layer.Release()

	layer.Run(compute.Args{})
	y := make([]float32, 4)
	if err := b.Read(y, mats["y"]); err != nil { // waits for the run
		log.Fatal(err)
	}
	fmt.Println(y[:2])
	fmt.Println(y[2:])
	// Output:
	// [0 0]
	// [0 3.5]
}
