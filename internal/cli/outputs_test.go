package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestOutputsAfterStart checks that the outputs before training come after the device, and "start"
// first of all.
func TestOutputsAfterStart(t *testing.T) {
	p := at(t)
	r := p.run("train", "-backend=cpu", "-data=xor", "-hidden=2", "-epochs=1", "-json").is(0)
	var events []string
	for line := range strings.Lines(r.stdout) {
		var e struct{ Event, When string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, strings.TrimSpace(e.Event+" "+e.When))
	}
	if got := strings.Join(events, ", "); got != "start, outputs before training, epoch, outputs after training, done" {
		t.Errorf("events: %s", got)
	}
	both := p.sh("shadegrad train -backend=cpu -data=xor -hidden=2 -epochs=1 2>&1").is(0).stdout
	device, before := strings.Index(both, "chosen because"), strings.Index(both, "outputs before training")
	if device < 0 || before < device || strings.Index(both, "epoch 1/1") < before {
		t.Errorf("order:\n%s", both)
	}
}
