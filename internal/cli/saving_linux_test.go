package cli

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCannotSave checks the row of FAULTS.md on directories that cannot be written: an error before
// anything is trained.
func TestCannotSave(t *testing.T) {
	p := at(t)
	put(t, p.path("file"), nil)
	for save, reason := range map[string]string{
		"gone/m":    "no file can be created in gone: no such file or directory",
		"file/m":    "not a directory",
		".":         "it is a directory",
		"/proc/m":   "no file can be created in /proc: ",
		p.path(""):  "it is a directory",
		readOnly(t): "",
	} {
		r := p.run(trainSmall(t, "-save="+save)...).is(1, "shadegrad: "+save+": cannot save there: ", reason, "; nothing was trained; name a file that can be written\n")
		if strings.Count(r.stderr, "\n") != 1 || r.stdout != "" {
			t.Errorf("%s: want one line, got\n%s%s", save, r.stdout, r.stderr)
		}
	}
	if entries, err := os.ReadDir(p.dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}

// readOnly returns the name of a file that no user can write: a running program.
func readOnly(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("sleep")
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "running")
	put(t, copied, contents(t, path))
	if err := os.Chmod(copied, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), copied, "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return copied
}

// TestReadOnlyDirectory saves to a read-only file system.
func TestReadOnlyDirectory(t *testing.T) {
	p := at(t)
	dir := p.path("ro")
	model := filepath.Join(dir, "m")
	mount(t, dir, "size=1m")
	p.run(trainSmall(t, "-save="+model)...).is(0)
	before := contents(t, model)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	p.run(trainSmall(t, "-seed=2", "-save="+model)...).is(1, model+": cannot save there: ", "read-only file system")
	p.run(trainSmall(t, "-seed=2", "-save="+filepath.Join(dir, "new"))...).is(1, "cannot save there: no file can be created in "+dir+": read-only file system")
	if string(contents(t, model)) != string(before) {
		t.Error("the file has changed")
	}
}

// TestDiskFull checks the row of FAULTS.md on full disks: the previous file is whole, and the error
// names it.
func TestDiskFull(t *testing.T) {
	full := func(t *testing.T, p place, model string, run func(args ...string) result, reason string) {
		t.Helper()
		before := contents(t, model)
		r := run(trainSmall(t, "-hidden=64", "-save="+model)...).is(1, "shadegrad: "+model+": cannot save: "+reason)
		if !strings.Contains(r.stdout, "\ntest accuracy ") {
			t.Errorf("the run did not continue:\n%s", r.stdout)
		}
		if string(contents(t, model)) != string(before) {
			t.Error("the previous file has changed")
		}
		p.run("eval", "-backend=cpu", "-model="+model, "-data="+smallData(t)).is(0)
		if partial, err := filepath.Glob(model + ".*"); err != nil || len(partial) > 0 {
			t.Errorf("left behind: %v (%v)", partial, err)
		}
	}
	t.Run("disk", func(t *testing.T) {
		p := at(t)
		p.env = append(p.env, "TMPDIR="+p.dir)
		dir := p.path("disk")
		mount(t, dir, "size=64k")
		model := filepath.Join(dir, "m")
		p.run(trainSmall(t, "-save="+model)...).is(0)
		full(t, p, model, p.run, "no space left on device; free some space there, or save elsewhere; the network is saved in "+p.path("m")+" instead\n")
		p.run("eval", "-backend=cpu", "-model=m", "-data="+smallData(t)).is(0)
	})
	t.Run("limit", func(t *testing.T) {
		p := at(t)
		model := p.path("m")
		p.run(trainSmall(t, "-save="+model)...).is(0)
		limited := func(args ...string) result {
			// 100 blocks are 51,200 or 102,400 bytes, and hold the small network.
			return p.sh("ulimit -f 100 && exec shadegrad " + strings.Join(args, " "))
		}
		full(t, p, model, limited, "file too large; raise the limit on file sizes (ulimit -f), or save elsewhere\n")
	})
	t.Run("checkpoint", func(t *testing.T) {
		// The network fits, the checkpoint with its velocities does not.
		p := at(t)
		dir := p.path("disk")
		mount(t, dir, "size=64k")
		model := filepath.Join(dir, "m")
		p.run(trainSmall(t, "-epochs=2", "-save="+model)...).is(0, model+".checkpoint: cannot save: no space left on device; free some space there, or save elsewhere; the run continues")
		p.run("eval", "-backend=cpu", "-model="+model, "-data="+smallData(t)).is(0)
	})
	t.Run("device", func(t *testing.T) {
		p := at(t)
		p.env = append(p.env, "TMPDIR="+p.dir)
		p.run(trainSmall(t, "-save=/dev/full")...).is(1, "shadegrad: /dev/full: cannot save: no space left on device", "; the network is saved in "+p.path("full")+" instead\n")
	})
}

