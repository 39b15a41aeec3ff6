package record

import (
	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/page"
	"shadegrad/internal/train"
)

// An End describes how a run ended.
type End struct {
	State  page.State
	Reason string
	Facts  []page.Fact // such as the digest of the certificate
}

// Page returns the data of the page of a run that ended. The backend computes the predictions of the state, which is
// the last good one of the run.
func (r *Recorder) Page(b compute.Backend, d *dataset.Data, end End) (*page.Run, error) {
	s := r.state
	r.seconds = r.about.Seconds()
	values := s.Chosen()
	r.weigh(values)
	p := r.page()
	p.State, p.Reason = end.State, end.Reason
	p.Facts = append(p.Facts, end.Facts...)
	if s.Tested != nil || r.options.TestsEach() && s.Done() {
		e := s.Outcome()
		p.Tiles = append(outcomeTiles(r.options, e), p.Tiles...)
		if s.Tested != nil {
			p.PerEpoch.Outcome = &page.Outcome{Epoch: e.Epoch, Loss: page.Number(e.TestLoss), Acc: page.Number(e.TestAcc)}
		}
	}
	if err := r.pictures(p, b, planeSide); err != nil {
		return p, err
	}
	var err error
	p.Predictions, err = r.predictions(b, d, values, end.State != page.Complete)
	return p, err
}

// outcomeTiles returns the figures of the result of a run on the test set.
func outcomeTiles(o train.Options, e train.Epoch) []page.Fact {
	list := []page.Fact{{Name: "Test loss", Value: figure(e.TestLoss)}}
	if !o.Network.Regression {
		list = append([]page.Fact{{Name: "Test accuracy", Value: percent(e.TestAcc)}}, list...)
	}
	return list
}
