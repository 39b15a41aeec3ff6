package cases

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A warpCase is op Warp with its options. op has only the numbers.
type warpCase struct {
	m, width, height, row  int
	op                     compute.Warp
	field, indexed, labels bool
	note                   string
	turn                   int
	// displaced returns the value function of the field; nil for random numbers.
	displaced func(p *judge.Problem) func(int) float32
}

// distortions are the parameters of op Warp, one at a time and all together.
var distortions = []struct {
	note string
	op   compute.Warp
}{
	{"still", compute.Warp{}},
	{"rotation", compute.Warp{Rotation: 0.26}},
	{"rotation=π/2", compute.Warp{Rotation: 1.5707963}},
	{"scaling", compute.Warp{Scaling: 0.15}},
	{"scaling=0.95", compute.Warp{Scaling: 0.95}},
	{"shear", compute.Warp{Shear: 0.3}},
	{"translation", compute.Warp{Translation: 2.5}},
	{"translation=100", compute.Warp{Translation: 100}},
	{"alpha", compute.Warp{Alpha: [2]float32{8, 8}}},
	{"alpha=0..40", compute.Warp{Alpha: [2]float32{0, 40}}},
	{"all", compute.Warp{Rotation: 0.26, Scaling: 0.15, Shear: 0.2, Translation: 1, Alpha: [2]float32{6, 9}}},
}

func (l *caseList) warps() {
	sizes := []shape{{28, 28}, {29, 29}, {5, 3}, {1, 1}, {1, 7}, {9, 1}, {33, 20}, {3, 5}}
	batches := []int{1, 3, 17, 8, 5}
	if l.quick {
		sizes, batches = []shape{{11, 9}}, []int{5}
	}
	turn := 0
	for _, d := range distortions {
		for i, s := range sizes {
			turn++
			c := warpCase{m: batches[turn%len(batches)], width: s.m, height: s.n, op: d.op, note: d.note, turn: turn,
				row: turn % 3, indexed: turn%2 == 0, labels: turn%4 > 1 || l.quick, field: d.op.Alpha[1] > 0}
			c.op.Scale = 1. / 255
			if turn%3 == 1 {
				c.op.Scale, c.op.Shift = 2./255, -1
			}
			if c.labels {
				c.op.Calm = 1<<1 | 1<<7
			}
			l.warp(c)
			if i == 0 {
				c.field = !c.field // a field with α = 0, and α without a field
				l.warp(c)
			}
		}
	}
	if l.quick {
		return
	}
	for _, batch := range []int{64, 33} {
		c := warpCase{m: batch, width: 28, height: 28, op: distortions[len(distortions)-1].op, note: "all", field: true,
			labels: true, indexed: true, row: 2, turn: batch}
		c.op.Scale, c.op.Calm = 1./255, 1<<1|1<<7
		l.warp(c)
	}
	l.halves()
	// Classes from 64 on are not calm, even if a shift by 64 bits or more wraps around. Classes from 32
	// on have separate bits.
	c := warpCase{m: 40, width: 6, height: 7, op: distortions[1].op, note: "calm=many,classes=256", labels: true, indexed: true}
	c.op.Scale, c.op.Calm = 1, 0xf0f0aaaa_33cc5a5a // the halves differ
	l.warp(c)
}

// halves adds places half-way between two pixels, whose values are often half-way between two
// levels, and places at other fractions that float32 holds exactly.
func (l *caseList) halves() {
	for _, parts := range []int{2, 8} {
		c := warpCase{m: 6, width: 12, height: 10, field: true, note: fmt.Sprintf("fractions=1/%d", parts)}
		c.op.Scale, c.op.Alpha = 1./255, [2]float32{4, 4}
		c.displaced = func(p *judge.Problem) func(int) float32 {
			return func(int) float32 { return float32(p.Intn(5*parts)-2*parts) / float32(4*parts) }
		}
		l.warp(c)
	}
}

func (l *caseList) warp(c warpCase) {
	stream, args := drawing(c.turn)
	args.Row = c.row
	c.op.Stream = stream
	params := []string{fmt.Sprintf("m=%d,size=%dx%d,row=%d", c.m, c.width, c.height, c.row), c.note, flag(c.field, "field"),
		flag(c.indexed, "index"), flag(c.op.Calm > 0, "calm"), flag(c.op.Shift != 0, fmt.Sprintf("shift=%g", c.op.Shift)),
		fmt.Sprintf("stream=%d,step=%d,seed=%x", stream, args.Step, args.Seed)}
	l.add("warp", "warp", params, func(p *judge.Problem) {
		op, n := c.op, c.width*c.height
		op.Width, op.Height = c.width, c.height
		op.Dst, op.Src = p.Output("Dst", c.m, n), newImages(p, c.m+c.row+3, c.width, c.height)
		if c.labels {
			classes := 10
			if op.Calm>>63 > 0 {
				classes = 256
			}
			op.Labels = p.NewBytes(op.Src.Rows, 1, classes)
		}
		if c.indexed {
			op.Index = p.NewIndex(c.m+c.row+1, op.Src.Rows)
		}
		if c.field {
			// Displacements of about half a pixel.
			displaced := c.displaced
			if displaced == nil {
				displaced = func(p *judge.Problem) func(int) float32 { return p.Random(0.08) }
			}
			op.Field = p.Input("Field", c.height, 2*c.m*c.width, displaced(p))
		}
		p.Add(op)
		p.AddRun(args)
	})
}

// newImages adds images with edges and slopes: a ramp, which is inverted in every second
// image, and in which one pixel of three is random.
func newImages(p *judge.Problem, rows, width, height int) compute.Bytes {
	b := p.NewBytes(rows, width*height, 256)
	data := p.Bytes(b)
	for e := range data {
		i, x, y := e/(width*height), e%width, e/width%height
		if p.Intn(3) == 0 {
			continue
		}
		v := byte(255 * (x + y) / (width + height))
		if i%2 == 1 {
			v = 255 - v
		}
		data[e] = v
	}
	return b
}