// TestCertificateDiskFull writes the certificate of a run elsewhere, not to lose the run.
func TestCertificateDiskFull(t *testing.T) {
	p := at(t)
	p.env = append(p.env, "TMPDIR="+p.dir)
	p.run(trainSmall(t, "-certify=/dev/full")...).is(1, "shadegrad: /dev/full: cannot save: no space left on device", "; the certificate is saved in "+p.path("full")+" instead\n")
	p.run("verify", "-data="+smallData(t), "full").is(0)
}

// TestDiskFullForAWhile checks that a run saves again after the disk was full, from the first save on.
func TestDiskFullForAWhile(t *testing.T) {
	p := at(t)
	dir := p.path("disk")
	mount(t, dir, "size=256k")
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, 1<<20), 0o644); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	model := filepath.Join(dir, "m")
	c := p.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=1000000", "-save="+model)
	c.err(model + ": cannot save: ")
	if err := os.Remove(filepath.Join(dir, "large")); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, c.stdout)
	c.err(model + ": saved")
	c.signal(syscall.SIGTERM)
	rest, err := io.ReadAll(c.stderr)
	if err != nil {
		t.Fatal(err)
	}
	if want := "to resume, run: shadegrad train -resume=" + model + ".checkpoint"; !strings.Contains(string(rest), want) {
		t.Errorf("no %q in\n%s", want, rest)
	}
}

// TestNothingCanBeSaved fills every disk after the first epoch.
func TestNothingCanBeSaved(t *testing.T) {
	p := at(t)
	dir := p.path("disk")
	mount(t, dir, "size=256k")
	full := place{t, dir, []string{"TMPDIR=" + dir}}
	c := full.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=1000", "-save=m")
	c.out("epoch 2/1000")
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, 1<<20), 0o644); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	r := c.end().is(1, "shadegrad: m: cannot save: ", "; to resume from the last checkpoint, run: shadegrad train -resume=m.checkpoint -backend=cpu -save=m -every=1\n")
	if err := os.Remove(filepath.Join(dir, "large")); err != nil {
		t.Fatal(err)
	}
	full.sh(resumeCommand(r)).is(0, "resuming in epoch ", "saved m")
}

// TestStoppedWhereNothingCanBeSaved stops a run without -save on a full disk.
func TestStoppedWhereNothingCanBeSaved(t *testing.T) {
	p := at(t)
	dir := p.path("disk")
	mount(t, dir, "size=4k")
	temporary := t.TempDir()
	full := place{t, dir, []string{"TMPDIR=" + temporary}}
	c := full.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=100")
	c.out("epoch 1/100")
	c.signal(syscall.SIGTERM)
	r := c.end().is(143, "shadegrad.checkpoint: cannot save: ", "; the checkpoint is saved in "+temporary+"/shadegrad.checkpoint instead\n")
	p.sh(resumeCommand(r)).is(0, "resuming in epoch ")
	mustNotExist(t, filepath.Join(temporary, "shadegrad.checkpoint"))
}

