package train

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// Parameters has the parameters of a network and the state that training keeps for them. Each list has
// one slice per parameter, in the order of mlp.Config.Shapes. A list that the training does not use is
// nil.
type Parameters struct {
	Values     [][]float32
	Velocities [][]float32 // V of op Update
	Squares    [][]float32 // S of op Update
	Averages   [][]float32 // moving averages of Values
}

// A parameterList is one of the lists of Parameters.
type parameterList struct {
	what   Quantity
	prefix string // of the names of its tensors in a checkpoint
	values *[][]float32
	mats   func(*mlp.Network) []compute.Mat
	used   func(mlp.Training) bool
}

func (p *Parameters) lists() []parameterList {
	return []parameterList{
		{Weights, "", &p.Values, (*mlp.Network).Parameters, func(mlp.Training) bool { return true }},
		{Velocities, "velocity.", &p.Velocities, (*mlp.Network).Velocities, mlp.Training.Velocities},
		{Squares, "square.", &p.Squares, (*mlp.Network).Squares, mlp.Training.Squares},
		{Averages, "average.", &p.Averages, (*mlp.Network).Averages, func(t mlp.Training) bool { return t.Average > 0 }},
	}
}

// used returns the lists that a training uses.
func (p *Parameters) used(t mlp.Training) []parameterList {
	var list []parameterList
	for _, l := range p.lists() {
		if l.used(t) {
			list = append(list, l)
		}
	}
	return list
}

// firstNonFinite returns the first list with a value that is not finite, and the index of its
// parameter, or −1. A parameter whose mean square is infinite stands still from then on, and
// nothing else shows it.
func (p *Parameters) firstNonFinite() (Quantity, int) {
	for _, l := range p.lists() {
		if i := firstNonFinite(*l.values); i >= 0 {
			return l.what, i
		}
	}
	return "", -1
}

// finite reports whether every value is finite.
func (p *Parameters) finite() bool {
	_, i := p.firstNonFinite()
	return i < 0
}

// firstNonFinite returns the index of the first slice that contains a NaN or an infinity, or −1.
func firstNonFinite(values [][]float32) int {
	for i, list := range values {
		for _, v := range list {
			if !finite(float64(v)) {
				return i
			}
		}
	}
	return -1
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
