package cli

import (
	"os"
	"testing"

	"shadegrad/internal/ostest"
)

// TestOverwrite checks that a run replaces networks and checkpoints only, unless -force is given.
func TestOverwrite(t *testing.T) {
	p := at(t)
	put(t, p.path("notes.txt"), []byte("keep me"))
	put(t, p.path("m.checkpoint"), []byte("of another program"))
	put(t, p.path("empty"), nil)
	for save, file := range map[string]string{"notes.txt": "notes.txt", "m": "m.checkpoint"} {
		before := string(contents(t, p.path(file)))
		p.run(trainSmall(t, "-save="+save)...).is(1, "shadegrad: "+file+": cannot save there: the file exists and is not a Shadegrad ",
			"; nothing was trained; save elsewhere, or replace the file with -force\n")
		if string(contents(t, p.path(file))) != before {
			t.Errorf("%s has changed", file)
		}
		p.run(trainSmall(t, "-force", "-save="+save)...).is(0)
	}
	p.run(trainSmall(t, "-save=empty")...).is(0)
	p.run(trainSmall(t, "-save=notes.txt", "-seed=2")...).is(0) // a network by now
	p.run("train", "-force").is(2, "-force needs -save")
}

// TestOverwriteInput checks that no output replaces an input, even with -force.
func TestOverwriteInput(t *testing.T) {
	p := at(t)
	writeMNIST(t, p.path("d"), 50, 20)
	for _, name := range []string{"digits_train.csv", "digits_test.csv"} {
		put(t, p.path(name), []byte("a,b,label\n0,1,0\n1,0,1\n0,1,0\n1,1,1\n"))
	}
	mkdir(t, p.path("e/f"))
	ostest.Symlink(t, p.path("d"), p.path("e/f/g"))
	ostest.Symlink(t, p.path("digits_test.csv"), p.path("symbolic"))
	link(t, p.path("digits_test.csv"), p.path("hard"))
	model := smallModel(t, p)
	for _, c := range [][]string{
		{"train", "-data=digits_train.csv", "-save=digits_train.csv"},
		{"train", "-data=digits_train.csv", "-save=digits_test.csv"},
		{"train", "-data=digits_train.csv", "-save=symbolic"},
		{"train", "-data=digits_train.csv", "-save=hard"},
		{"train", "-data=d", "-save=d/" + trainImages},
		{"train", "-data=e", "-save=d/" + trainImages},
		{"train", "-data=d", "-certify=d/" + testLabels},
		{"digits", "-data=d", "-o=d/" + testLabels},
		{"digits", "-model=" + model, "-o=" + model},
	} {
		for _, force := range []bool{false, true} {
			args := c
			if force {
				args = append(args, "-force")
			}
			if force && (c[0] != "train" || c[2][:5] != "-save") {
				continue
			}
			p.run(args...).is(1, ": cannot save there: the file is an input, part of ", "; save elsewhere\n")
		}
	}
	if string(contents(t, p.path("hard"))) != string(contents(t, p.path("digits_train.csv"))) {
		t.Error("the data have changed")
	}
	put(t, p.path("notes.txt"), []byte("not data, though next to the data"))
	p.run("train", "-backend=cpu", "-data=d", "-epochs=1", "-hidden=8", "-force", "-save=notes.txt").is(0)
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

// link makes a hard link.
func link(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Link(from, to); err != nil {
		t.Fatal(err)
	}
}
