package cli

import (
	"fmt"

	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// loadStart reads the network with which a run begins.
func loadStart(path string) (*model.Model, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, fmt.Errorf("-from: %w", err)
	}
	return m, nil
}

// begin makes a new run begin with the weights of a network, and describes them.
func (s *settings) begin(state *train.State, m *model.Model, d *dataset.Data) (string, error) {
	t := &d.Train
	if m.About.Numbers != (t.Values != nil) || m.Width != t.Width || m.Height != t.Height {
		want := fmt.Sprintf("images of %d×%d", m.Width, m.Height)
		if m.About.Numbers {
			want = "rows of " + report.Count(m.Width, "number")
		}
		return "", fmt.Errorf("-from=%s: the network is for %s, %s has %s", s.from, want, d.Name, report.Form(t))
	}
	o := &state.Options
	values, fresh, err := m.Start(o.Network, o.Seed)
	if err != nil {
		return "", fmt.Errorf("-from=%s: %w", s.from, err)
	}
	if o.From, err = m.Digest(); err != nil {
		return "", fmt.Errorf("-from=%s: %w", s.from, err)
	}
	state.First = values
	text := fmt.Sprintf("starting from %s: network %s", s.from, m.Network)
	if fresh {
		text += fmt.Sprintf(", with a new output layer of %s instead of %d", report.Count(o.Network.Outputs(), "unit"), m.Network.Outputs())
	}
	return text, nil
}