// TestSheetWhole checks that a full disk leaves an earlier sheet unchanged, and no part of a new one.
func TestSheetWhole(t *testing.T) {
	p := at(t)
	if err := os.Mkdir(p.path("out"), 0o755); err != nil {
		t.Fatal(err)
	}
	sheet := p.path("out/sheet.png")
	put(t, sheet, []byte("earlier"))
	p.sh("ulimit -f 1 && exec shadegrad digits -data="+smallData(t)+" -o="+sheet).is(1, "shadegrad: "+sheet+": cannot save: file too large; raise the limit")
	if got := contents(t, sheet); string(got) != "earlier" {
		t.Errorf("%d bytes are where the earlier sheet was", len(got))
	}
	if list, err := os.ReadDir(p.path("out")); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// mount mounts a file system in memory at dir, if the tests are permitted to.
func mount(t testing.TB, dir, options string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, options)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENODEV) {
		t.Skipf("a file system cannot be mounted here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// TestKilledSaving kills a run while it writes the network and while it writes the checkpoint, and
// checks that the previous files are whole.
func TestKilledSaving(t *testing.T) {
	const tries = 20 // the signal can come too late
	for _, file := range []string{"m", "m.checkpoint"} {
		p := at(t)
		args := trainSmall(t, "-batch=0", "-hidden=2048", "-save=m", "-epochs=1000000")
		killed := false
		for try := 0; try < tries && !killed; try++ {
			created := p.watch()
			c := p.start(args...)
			for range 3 { // the first is a trial, and the second has nothing before it
				created(file + ".partial-")
			}
			c.signal(syscall.SIGKILL)
			c.end()
			partial, err := filepath.Glob(p.path(file + ".partial-*"))
			if err != nil {
				t.Fatal(err)
			}
			killed = len(partial) > 0
			for _, name := range partial {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
			p.run("eval", "-backend=cpu", "-model=m", "-data="+smallData(t)).is(0)
			c = p.start("train", "-resume=m.checkpoint", "-backend=cpu", "-save=m")
			c.err("resuming in epoch ")
			c.signal(syscall.SIGKILL)
			c.end()
		}
		if !killed {
			t.Errorf("%s: in %d tries never killed while it was written", file, tries)
		}
	}
}

// watch returns a function that waits until a file whose name has a prefix is created in the
// directory.
func (p place) watch() func(prefix string) {
	p.t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, p.dir, unix.IN_CREATE); err != nil {
		p.t.Fatal(err)
	}
	const longest = 600_000 // ms, also on a busy machine
	var waiting []string
	return func(prefix string) {
		p.t.Helper()
		buf := make([]byte, 4096)
		for {
			for len(waiting) > 0 {
				name := waiting[0]
				if waiting = waiting[1:]; strings.HasPrefix(name, prefix) {
					return
				}
			}
			if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, longest); err == unix.EINTR {
				continue
			} else if err != nil || n == 0 {
				p.t.Fatalf("no file %s… was created (%v)", prefix, err)
			}
			n, err := unix.Read(fd, buf)
			if err != nil {
				p.t.Fatal(err)
			}
			for rest := buf[:n]; len(rest) > 0; {
				size := int(binary.NativeEndian.Uint32(rest[12:]))
				name := rest[unix.SizeofInotifyEvent : unix.SizeofInotifyEvent+size]
				waiting = append(waiting, strings.TrimRight(string(name), "\x00"))
				rest = rest[unix.SizeofInotifyEvent+size:]
			}
		}
	}
}

// TestLogdirFull fills the disk of the event file during a run. The run notes that once, completes and saves its network, and
// then fails.
func TestLogdirFull(t *testing.T) {
	p := at(t)
	dir := p.path("disk")
	mount(t, dir, "size=64k")
	r := p.run(trainSmall(t, "-epochs=12", "-save=m", "-logdir="+dir)...).is(1, ": cannot write: no space left on device; the run continues without it\n",
		"saved m\n", ": cannot write: no space left on device; the file ends before the run\n")
	if strings.Count(r.stderr, "cannot write") != 2 || strings.Count(r.stdout, "\n") != 13 {
		t.Errorf("want two lines on the disk on stderr, and all results:\n%s%s", r.stdout, r.stderr)
	}
	p.run("eval", "-backend=cpu", "-model=m", "-data="+smallData(t)).is(0)
}
