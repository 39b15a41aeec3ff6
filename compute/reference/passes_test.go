package reference_test

import (
	"testing"

	"shadegrad/compute/judge/cases"
	"shadegrad/compute/reference"
)

func TestDoublePassesSelfTest(t *testing.T) {
	b := reference.NewDouble()
	for _, c := range cases.SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
}
