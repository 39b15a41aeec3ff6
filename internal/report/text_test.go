package report

import (
	"bytes"
	"errors"
	"fmt"
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
