//go:build unix

package certificate

import (
	"strings"
	"testing"
)

// TestLoadEndless loads a device that has no end.
func TestLoadEndless(t *testing.T) {
	const path = "/dev/zero"
	if _, err := Load(path); err == nil || !strings.HasPrefix(err.Error(), path+": not a Shadegrad certificate: more than ") {
		t.Errorf("got error %v", err)
	}
}
