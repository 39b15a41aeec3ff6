package flags

import (
	"strings"
	"testing"
)

// TestManText writes a paragraph, an example, and characters that man pages give a meaning.
func TestManText(t *testing.T) {
	var b strings.Builder
	ManText(&b, "Learns -lr by\n.5 and 'C:\\x'.\n\n  an example\n\nThe end.\n")
	want := "Learns \\-lr by\n\\&.5 and \\(aqC:\\ex\\(aq.\n.PP\n.nf\n  an example\n.PP\n.fi\nThe end.\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}
