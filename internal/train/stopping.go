package train

// A Best is the epoch of a run that came out best on the validation set, with the weights
// that were tested there.
//
// Better is the higher accuracy, by more than Options.MinDelta, or, where MinDelta is 0, the
// same accuracy at a lower loss: what a network for classes is measured by are its mistakes,
// and its loss often rises long before its accuracy falls. For regression, which has no
// accuracy, it is the loss that is lower by more than MinDelta.
type Best struct {
	Epoch  Epoch
	Values [][]float32 // in the order of mlp.Config.Shapes
}

// better tells whether an epoch came out better on the validation set than this one, which may
// be nil.
func (b *Best) better(e Epoch, o Options) bool {
	switch {
	case b == nil:
		return true
	case o.Network.Regression:
		return e.ValLoss < b.Epoch.ValLoss-o.MinDelta
	case o.MinDelta == 0 && e.ValAcc == b.Epoch.ValAcc:
		return e.ValLoss < b.Epoch.ValLoss
	}
	return e.ValAcc > b.Epoch.ValAcc+o.MinDelta
}

// Trained reports whether there are no more epochs to come: all are completed, or there was
// nothing better for as long as the run's patience lasts.
func (s *State) Trained() bool { return s.Epoch >= s.Options.Epochs || s.StoppedEarly() }

// StoppedEarly reports whether the run's patience has come to its end.
func (s *State) StoppedEarly() bool {
	p := s.Options.Patience
	return p > 0 && s.Best != nil && s.Epoch-s.Best.Epoch.Epoch >= p && s.Epoch < s.Options.Epochs
}
