package opengl_test

import (
	"fmt"
	"log"

	"shadegrad/compute"
	"shadegrad/compute/opengl"
	"shadegrad/cpu"
)

// A program is the same on each backend, so one that needs no GPU can use the CPU where there is none.
func ExampleOpen() {
	var b compute.Backend
	gpu, err := opengl.Open(opengl.Options{})
	if b = gpu; err != nil {
		b = cpu.New()
	}
	defer b.Close()

	x, err := b.Alloc(2, 3)
	if err != nil {
		log.Fatal(err)
	}
	relu, err := b.Compile(compute.Program{Name: "relu", Ops: []compute.Op{compute.Activate{Dst: x, Src: x, F: compute.ReLU}}})
	if err != nil {
		log.Fatal(err)
	}
	defer relu.Release()
	if err := b.Write(x, []float32{1, -2, 3, -4, 5, -6}); err != nil {
		log.Fatal(err)
	}
	relu.Run(compute.Args{})
	y := make([]float32, 6)
	if err := b.Read(y, x); err != nil {
		log.Fatal(err)
	}
	fmt.Println(y)
	// Output: [1 0 3 0 5 0]
}
