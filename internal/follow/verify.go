package follow

import (
	"fmt"
	"io"

	"shadegrad/compute"
	"shadegrad/internal/certificate"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A Verification follows a run that is repeated and compares its epochs with a certificate.
type Verification struct {
	Certificate *certificate.Certificate
	SameDevice  bool      // of the certificate, so that all bits must be the same
	Out         io.Writer // gets the differences
	Notes       io.Writer // gets the notices of the run
	Enough      func()    // ends the run

	Last    int                // the last epoch compared
	Drifted bool               // some epoch is not bit-identical
	Wrong   *certificate.Drift // the first beyond its bounds
	Err     error              // of writing results
}

// Saved compares a completed epoch and, when the run is done, its outcome.
func (v *Verification) Saved(s *train.State) error {
	if s.Rows > 0 { // stopped within an epoch
		return nil
	}
	if s.Epoch > v.Last {
		v.Last = s.Epoch
		v.record(v.Certificate.Compare(certificate.EpochOf(s)))
	}
	if s.Done() && v.Wrong == nil {
		if d, ok := v.Certificate.CompareOutcome(certificate.OutcomeOf(s)); ok {
			v.record(d)
		}
	}
	return nil
}

// record writes a difference and ends the run if it is beyond its bounds.
func (v *Verification) record(d certificate.Drift) {
	if _, err := fmt.Fprintln(v.Out, d); err != nil && v.Err == nil {
		v.Err = err
	}
	v.Drifted = v.Drifted || !d.Same
	if !d.Same && (v.SameDevice || !d.Close) && v.Wrong == nil {
		v.Wrong = &d
		v.Enough()
	}
}

func (v *Verification) Started(compute.Info)    {}
func (v *Verification) Progress(train.Progress) {}
func (v *Verification) Finished(train.Epoch)    {}
func (v *Verification) Noticed(n train.Notice)  { fmt.Fprintln(v.Notes, report.NoticeText(n)) }
