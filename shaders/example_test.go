package shaders_test

import (
	"fmt"
	"log"
	"strings"
	"testing/fstest"

	"shadegrad/shaders"
)

func Example() {
	set := shaders.Embedded()
	source, err := set.Specialise("activate", shaders.Defines{"F": "TANH", "BIAS": "1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(source.Name)
	fmt.Println(strings.Join(source.Files, ", "))
	for _, line := range strings.Split(source.Text, "\n")[:3] {
		fmt.Println(line)
	}
	// A driver might report:
	fmt.Println(source.Rewrite("1:32(5): error: `x' undeclared"))
	// Output:
	// activate_tanh_bias
	// activate.comp, activations.glsl
	// #version 430
	// #define BIAS 1
	// #define F TANH
	// activations.glsl:32:5: error: `x' undeclared
}

func ExampleSet_Variants() {
	set := shaders.New(fstest.MapFS{"scale.comp": {Data: []byte(`#version 430
// option TYPE = FLOAT | INT
// option SHIFT           add a constant
`)}})
	variants, err := set.Variants("scale", 100)
	if err != nil {
		log.Fatal(err)
	}
	for _, defines := range variants {
		source, err := set.Specialise("scale", defines)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(source.Name)
	}
	// Output:
	// scale_float
	// scale_float_shift
	// scale_int
	// scale_int_shift
}
