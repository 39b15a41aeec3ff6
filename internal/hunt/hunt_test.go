package hunt

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

var minutes = flag.Float64("minutes", 0, "how long to hunt; 0 runs a few trials of each kind")

// program is the command, built by TestMain.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "hunt")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program = filepath.Join(dir, "shadegrad")
	build := exec.Command("go", "build", "-o", program, "../../cmd/shadegrad")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	status := 1
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s\n", err, out)
	} else {
		status = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(status)
}

// trials calls try until the test's fraction of -minutes has passed; without -minutes a few times.
func trials(t *testing.T, fraction float64, few int, try func(random *rand.Rand)) {
	t.Helper()
	if testing.Short() {
		few = max(1, few/10)
	}
	seed := uint64(1)
	if *minutes > 0 {
		seed = uint64(time.Now().UnixNano())
	}
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	end := time.Now().Add(time.Duration(fraction * *minutes * float64(time.Minute)))
	n := 0
	for ; (n < few || time.Now().Before(end)) && !t.Failed(); n++ {
		try(random)
	}
	t.Logf("%d trials", n)
}

// A run is a directory in which the command trains.
type run struct {
	t   *testing.T
	dir string
}

const (
	network    = "m"
	checkpoint = "m.checkpoint"
)

// begin are the flags of a new run, and resume those of a resumed one.
var (
	begin  = []string{"train", "-backend=cpu", "-threads=1", "-data=moons", "-hidden=64", "-batch=4", "-epochs=40", "-save=" + network}
	resume = []string{"train", "-backend=cpu", "-threads=1", "-resume=" + checkpoint}
)

func newRun(t *testing.T) run { return run{t, t.TempDir()} }

// command returns the command with flags, after a prefix such as strace.
func (r run) command(prefix []string, args ...string) *exec.Cmd {
	line := append(append(prefix[:len(prefix):len(prefix)], program), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "SHADEGRAD_CACHE="+r.dir+"/cache")
	return cmd
}

func (r run) path(name string) string { return filepath.Join(r.dir, name) }

// read returns the content of a file, or nil if it does not exist.
func (r run) read(name string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	return b
}

// reference returns the network of an uninterrupted run.
func reference(t *testing.T) []byte {
	t.Helper()
	r := newRun(t)
	if out, err := r.command(nil, begin...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r.read(network)
}

// whole fails if the network or the checkpoint exists but is damaged. It reports which exist.
func (r run) whole(what string) (hasNetwork, hasCheckpoint bool) {
	r.t.Helper()
	if _, err := os.Stat(r.path(network)); err == nil {
		hasNetwork = true
		if _, err := model.Load(r.path(network)); err != nil {
			r.t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(r.path(checkpoint)); err == nil {
		hasCheckpoint = true
		if _, err := train.LoadCheckpoint(r.path(checkpoint)); err != nil {
			r.t.Errorf("%s: %v", what, err)
		}
	}
	return hasNetwork, hasCheckpoint
}

// next returns the flags that continue the run, or nil if it is complete.
func (r run) next(want []byte, what string) []string {
	r.t.Helper()
	_, interrupted := r.whole(what)
	switch {
	case interrupted:
		return resume
	case bytes.Equal(r.read(network), want):
		return nil
	}
	return begin
}

// finish resumes the run until it is complete and fails if its network differs.
func (r run) finish(want []byte, what string) {
	r.t.Helper()
	args := r.next(want, what)
	if args == nil {
		return
	}
	if out, err := r.command(nil, args...).CombinedOutput(); err != nil {
		r.t.Errorf("%s: %v: %v: %s", what, args, err, out)
	}
	if !bytes.Equal(r.read(network), want) {
		r.t.Errorf("%s: the network is another than the uninterrupted run's", what)
	}
	if r.read(checkpoint) != nil {
		r.t.Errorf("%s: the checkpoint of the complete run is left", what)
	}
}
