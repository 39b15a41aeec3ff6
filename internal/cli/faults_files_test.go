package cli

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/ostest"
)

// TestDamaged checks the row of FAULTS.md on models and checkpoints that are damaged, of another
// version or of another network: the message names the file and the difference; the file is not
// modified.
func TestDamaged(t *testing.T) {
	p := at(t)
	model := contents(t, smallModel(t, p))
	checkpoint := contents(t, p.stopped("-hidden=8"))
	image := repository(t, "testdata/digits/seven.png")
	for _, kind := range []struct {
		name string
		good []byte
		ways [][]string // to read it; FILE is its name
	}{
		{"model", model, [][]string{
			{"eval", "-backend=cpu", "-model=FILE", "-data=" + smallData(t)},
			{"predict", "-model=FILE", image}}},
		{"checkpoint", checkpoint, [][]string{{"train", "-backend=cpu", "-resume=FILE"}}},
	} {
		for _, c := range []struct {
			fault  string
			change func([]byte) []byte
			want   string
		}{
			{"truncated", func(b []byte) []byte { return b[:len(b)-100] }, ""},
			{"truncated header", func(b []byte) []byte { return b[:20] }, ""},
			{"empty", func([]byte) []byte { return nil }, ""},
			{"trailing bytes", func(b []byte) []byte { return append(bytes.Clone(b), 0) }, ""},
			{"not safetensors", func([]byte) []byte { return []byte("<!DOCTYPE html><html>not found</html>") }, ""},
			{"header length", func(b []byte) []byte {
				b = bytes.Clone(b)
				binary.LittleEndian.PutUint64(b, 1<<60)
				return b
			}, ""},
			{"other version", func(b []byte) []byte {
				return regexp.MustCompile(`"version\\":\d`).ReplaceAll(b, []byte(`"version\":7`))
			}, " of version 7; this program reads version "},
			{"other network", swap(`\"sizes\":[784,8,10]`, `\"sizes\":[784,9,10]`), `tensor "0.weight" has shape [8 784], a network 784-9-10 has [9 784]`},
			{"impossible network", swap(`\"sizes\":[784,8,10]`, `\"sizes\":[784,0,10]`), "damaged metadata"},
			{"other program's", swap("shadegrad.", "somegrads."), "not a Shadegrad " + kind.name},
		} {
			t.Run(kind.name+"/"+c.fault, func(t *testing.T) {
				bad := c.change(kind.good)
				if bytes.Equal(bad, kind.good) {
					t.Fatal("the change changes nothing")
				}
				q := at(t)
				file := q.path("f")
				put(t, file, bad)
				for _, args := range kind.ways {
					line := strings.Split(strings.ReplaceAll(strings.Join(args, "\n"), "FILE", file), "\n")
					r := q.run(line...).is(1, "shadegrad: "+file+": ", c.want)
					if r.stdout != "" {
						t.Errorf("stdout: %s", r.stdout)
					}
					if !bytes.Equal(contents(t, file), bad) {
						t.Error("the file has changed")
					}
				}
			})
		}
	}
}

// swap returns a change of a text into another one of the same length.
func swap(old, new string) func([]byte) []byte {
	if len(old) != len(new) {
		panic("not of the same length")
	}
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

// TestMixedUp passes a model as a checkpoint and the reverse, missing files, and data of another
// kind.
func TestMixedUp(t *testing.T) {
	p := at(t)
	model, checkpoint := smallModel(t, p), p.stopped("-hidden=8")
	before := contents(t, checkpoint)
	p.run("train", "-resume="+model).is(1, model+": a network, not a checkpoint")
	p.run("eval", "-model="+checkpoint).is(1, checkpoint+": a checkpoint, not a network")
	for _, args := range [][]string{{"train", "-resume=gone"}, {"eval", "-model=gone"}, {"predict", "-model=gone", "x.png"}} {
		p.run(args...).is(1, "shadegrad: gone: "+ostest.NoFile)
	}

	// Other data, told by its shape and by its bytes.
	writeMNIST(t, p.path("fewer"), 200, 100)
	p.run("train", "-backend=cpu", "-resume="+checkpoint, "-data=fewer").is(1,
		checkpoint+": its run began with 300 training images of 28×28 in 10 classes; "+p.path("fewer")+" has 200 training images", "the file is not modified")
	writeMNIST(t, p.path("other"), 300, 100)
	images := contents(t, p.path("other/"+trainImages))
	images[5000]++
	put(t, p.path("other/"+trainImages), images)
	p.run("train", "-backend=cpu", "-resume="+checkpoint, "-data=other").is(1,
		checkpoint+": its run began with other data than "+p.path("other")+": the SHA-256 of the training set differs", "the file is not modified")
	if !bytes.Equal(contents(t, checkpoint), before) {
		t.Error("the checkpoint has changed")
	}

	// The same data in another place will do.
	writeMNIST(t, p.path("moved"), 300, 100)
	p.run("train", "-backend=cpu", "-resume="+checkpoint, "-data=moved").is(0, "resuming in epoch 2 of 3")
}

// TestMovedData resumes with moved data, is stopped again, and resumes from there.
func TestMovedData(t *testing.T) {
	p := at(t)
	checkpoint := p.stopped("-hidden=8")
	writeMNIST(t, p.path("moved"), 300, 100)
	f := newFakeGPU()
	r := tapped(t, f.opener(), f.loseAt("epoch 2/"), "train", "-backend=gpu", "-resume="+checkpoint, "-data="+p.path("moved")).is(1, "to resume from the end of epoch 2, run: ")
	command := strings.Replace(resumeCommand(r), "-backend=gpu", "-backend=cpu", 1)
	p.sh(command).is(0, p.path("moved")+": 300 training images", "resuming in epoch 3 of 3")
}
