package dataset

import (
	"fmt"
	"math"

	"shadegrad/compute/philox"
)

// A toy is a small data set of points in the plane.
type toy struct {
	name        string
	classes     int
	train, test int                                                    // number of points
	point       func(r philox.Stream, i int) (x, y float64, label int) // sample i; the test set follows the training set
}

// toyStream is the first random stream of the toys. Weights, shuffles and steps use lower ones.
const toyStream = 1 << 61

// The toys, by their names in Open. They are the same on every machine, except for the rounding of its sines.
var toys = map[string]toy{
	// XOR: the corners of the unit square, 1 where one coordinate alone is 1. The test set is the same.
	"xor": {"XOR (built in)", 2, 4, 4, func(_ philox.Stream, i int) (x, y float64, label int) {
		a, b := i>>1&1, i&1
		return float64(a), float64(b), a ^ b
	}},
	// Half-plane: points from a standard normal distribution, 1 where x + y > 0.
	"halfplane": {"half-plane (built in)", 2, 100, 1000, func(r philox.Stream, i int) (x, y float64, label int) {
		x, y = float64(float32(r.Normal(uint64(2*i)))), float64(float32(r.Normal(uint64(2*i+1))))
		if x+y > 0 {
			label = 1
		}
		return x, y, label
	}},
	// Spiral: three arms with radius t and angle 2π·arm/3 + 4t + 0.2·n, t uniform in [0, 1), n standard normal.
	"spiral": {"spiral (built in)", 3, 600, 1500, func(r philox.Stream, i int) (x, y float64, label int) {
		label = i % 3
		t := r.Uniform(uint64(2 * i))
		angle := 2*math.Pi*float64(label)/3 + 4*t + 0.2*r.Normal(uint64(2*i+1))
		return t * math.Sin(angle), t * math.Cos(angle), label
	}},
	// Moons: the half circles (cos a, sin a) and (1 − cos a, ½ − sin a), a uniform in [0, π), with normal noise of
	// deviation 0.1 on both coordinates.
	"moons": {"moons (built in)", 2, 400, 1000, func(r philox.Stream, i int) (x, y float64, label int) {
		label = i % 2
		y, x = math.Sincos(math.Pi * r.Uniform(uint64(3*i)))
		if label == 1 {
			x, y = 1-x, 0.5-y
		}
		return x + 0.1*r.Normal(uint64(3*i+1)), y + 0.1*r.Normal(uint64(3*i+2)), label
	}},
}

// toyNumbers are fixed, so that a toy keeps its points when others are added.
//
// That of the half-plane is chosen so that the tutorial's network (preset halfplane) separates all of its points. With
// about half of all numbers, some point is so close to the line that four hidden units, trained as in the preset, never
// learn its side.
var toyNumbers = map[string]uint64{"xor": 0, "halfplane": 8, "spiral": 2, "moons": 3}

// builtInNames lists the names of the built-in data sets.
const builtInNames = "mnist, xor, halfplane, spiral and moons"

// IsBuiltIn reports whether Open takes where for a built-in data set instead of a path.
func IsBuiltIn(where string) bool {
	_, ok := toys[where]
	return ok || where == "" || where == "mnist"
}

// builtInName returns the name of a built-in data set for people.
func builtInName(where string) string {
	if t, ok := toys[where]; ok {
		return t.name
	}
	return builtIn.name
}

// data returns the data set of the toy called key.
func (t toy) data(key string) *Data {
	r := philox.Stream{Seed: 1, ID: toyStream + toyNumbers[key]}
	after := t.train
	if key == "xor" {
		after = 0
	}
	return &Data{Name: t.name, Train: t.set(r, 0, t.train), Test: t.set(r, after, t.test)}
}

// set returns n points, from an index on.
func (t toy) set(r philox.Stream, from, n int) Set {
	s := Set{Values: make([]float32, 2*n), Labels: make([]byte, n), Width: 2, Height: 1, Classes: t.classes,
		origin: func(i int) string { return fmt.Sprintf("%s: sample %d: label out of range", t.name, i+1) }}
	for i := range n {
		x, y, label := t.point(r, from+i)
		s.Values[2*i], s.Values[2*i+1], s.Labels[i] = float32(x), float32(y), byte(label)
	}
	return s
}
