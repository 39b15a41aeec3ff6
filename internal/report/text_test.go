package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"shadegrad/internal/train"
)

// TestNotices compares the sentences of notices, whose errors name options as the user does.
func TestNotices(t *testing.T) {
	var notes bytes.Buffer
	r := &Text{notes: &notes, Explain: func(err error) error { return fmt.Errorf("-flag: %w", err) }}
	for _, n := range []train.Notice{
		{Kind: train.FedInPieces, Images: 128, Bytes: 200960},
		{Kind: train.NotDiagnosed, Err: errors.New("out of memory")},
		{Kind: train.NotKept, Err: errors.New("disk full")},
		{Kind: train.Unresponsive, Err: errors.New("no answer")},
		{Kind: train.Retuned},
	} {
		r.Noticed(n)
	}
	const want = `the training set is transferred to the device in pieces of 128 images, which take 200960 bytes (196.2 KiB) of its memory
no diagnosis: -flag: out of memory
the step could not be saved: -flag: disk full
the device failed: -flag: no answer; stopping at the end of the last complete epoch
the GPU has faster kernels than in the last run, which had no time to try them all; results may differ from that run's in rounding
`
	if got := notes.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestEpochWithoutTime checks that an epoch which is too short to be timed has no speed, as text and as JSON.
func TestEpochWithoutTime(t *testing.T) {
	s := &train.State{Data: train.DataInfo{Height: 1}, Options: train.Options{Epochs: 2}}
	for _, e := range []train.Epoch{{Epoch: 1, TrainLoss: 0.5, Images: 4}, {Epoch: 1, TrainLoss: 0.5, Images: 4, Seconds: 2}} {
		var text, lines bytes.Buffer
		NewText(&text, &text, s, nil).Finished(e)
		NewJSON(&lines, nil, NewText(&text, &text, s, nil)).Finished(e)
		var event map[string]any
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		rate, has := event["images_per_second"]
		if e.Seconds == 0 && (strings.Contains(text.String(), "/s") || has) {
			t.Errorf("without a time: %s%s", &text, &lines)
		}
		if e.Seconds > 0 && (!strings.Contains(text.String(), "; 2.00 s, 2 samples/s\n") || rate != 2.) {
			t.Errorf("with a time: %s%s", &text, &lines)
		}
	}
}
