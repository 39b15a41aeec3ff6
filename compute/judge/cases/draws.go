package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// seeds have bits in the lower half, the upper half and both.
var seeds = []uint64{0, 1, 0xDEADBEEF_00000001, 0xFFFFFFFF_FFFFFFFF, 0x80000000_80000000}

// drawing returns a stream and arguments that decide the random numbers of an op.
func drawing(turn int) (stream uint32, args compute.Args) {
	return []uint32{0, 1, 7, 0xFFFFFF00}[turn/2%4], compute.Args{Seed: seeds[turn%len(seeds)], Step: steps[turn%len(steps)]}
}

// dropouts adds op Dropout. Elements are counted row by row, and a block of the generator has numbers for eight, so sizes
// around eight matter.
func (l *caseList) dropouts() {
	list := l.some(0, 1)
	if !l.quick {
		list = append(list, shape{1, 1}, shape{1, 8}, shape{7, 9}, shape{64, 784}, shape{100, 2500}, shape{3, 1})
	}
	rates := []float32{0.2, 0.5, 0, 0.999}
	for i, s := range list {
		for j, rate := range rates {
			if !l.quick && (i+j)%2 > 0 {
				continue
			}
			l.dropout(s, rate, i%3 == j%3, i+j)
		}
	}
	l.threshold()
	if l.quick {
		return
	}
	// The rate 1/1000 is a threshold of only 65.5 of 2¹⁶.
	for turn, rate := range []float32{1e-3, 1. / 3, 0.75, math.Nextafter32(1, 0), 1e-6} {
		l.dropout(shape{33, 131}, rate, false, turn)
	}
}

func (l *caseList) dropout(s shape, rate float32, inPlace bool, turn int) {
	stream, args := drawing(turn)
	params := []string{s.String(), fmt.Sprintf("rate=%g,stream=%d,step=%d,seed=%x", rate, stream, args.Step, args.Seed), flag(inPlace, "inplace")}
	l.add("dropout", "dropout", params, func(p *judge.Problem) {
		op := compute.Dropout{Rate: rate, Stream: stream}
		op.Dst, op.Src = operands(p, "Src", s, inPlace, p.Random(1))
		p.Add(op)
		p.AddRun(args)
	})
}

// threshold adds a dropout whose threshold equals one of its random numbers.
func (l *caseList) threshold() {
	stream, args := drawing(1)
	number := args.Draws(stream).Half(17)
	l.add("dropout", "dropout", []string{"m=5,n=7", "threshold is number 17"}, func(p *judge.Problem) {
		p.Add(compute.Dropout{Rate: float32(number) / 65536, Stream: stream, Src: p.Input("Src", 5, 7, p.Random(1)), Dst: p.Output("Dst", 5, 7)})
		p.AddRun(args)
	})
}

func (l *caseList) noises() {
	list := l.some(0, 2)
	if !l.quick {
		list = append(list, shape{1, 1}, shape{1, 8}, shape{7, 9}, shape{28 * 2 * 64, 28}, shape{29 * 2 * 3, 29})
	}
	for turn, s := range list {
		stream, args := drawing(turn + 2)
		l.add("noise", "noise", []string{s.String(), fmt.Sprintf("stream=%d,step=%d,seed=%x", stream, args.Step, args.Seed)}, func(p *judge.Problem) {
			p.Add(compute.Noise{Dst: p.Output("Dst", s.m, s.n), Stream: stream})
			p.AddRun(args)
		})
	}
}

// takes adds op Take.
func (l *caseList) takes() {
	for i, s := range l.some(1, 2) {
		for _, indexed := range both {
			row := 1 + i%3
			l.add("take", "take", []string{s.String(), fmt.Sprintf("row=%d", row), flag(indexed, "index")}, func(p *judge.Problem) {
				// The batch is not the last one, and the index does not visit all
				// rows.
				op := compute.Take{Dst: p.Output("Dst", s.m, s.n), Src: p.Input("Src", s.m+row+3, s.n, p.Random(1))}
				if indexed {
					op.Index = p.NewIndex(s.m+row+1, op.Src.Rows)
				}
				p.Add(op)
				p.AddRun(compute.Args{Row: row})
			})
		}
	}
}
