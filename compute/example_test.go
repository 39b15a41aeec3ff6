package compute_test

import (
	"fmt"
	"log"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// Open a backend, describe two ops once, compile them, run them with different
// rows of a data set, and read the result.
func Example() {
	var b compute.Backend = cpu.New()
	defer b.Close()

	// Three samples of two pixels each, which stay in the backend's memory.
	samples, err := b.AllocBytes(3, 2)
	if err != nil {
		log.Fatal(err)
	}
	if err := b.WriteBytes(samples, []byte{0, 10, 20, 30, 40, 50}); err != nil {
		log.Fatal(err)
	}
	x, err := b.Alloc(1, 2)
	if err != nil {
		log.Fatal(err)
	}
	w, err := b.Alloc(2, 1)
	if err != nil {
		log.Fatal(err)
	}
	z, err := b.Alloc(1, 1)
	if err != nil {
		log.Fatal(err)
	}
	if err := b.Write(w, []float32{1, 100}); err != nil {
		log.Fatal(err)
	}

	program := compute.Program{Name: "weighted sum", Ops: []compute.Op{
		compute.Gather{Dst: x, Src: samples, Scale: 0.1},
		compute.MatMul{Dst: z, A: x, B: w},
	}}
	sum, err := b.Compile(program)
	if err != nil {
		log.Fatal(err)
	}
	defer sum.Release()

	var result [1]float32
	for row := range 3 {
		sum.Run(compute.Args{Row: row})              // queues the work and returns
		if err := b.Read(result[:], z); err != nil { // waits for it
			log.Fatal(err)
		}
		fmt.Println(result[0])
	}
	// Output:
	// 100
	// 302
	// 504
}

// Compile returns an error that names the op and the shapes if they do not fit.
func ExampleProgram_Check() {
	b := cpu.New()
	defer b.Close()
	a, err := b.Alloc(64, 784)
	if err != nil {
		log.Fatal(err)
	}
	w, err := b.Alloc(128, 784)
	if err != nil {
		log.Fatal(err)
	}
	z, err := b.Alloc(64, 128)
	if err != nil {
		log.Fatal(err)
	}
	_, err = b.Compile(compute.Program{Name: "layer", Ops: []compute.Op{
		compute.MatMul{Dst: z, A: a, B: w}, // TransB is missing
	}})
	fmt.Println(err)
	// Output:
	// program "layer", op 0 (matmul): Dst 64×128 is not the product of A 64×784 and B 128×784
}
