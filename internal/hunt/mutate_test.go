package hunt

import (
	"bufio"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// TestDamagedFiles damages a network or a checkpoint at one place. A file that is read nevertheless has the same
// weights.
func TestDamagedFiles(t *testing.T) {
	r := newRun(t)
	cmd := r.command(nil, "train", "-backend=cpu", "-data=moons", "-hidden=8", "-optimizer=adam", "-epochs=100000", "-save="+network)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil { // the first epoch
		t.Error(err)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait() // an interrupted run has a status other than 0
	files := []struct {
		name string
		load func(path string) (any, error)
	}{
		{network, func(path string) (any, error) {
			m, err := model.Load(path)
			if err != nil {
				return nil, err
			}
			return m.Values, nil
		}},
		{checkpoint, func(path string) (any, error) {
			s, err := train.LoadCheckpoint(path)
			if err != nil {
				return nil, err
			}
			return s.Parameters, nil
		}},
	}
	damaged := r.path("damaged")
	read, refused := 0, 0
	trials(t, 0.1, 1000, func(random *rand.Rand) {
		f := files[random.IntN(len(files))]
		want, err := f.load(r.path(f.name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(damaged, damage(random, r.read(f.name)), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := f.load(damaged)
		switch {
		case err != nil:
			refused++
		case !reflect.DeepEqual(got, want):
			t.Errorf("%s: damaged weights were read", f.name)
		default:
			read++
		}
	})
	t.Logf("%d refused, %d read with the same weights", refused, read)
	if refused == 0 {
		t.Error("no damaged file was refused")
	}
}

// damage returns b with one region damaged.
func damage(random *rand.Rand, b []byte) []byte {
	at := random.IntN(len(b))
	switch random.IntN(4) {
	case 0:
		b[at] ^= 1 << random.IntN(8)
	case 1:
		for i := range min(1+random.IntN(64), len(b)-at) {
			b[at+i] = byte(random.Uint32())
		}
	case 2:
		b = b[:at]
	case 3:
		b = slices.Insert(b, at, byte(random.Uint32()))
	}
	return b
}
