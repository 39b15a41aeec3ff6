package cli

import (
	"strings"
	"testing"
)

// TestLimitOfClasses checks that -limit takes samples of each class of directories of images.
// Verified and resumed runs must take the same samples.
func TestLimitOfClasses(t *testing.T) {
	p := at(t)
	shapes(t, p.path("all"), "ant", "bee", "cow")
	flags := []string{"-data=" + p.path("all"), "-limit=7", "-validation=9", "-hidden=8", "-epochs=3", "-schedule=constant"}
	const want = ", the first of each class, 7 in all: 7 training images"
	p.run(append([]string{"train", "-backend=cpu", "-save=whole", "-certify=c"}, flags...)...).is(0, want)
	if r := p.run("verify", flags[0], "c").is(0); !strings.Contains(r.stdout, "verified: every epoch has the same bits") {
		t.Errorf("verify:\n%s", r.stdout)
	}
	p.run("train", "-resume="+p.stopped(flags...), "-backend=cpu", "-save=resumed").is(0, want, "resuming in epoch ")
	if string(contents(t, p.path("whole"))) != string(contents(t, p.path("resumed"))) {
		t.Error("the resumed run gives another network")
	}
	// Two images of each of the three classes are enough to learn them.
	p.run("train", "-backend=cpu", flags[0], "-limit=6", "-hidden=8", "-epochs=200", "-every=200", "-expect=test_acc>=1").is(0)
	r := p.run("train", "-backend=cpu", flags[0], "-limit=2", "-hidden=8", "-epochs=1").is(0)
	if !strings.Contains(r.stderr, "; the training set has no sample of class \"cow\"\n") {
		t.Errorf("no note on the class without a sample:\n%s", r.stderr)
	}
}
