package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shadegrad/internal/ostest"
)

// scenario is an environment variable that makes the test binary run one of scenarios instead of
// the tests. A test that kills a process or limits its resources needs a second process.
const scenario = "SHADEGRAD_ATOMICFILE_SCENARIO"

var scenarios = map[string]func(path string) error{
	// Writes half of a file, reports it, and waits to be killed.
	"half": func(path string) error {
		return Write(path, func(w io.Writer) error {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return err
			}
			os.Stdout.WriteString("half written\n")
			_, err := io.Copy(io.Discard, os.Stdin)
			return err
		})
	},
}

func TestMain(m *testing.M) {
	run, ok := scenarios[os.Getenv(scenario)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := run(os.Args[1]); err != nil {
		os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
}

// child returns a command that runs a scenario on path.
func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, path)
	cmd.Env = append(os.Environ(), scenario+"="+name)
	return cmd
}

// checkDir fails unless dir holds the named files only.
func checkDir(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !reflect.DeepEqual(got, names) {
		t.Errorf("the directory holds %q, want %q", got, names)
	}
}

// sample is the content of files that must survive.
const sample = "all of the old content"

// content returns a function that writes a text.
func content(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// checkContent fails unless a file has a content.
func checkContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s has %q (error %v), want %q", path, got, err, want)
	}
}

func save(t *testing.T, path, text string) {
	t.Helper()
	if err := Write(path, content(text)); err != nil {
		t.Fatal(err)
	}
}

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	save(t, path, "")
	save(t, path, sample)
	checkContent(t, path, sample)
	checkDir(t, dir, "file")

	long := filepath.Join(dir, strings.Repeat("n", 250))
	save(t, long, sample)
	checkContent(t, long, sample)
}

func TestWriteInWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "model", sample)
	checkContent(t, "model", sample)
}

func TestWriteKeepsLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	real := filepath.Join(dir, "real", "model")
	for link, to := range map[string]string{"relative": "real/model", "absolute": real, "chain": "relative"} {
		ostest.Symlink(t, to, filepath.Join(dir, link))
	}
	for _, link := range []string{"relative", "absolute", "chain"} { // the first has no target yet
		path := filepath.Join(dir, link)
		save(t, path, sample)
		if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s was replaced and is not a link (error %v)", link, err)
		}
		checkContent(t, real, sample)
		save(t, real, "")
	}
	checkDir(t, filepath.Join(dir, "real"), "model")

	loop := filepath.Join(dir, "loop")
	ostest.Symlink(t, "loop", loop)
	if err := Write(loop, content(sample)); err == nil || err.Error() != loop+": cannot save: too many symbolic links" {
		t.Errorf("got error %v", err)
	}
}

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	save(t, path, sample)
	failure := errors.New("the disk is on fire")
	err := Write(path, func(w io.Writer) error {
		if _, err := w.Write([]byte("half of")); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) || err.Error() != path+": cannot save: the disk is on fire" {
		t.Errorf("got error %v", err)
	}
	checkContent(t, path, sample)
	checkDir(t, dir, "file")
}

// TestWarning checks that a file is saved where the file system refuses its mode or the sync of its directory.
func TestWarning(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	save(t, path, sample)
	check := func(text, want string) {
		t.Helper()
		err := Write(path, content(text))
		var w *Warning
		if !errors.As(err, &w) || !strings.HasPrefix(err.Error(), path+": saved, but ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one about %s", err, want)
		}
		checkContent(t, path, text)
		checkDir(t, dir, "file")
	}
	defer func() { setMode, syncFile, syncDir = (*os.File).Chmod, (*os.File).Sync, syncDirectory }()
	setMode = func(*os.File, fs.FileMode) error { return syscall.EPERM }
	check("1", "the permissions of the old file could not be kept: operation not permitted")
	syncFile = func(*os.File) error { return syscall.EINVAL }
	check("3", "the file cannot be synced: invalid argument")
	syncDir = func(string) error { return syscall.EIO }
	check("2", "the directory cannot be synced: input/output error")
}

func TestWriteToDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, content(sample)); err == nil || err.Error() != dir+": cannot save: it is a directory; give the name of a file" {
		t.Errorf("got error %v", err)
	}
	path := filepath.Join(dir, "none", "model")
	want := path + ": cannot save: no file can be created in " + filepath.Dir(path) + ": " + ostest.NoDirectory + "; create the directory first"
	if err := Write(path, content(sample)); err == nil || err.Error() != want {
		t.Errorf("got error %v", err)
	}
}

// TestKilledWhileWriting kills a child that has written half of the new file.
func TestKilledWhileWriting(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	save(t, path, sample)

	cmd := child(t, "half", path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "half written\n" {
		t.Errorf("the child said %q, error %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Errorf("the child ended with %v instead of being killed", err)
	}

	checkContent(t, path, sample)
	left, err := filepath.Glob(path + ".partial-*")
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %q, error %v", left, err)
	}
	save(t, path, "new") // the partial file of a killed process is not in the way
	checkContent(t, path, "new")
}

// TestReserve lets several owners choose names at the same time: all names differ, and no file is replaced.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.checkpoint")
	const owners = 8
	errs := make(chan error, owners)
	for i := range owners {
		go func() {
			name, release, err := Reserve(path)
			if err != nil {
				errs <- err
				return
			}
			if exists(name) {
				errs <- fmt.Errorf("%s exists", name)
				return
			}
			err = Write(name, content(strconv.Itoa(i)))
			release()
			errs <- err
		}()
	}
	for range owners {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) != owners || !slices.Contains(names, path) || !slices.Contains(names, path+".2") {
		t.Fatalf("names %q, error %v", names, err)
	}
	found := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[string(text)] = true
	}
	if len(found) != owners {
		t.Errorf("%d of %d contents are left", len(found), owners)
	}
}

// TestReserveWhileHeld reserves the next name while another owner has not written the first one yet.
func TestReserveWhileHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.checkpoint")
	for _, want := range []string{path, path + ".2", path + ".3"} {
		name, release, err := Reserve(path)
		if err != nil || name != want {
			t.Fatalf("got %s, error %v, want %s", name, err, want)
		}
		defer release()
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	keep := []string{"m", "m.checkpoint.partial-12", "m.partial-", "m.partial-x", "n.partial-1"}
	for _, name := range append(keep, "m.partial-1", "m.partial-4294967295") {
		save(t, filepath.Join(dir, name), sample)
	}
	Sweep(path)
	checkDir(t, dir, keep...)
	Sweep(filepath.Join(dir, "none", "m"))
}

// TestBlockedRename renames while a virus scanner has the file open.
func TestBlockedRename(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	scanning := errors.New("the file is open in another program")
	tries := 0
	defer func(f func(string, string) error, g func(error) bool) { moveFile, inUse = f, g }(moveFile, inUse)
	inUse = func(err error) bool { return errors.Is(err, scanning) }
	moveFile = func(from, to string) error {
		if tries++; tries < 3 {
			return scanning
		}
		return os.Rename(from, to)
	}
	save(t, path, sample)
	checkContent(t, path, sample)
	if tries != 3 {
		t.Errorf("%d tries", tries)
	}
	other := errors.New("other")
	moveFile = func(string, string) error { return other }
	if err := Write(path, content("new")); !errors.Is(err, other) {
		t.Errorf("error %v", err)
	}
}
