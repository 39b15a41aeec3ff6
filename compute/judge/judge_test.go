package judge

import "testing"

func TestReferencePasses(t *testing.T) {
	b := Reference()
	t.Logf("%d cases, %d in the self-test", len(Cases()), len(SelfTest()))
	for _, c := range Cases() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	for _, c := range SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
}
