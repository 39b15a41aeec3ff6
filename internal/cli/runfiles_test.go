package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shadegrad/internal/ostest"
)

// TestSaveThroughLink saves through a symbolic link: the target's directory must be writable, not the
// link's.
func TestSaveThroughLink(t *testing.T) {
	p := at(t)
	if err := os.Mkdir(p.path("models"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": "models/m", "broken": "gone/m", "loop": "loop"} {
		ostest.Symlink(t, to, p.path(link))
	}
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1"}
	p.run(append(args, "-save=link")...).is(0)
	p.run("eval", "-backend=cpu", "-model=models/m", "-data="+smallData(t)).is(0)
	if info, err := os.Lstat(p.path("link")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
	for link, reason := range map[string]string{
		"broken": "no file can be created in gone: " + ostest.NoDirectory,
		"loop":   "too many symbolic links",
	} {
		r := p.run(append(args, "-save="+link)...).is(1, "shadegrad: "+link+": cannot save there: "+reason+"; nothing was trained")
		if strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: it began to train:\n%s", link, r.stderr)
		}
	}
}

// TestSaveOverCheckpoint saves the network to the checkpoint's file under another name.
func TestSaveOverCheckpoint(t *testing.T) {
	p := at(t)
	checkpoint := p.stopped("-hidden=8")
	before := string(contents(t, checkpoint))
	ostest.Symlink(t, checkpoint, p.path("link"))
	name := filepath.Base(checkpoint)
	for _, c := range [][2]string{{name, checkpoint}, {checkpoint, "./" + name}, {name, "link"}, {"link", name}} {
		p.run("train", "-backend=cpu", "-resume="+c[0], "-save="+c[1]).is(2, "-save="+c[1]+" and -resume="+c[0]+" are the same file")
	}
	ostest.Symlink(t, "m", p.path("m.checkpoint"))
	p.run("train", "-backend=cpu", "-save=m").is(2, "-save=m and its checkpoint m.checkpoint are the same file")
	if string(contents(t, checkpoint)) != before {
		t.Error("the checkpoint has changed")
	}
}

// TestCheckpointCannotBeWritten checks for an error before anything is trained.
func TestCheckpointCannotBeWritten(t *testing.T) {
	p := at(t)
	if err := os.Mkdir(p.path("m.checkpoint"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-save=m").is(1, "shadegrad: m.checkpoint: cannot save there: it is a directory; nothing was trained")
}

// TestDivergedOnResume checks the message about a resumed run that diverges before its first save.
func TestDivergedOnResume(t *testing.T) {
	p := at(t)
	checkpoint := p.stopped("-hidden=8", "-act=identity")
	put(t, checkpoint, swap(`\"learning_rate\":0.1`, `\"learning_rate\":9e9`)(contents(t, checkpoint)))
	before := string(contents(t, checkpoint))
	p.run("train", "-backend=cpu", "-resume="+checkpoint, "-save=m").is(1, "training diverged", checkpoint+" is unchanged; try a lower -lr than 9e+09\n")
	mustNotExist(t, p.path("m"))
	if string(contents(t, checkpoint)) != before {
		t.Error("the checkpoint has changed")
	}
}

// TestCheckpointGone completes a run whose checkpoint was deleted.
func TestCheckpointGone(t *testing.T) {
	p := at(t)
	model := p.path("m")
	f := newFakeGPU()
	tapped(t, f.opener(), func(text string) {
		if strings.HasPrefix(text, "epoch 2/") {
			if err := os.Remove(model + ".checkpoint"); err != nil {
				t.Error(err)
			}
		}
	}, "train", "-backend=gpu", "-data="+smallData(t), "-hidden=8", "-epochs=2", "-save="+model).is(0)
}

// TestAllDone resumes a complete run: the message claims no saved file, and nothing is deleted.
func TestAllDone(t *testing.T) {
	p := at(t)
	checkpoint := p.stopped("-hidden=8", "-test=each") // so that no test is left to be done
	put(t, checkpoint, swap(`\"epoch\":1`, `\"epoch\":3`)(contents(t, checkpoint)))
	r := p.run("train", "-backend=cpu", "-resume="+checkpoint, "-save=m").is(1,
		"shadegrad: "+checkpoint+": all 3 epochs of its run are done; to continue it, give more -epochs\n")
	if r.stdout != "" {
		t.Errorf("stdout: %s", r.stdout)
	}
	mustNotExist(t, p.path("m"))
	contents(t, checkpoint)
}

// TestMoreEpochs makes a run longer when it is resumed. With a schedule that does not depend on the number of epochs the
// network is that of a run that began with as many.
func TestMoreEpochs(t *testing.T) {
	for schedule, same := range map[string]bool{"constant": true, "step -decay=0.5": true, "exponential -decay=0.5": true, "linear": false, "onecycle": false} {
		p := at(t)
		flags := strings.Fields("-hidden=8 -schedule=" + schedule)
		checkpoint := p.stopped(flags...)
		r := p.run("train", "-backend=cpu", "-resume="+checkpoint, "-save=m", "-epochs=5").is(0)
		name, _, _ := strings.Cut(schedule, " ")
		if noted := strings.Contains(r.stderr, "-epochs=5 instead of 3: from here on the learning rate follows -schedule="+name+" over 5 epochs"); noted == same {
			t.Errorf("%s: note %t\n%s", schedule, noted, r.stderr)
		}
		p.run(append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-epochs=5", "-save=n"}, flags...)...).is(0)
		if equal := string(contents(t, p.path("m"))) == string(contents(t, p.path("n"))); equal != same {
			t.Errorf("%s: the network is that of a run of 5 epochs: %t, want %t", schedule, equal, same)
		}
	}
}

func TestStoppedBeforeAnything(t *testing.T) {
	err := &stoppedError{signal: syscall.SIGTERM}
	if err.Error() != "stopped before anything was trained" || exitStatus(err) != 143 {
		t.Errorf("status %d, %v", exitStatus(err), err)
	}
}

// TestResumeWithoutNetwork resumes a run whose network next to the checkpoint was lost or damaged: the run saves it again,
// or it fails before the first step and keeps the checkpoint.
func TestResumeWithoutNetwork(t *testing.T) {
	whole := at(t)
	whole.run("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-epochs=3", "-schedule=constant", "-save=m").is(0)
	want := string(contents(t, whole.path("m")))
	for damage, refused := range map[string]bool{"missing": false, "empty": false, "truncated": false, "cut in the header": true, "other file": true, "directory": true} {
		p := at(t)
		checkpoint := p.stopped("-hidden=8")
		m := strings.TrimSuffix(checkpoint, ".checkpoint")
		network := contents(t, m)
		switch damage {
		case "missing", "directory":
			if err := os.Remove(m); err != nil {
				t.Fatal(err)
			}
		case "empty":
			put(t, m, nil)
		case "truncated":
			put(t, m, network[:len(network)-100])
		case "cut in the header":
			put(t, m, network[:100])
		case "other file":
			put(t, m, []byte("my thesis"))
		}
		if damage == "directory" {
			if err := os.Mkdir(m, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		args := []string{"train", "-backend=cpu", "-resume=" + checkpoint}
		if refused {
			p.run(args...).is(1, "shadegrad: "+m+": cannot save there: ", "; nothing was trained; ")
			contents(t, checkpoint)
			continue
		}
		p.run(args...).is(0, "saved ")
		if string(contents(t, m)) != want {
			t.Errorf("%s: the network is another than the uninterrupted run's", damage)
		}
		mustNotExist(t, checkpoint)
	}
}

// TestResumeRenamed resumes a checkpoint under another name, without -save. A checkpoint of an older program does not
// store the name of the network; it is not removed.
func TestResumeRenamed(t *testing.T) {
	for _, older := range []bool{false, true} {
		p := at(t)
		checkpoint := p.stopped("-hidden=8")
		m := strings.TrimSuffix(checkpoint, ".checkpoint")
		text := contents(t, checkpoint)
		if older {
			text = swap(`\"save\":`, `\"none\":`)(text)
		}
		put(t, p.path("renamed"), text)
		if err := os.Remove(m); err != nil {
			t.Fatal(err)
		}
		if older {
			p.run("train", "-backend=cpu", "-resume=renamed").is(0, "renamed is not removed, since the run saves no network; to save one, resume it with -save=FILE\n")
			contents(t, p.path("renamed"))
			put(t, checkpoint, text)
			p.run("train", "-backend=cpu", "-resume="+checkpoint).is(0, "saved ")
		} else {
			p.run("train", "-backend=cpu", "-resume=renamed").is(0, "saved ")
			mustNotExist(t, p.path("renamed"))
		}
		contents(t, m)
	}
}
