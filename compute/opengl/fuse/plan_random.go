package fuse

import (
	"math"

	"shadegrad/compute"
)

// drawn is how many random numbers an invocation draws at once.
const drawn = 8

// rounds is how often the loops of a draw go round.
const rounds = 10

func planDropout(o compute.Dropout) Plan {
	p := NewPlan("dropout", groupsOf(drawn, o.Dst.Len()), 1)
	p.Loops = drawn + rounds
	p.Mat("Dst", o.Dst)
	p.Mat("Src", o.Src)
	p.Count("count", o.Dst.Len())
	p.Params["stream"] = o.Stream
	p.Params["threshold"], p.Params["keep"] = maskOf(o)
	return p
}

// maskOf returns what u(e) is compared with, and the bits of what makes up for what is left out.
func maskOf(o compute.Dropout) (threshold, keep uint32) {
	threshold, k := o.Threshold()
	return threshold, math.Float32bits(k)
}

// dropout has a kernel leave out elements of its results, if there is a dropout.
func (p *Plan) dropout(o *compute.Dropout) {
	for _, name := range []string{"dropStream", "threshold", "keep"} {
		p.Params[name] = 0
	}
	if o != nil {
		p.Defines["DROP"] = "1"
		p.Params["dropStream"] = o.Stream
		p.Params["threshold"], p.Params["keep"] = maskOf(*o)
		p.Ops = append(p.Ops, o.Name())
	}
}

// planDropped plans an op that reads inputs, and dropout of them.
func planDropped(op compute.Op, drop *compute.Dropout) []Plan {
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

func planNoise(o compute.Noise) Plan {
	p := NewPlan("noise", groupsOf(drawn, o.Dst.Len()), 1)
	p.Loops = drawn + rounds
	p.Mat("Dst", o.Dst)
	p.Count("count", o.Dst.Len())
	p.Params["stream"] = o.Stream
	return p
}

func planWarp(o compute.Warp) Plan {
	// Some pixels of an image are one invocation's, which draws its random numbers once.
	const pixels = 4
	p := NewPlan("warp", groupsOf(pixels, o.Dst.Cols), o.Dst.Rows)
	p.Loops = 2*pixels + rounds
	p.Work = 40 * float64(o.Dst.Len())
	p.Mat("Dst", o.Dst)
	p.Blocks["Src"] = o.Src.Buf
	p.index(o.Index)
	p.option("FIELD", "Field", o.Field)
	if o.Calm != 0 {
		p.Defines["CALM"] = "1"
		p.Blocks["Labels"] = o.Labels.Buf
	}
	p.Params["calmLow"], p.Params["calmHigh"] = uint32(o.Calm), uint32(o.Calm>>32)
	p.Count("rows", o.Dst.Rows)
	p.Count("width", o.Width)
	p.Count("height", o.Height)
	p.Float("scale", o.Scale)
	p.Float("shift", o.Shift)
	least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
	p.Float("alphaMiddle", float32((least+most)/2))
	p.Float("alphaHalf", float32((most-least)/2))
	p.Float("rotation", o.Rotation)
	p.Float("scaling", o.Scaling)
	p.Float("shear", o.Shear)
	p.Float("translation", o.Translation)
	p.Params["stream"] = o.Stream
	p.dropout(nil)
	return p
}
