package hunt

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"
)

// TestKilledSearch kills a search of flags at random points until it is complete, and compares the network of its winner
// with that of a search that was not killed.
func TestKilledSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("TestResume of package tune interrupts searches in the short suite")
	}
	search := []string{"tune", "-backend=cpu", "-threads=1", "-limit=1000", "-validation=1000", "-epochs=9", "-trials=9", "-dir=search",
		"-lr=1e-3..1", "-hidden=16|32|64", "-dropout=0..0.5"}
	const winner = "search/winner.safetensors"
	whole := newRun(t)
	began := time.Now()
	if out, err := whole.command(nil, search...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took, want := time.Since(began), whole.read(winner)
	trials(t, 0.1, 3, func(random *rand.Rand) {
		r := newRun(t)
		for kills := 0; ; kills++ {
			cmd := r.command(nil, search...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// The delays grow, so that the search ends even if the machine becomes slower.
			delay := (took/8 + time.Duration(random.Int64N(int64(took/4)))) * time.Duration(1+kills/8)
			kill := time.AfterFunc(delay, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			kill.Stop()
			if err == nil {
				t.Logf("complete after %d kills", kills)
				if kills == 0 {
					t.Error("the search was complete before it was killed")
				}
				break
			}
			if _, killed := err.(*exec.ExitError); !killed || cmd.ProcessState.ExitCode() != -1 || kills > 50 {
				t.Fatalf("%v after %d kills: %s", err, kills, &out)
			}
		}
		if !bytes.Equal(r.read(winner), want) {
			t.Error("the winner differs from that of a search that was not killed")
		}
	})
}
