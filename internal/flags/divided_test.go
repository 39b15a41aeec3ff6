package flags

import "testing"

// TestDivided checks the message on arguments as PowerShell divides -save=digits.safetensors.
func TestDivided(t *testing.T) {
	s := &Set{given: []Assignment{{"lr", "1"}, {"save", "digits"}}}
	const want = `-save=digits and .safetensors are two arguments; PowerShell divides an argument at a dot unless it is in quotes: -save="digits.safetensors"`
	if err := s.divided("windows", ".safetensors"); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"", ".", "..", "./x", `.\x`, "../x", "x.png", "0.5,1"} {
		if err := s.divided("windows", text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := s.divided("linux", ".hidden"); err != nil {
		t.Error(err)
	}
	if err := new(Set).divided("windows", ".hidden"); err != nil {
		t.Error(err)
	}
}
