package record

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/page"
	"shadegrad/internal/train"
)

const (
	planeSide   = 96  // points of the plane along an axis
	liveSide    = 64  // the same during the run
	planePoints = 600 // samples that are shown
	planeMargin = 0.1 // of the extent of the samples
)

// pointsOf returns samples of two inputs with classes, or nil for other data.
func pointsOf(s *train.State, d *dataset.Data) []page.Point {
	t := &d.Train
	if t.Values == nil || t.Features() != 2 || s.Options.Network.Regression {
		return nil
	}
	var list []page.Point
	n := min(t.Len(), planePoints)
	for i := range n {
		j := i * t.Len() / n
		list = append(list, page.Point{page.Number(t.Values[2*j]), page.Number(t.Values[2*j+1]), page.Number(t.Labels[j])})
	}
	return list
}

// plane returns the classes of the network over the plane of its two inputs.
func (v *view) plane(b compute.Backend, side int) (*page.Boundary, error) {
	from, to := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, p := range v.points {
		for k := range 2 {
			from[k], to[k] = min(from[k], float64(p[k])), max(to[k], float64(p[k]))
		}
	}
	for k := range 2 {
		margin := planeMargin * max(to[k]-from[k], 1e-6)
		from[k], to[k] = from[k]-margin, to[k]+margin
	}
	grid := &dataset.Set{Width: 2, Height: 1, Classes: v.data.Classes, Labels: make([]byte, side*side)}
	for i := range side * side {
		x, y := (float64(i%side)+0.5)/float64(side), 1-(float64(i/side)+0.5)/float64(side) // y grows upwards
		grid.Values = append(grid.Values, float32(from[0]+x*(to[0]-from[0])), float32(from[1]+y*(to[1]-from[1])))
	}
	c := v.options.Network
	outputs, err := train.OutputsOf(b, c, v.values, grid)
	if err != nil {
		return nil, err
	}
	list := make([][]float64, len(outputs))
	for i, y := range outputs {
		list[i] = fractions(c, y)
	}
	p := &page.Boundary{X: [2]float64{from[0], to[0]}, Y: [2]float64{from[1], to[1]}, Names: [2]string{"x", "y"}, Points: v.points}
	if p.Source, err = page.Plane(side, list); err != nil {
		return nil, err
	}
	for k := range 2 {
		if k < len(v.names) {
			p.Names[k] = v.names[k]
		}
	}
	if s := v.scale; s != nil { // show the numbers of the file
		unscaled := func(value float64, k int) float64 { return value*s.Deviation[k] + s.Mean[k] }
		p.Points = nil
		for _, q := range v.points {
			p.Points = append(p.Points, page.Point{page.Number(unscaled(float64(q[0]), 0)), page.Number(unscaled(float64(q[1]), 1)), q[2]})
		}
		p.X = [2]float64{unscaled(p.X[0], 0), unscaled(p.X[1], 0)}
		p.Y = [2]float64{unscaled(p.Y[0], 1), unscaled(p.Y[1], 1)}
	}
	return p, nil
}

// probable reports whether the outputs of a network are probabilities of its classes.
func probable(c mlp.Config) bool {
	return c.Output == compute.Softmax || c.Outputs() == 1 && c.Output == compute.Sigmoid && c.On > c.Off
}

// fractions returns a number in [0, 1] for each class, which add up to 1: the probabilities or, for other outputs, how
// far each is from Off to On.
func fractions(c mlp.Config, y []float32) []float64 {
	list, sum := make([]float64, max(len(y), 2)), 0.
	for i, v := range y {
		list[i] = min(max((float64(v)-float64(c.Off))/(float64(c.On)-float64(c.Off)), 0), 1)
		if math.IsNaN(list[i]) {
			list[i] = 0
		}
	}
	if len(y) == 1 {
		list[0], list[1] = 1-list[0], list[0]
	}
	for _, v := range list {
		sum += v
	}
	for i := range list {
		if sum > 0 {
			list[i] /= sum
		} else {
			list[i] = 1 / float64(len(list))
		}
	}
	return list
}
