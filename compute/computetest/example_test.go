package computetest_test

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/reference"
)

// A self-test must find a backend that computes wrongly, such as this one.
func ExampleFault_Wrap() {
	for _, f := range computetest.Faults() {
		if f.Name != "fill: the value is 0" {
			continue
		}
		var b compute.Backend = f.Wrap(reference.New())
		defer b.Close()
		for _, c := range cases.SelfTest() {
			if err := c.Check(b); err != nil {
				fmt.Println(err)
				break
			}
		}
	}
	// Output: fill/m=17,n=35: Dst (0,0) is 0, want -2.5: err 2 > 0
}
