package model

import (
	"fmt"
	"slices"

	"shadegrad/internal/mlp"
	"shadegrad/internal/safetensors"
)

// Digest returns the SHA-256 of the weights, which a saved file has in its metadata.
func (m *Model) Digest() (string, error) {
	tensors, err := Tensors("", m.Network, m.Values)
	return (&safetensors.File{Tensors: tensors}).Digest(), err
}

// Start returns the weights with which the training of a network c begins from those of m. If c has another number of outputs,
// its last layer is drawn by the seed, and fresh is true. The other layers must be the same.
func (m *Model) Start(c mlp.Config, seed uint64) (values [][]float32, fresh bool, err error) {
	old := m.Network
	last := len(old.Sizes) - 1
	if len(c.Sizes) != len(old.Sizes) || !slices.Equal(c.Sizes[:last], old.Sizes[:last]) || c.NoBias != old.NoBias || c.Layers() > 1 && c.Hidden != old.Hidden {
		return nil, false, fmt.Errorf("the weights of a network %s cannot begin the training of a network %s", old, c)
	}
	drawn := [][]float32(nil)
	if fresh = c.Outputs() != old.Outputs(); fresh {
		drawn = c.InitialParameters(seed)
	}
	kept := len(m.Values)
	if fresh {
		kept -= len(m.Values) / old.Layers() // the parameters of a layer
	}
	for i, v := range m.Values {
		if i < kept {
			values = append(values, slices.Clone(v))
		} else {
			values = append(values, drawn[i])
		}
	}
	return values, fresh, nil
}
