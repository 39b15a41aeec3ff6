//go:build cgo && !nogl

package opengl

import (
	"math"

	"shadegrad/compute"
)

// drawn is how many random numbers an invocation draws at once.
const drawn = 8

// rounds is how often the loops of a draw go round.
const rounds = 10

func planDropout(o compute.Dropout) plan {
	p := newPlan("dropout", groupsOf(drawn, o.Dst.Len()), 1)
	p.loops = drawn + rounds
	p.mat("Dst", o.Dst)
	p.mat("Src", o.Src)
	p.count("count", o.Dst.Len())
	p.params["stream"] = o.Stream
	p.params["threshold"], p.params["keep"] = maskOf(o)
	return p
}

// maskOf returns what u(e) is compared with, and the bits of what makes up for what is left out.
func maskOf(o compute.Dropout) (threshold, keep uint32) {
	threshold, k := o.Threshold()
	return threshold, math.Float32bits(k)
}

// dropout has a kernel leave out elements of its results, if there is a dropout.
func (p *plan) dropout(o *compute.Dropout) {
	for _, name := range []string{"dropStream", "threshold", "keep"} {
		p.params[name] = 0
	}
	if o != nil {
		p.defines["DROP"] = "1"
		p.params["dropStream"] = o.Stream
		p.params["threshold"], p.params["keep"] = maskOf(*o)
		p.ops = append(p.ops, o.Name())
	}
}

// planDropped plans an op that reads inputs, and dropout of them.
func planDropped(op compute.Op, drop *compute.Dropout) []plan {
	switch o := op.(type) {
	case compute.Gather:
		o.Dst = drop.Dst
		op = o
	case compute.Warp:
		o.Dst = drop.Dst
		op = o
	}
	plans := planOp(op, 0)
	plans[0].dropout(drop)
	return plans
}

func planNoise(o compute.Noise) plan {
	p := newPlan("noise", groupsOf(drawn, o.Dst.Len()), 1)
	p.loops = drawn + rounds
	p.mat("Dst", o.Dst)
	p.count("count", o.Dst.Len())
	p.params["stream"] = o.Stream
	return p
}

func planWarp(o compute.Warp) plan {
	// Some pixels of an image are one invocation's, which draws its random numbers once.
	const pixels = 4
	p := newPlan("warp", groupsOf(pixels, o.Dst.Cols), o.Dst.Rows)
	p.loops = 2*pixels + rounds
	p.work = 40 * float64(o.Dst.Len())
	p.mat("Dst", o.Dst)
	p.blocks["Src"] = o.Src.Buf
	p.index(o.Index)
	p.option("FIELD", "Field", o.Field)
	if o.Calm != 0 {
		p.defines["CALM"] = "1"
		p.blocks["Labels"] = o.Labels.Buf
	}
	p.params["calmLow"], p.params["calmHigh"] = uint32(o.Calm), uint32(o.Calm>>32)
	p.count("rows", o.Dst.Rows)
	p.count("width", o.Width)
	p.count("height", o.Height)
	p.float("scale", o.Scale)
	p.float("shift", o.Shift)
	least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
	p.float("alphaMiddle", float32((least+most)/2))
	p.float("alphaHalf", float32((most-least)/2))
	p.float("rotation", o.Rotation)
	p.float("scaling", o.Scaling)
	p.float("shear", o.Shear)
	p.float("translation", o.Translation)
	p.params["stream"] = o.Stream
	p.dropout(nil)
	return p
}
