package train

import (
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
)

// Model returns the network of a run on a data set: the weights of the epoch of Outcome, with all that prepares inputs like
// those of the data set. The weights are those of the state, not a copy.
func (s *State) Model(d *dataset.Data) *model.Model {
	outcome := s.Outcome()
	form := s.Data.Form
	form.Scale = d.Scale
	return &model.Model{Network: s.Options.Network, Width: s.Data.Width, Height: s.Data.Height, Values: s.Chosen(),
		About: model.About{Data: s.Data.Name, Seed: s.Options.Seed, Epochs: outcome.Epoch, TestAcc: outcome.TestAcc, Form: form,
			Unpadded: d.Unpadded, Numbers: s.Data.Numbers, ClassNames: d.ClassNames, Features: d.Features, LabelColumn: d.Label, Look: &d.Look}}
}
