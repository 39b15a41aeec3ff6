package judge

import (
	"testing"

	"shadegrad/compute"
)

func TestReferencePasses(t *testing.T) {
	open := func() (compute.Backend, error) { return Reference(), nil }
	for _, err := range All(open) {
		t.Error(err)
	}
	b := Reference()
	for _, c := range SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d cases, %d in the self-test, %d promises", len(Cases()), len(SelfTest()), len(Contract()))
}
