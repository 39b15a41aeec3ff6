package judge_test

import (
	"fmt"

	"shadegrad/compute/judge/cases"
	"shadegrad/compute/reference"
)

func ExampleCase_Check() {
	b := reference.New() // or cpu.New(), or opengl.Open(…)
	defer b.Close()
	for _, c := range cases.SelfTest() {
		if err := c.Check(b); err != nil {
			fmt.Println("self-test failed:", err)
			return
		}
	}
	fmt.Println("each op is right")
	// Output: each op is right
}
