package judge_test

import (
	"fmt"
	"testing"

	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
)

func ExampleCase_Check() {
	b := judge.Reference() // or cpu.New(), or opengl.Open(…)
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

// TestDoublePasses has a Double do every op rightly.
func TestDoublePasses(t *testing.T) {
	b := judge.NewDouble()
	for _, c := range cases.SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
}
