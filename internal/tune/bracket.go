package tune

import (
	"cmp"
	"math"
	"slices"
)

const (
	// eta is η of Hyperband: a rung keeps 1/η of its trials and trains them η times as long.
	eta = 3
	// maxRungs bounds the rungs after the first, and with them the trials of a bracket, 81.
	maxRungs = 4
)

// A bracket is one successive halving: its trials are trained up to the epochs of each rung in turn, and each rung keeps
// the best of them.
type bracket struct {
	first, n int   // the numbers of its trials
	epochs   []int // after each rung; the last is that of a whole run
}

// brackets calls do with the brackets of Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, JMLR 18, 2018,
// algorithm 1), in turn, from the one with the most trials and the shortest first rung to the one that trains each trial to
// the end. It ends when do returns false or all trials are in a bracket; trials of 0 means no limit.
func brackets(epochs, trials int, do func(bracket) bool) {
	most := min(maxRungs, int(math.Log(float64(epochs))/math.Log(eta)+1e-9))
	next := 1
	for {
		for s := most; s >= 0; s-- {
			size := math.Pow(eta, float64(s))
			b := bracket{first: next, n: int(math.Ceil(float64(most+1) / float64(s+1) * size))}
			if trials > 0 {
				b.n = min(b.n, trials+1-next)
			}
			if b.n <= 0 {
				return
			}
			for i := range s + 1 {
				e := max(1, int(math.Round(float64(epochs)/math.Pow(eta, float64(s-i)))))
				if len(b.epochs) == 0 || e > b.epochs[len(b.epochs)-1] {
					b.epochs = append(b.epochs, e)
				}
			}
			if next += b.n; !do(b) {
				return
			}
		}
	}
}

// best returns the best of the trials after a rung, counted from 0, that the next rung trains.
func best(list []*Trial, rung int) []*Trial {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *Trial) int { return compare(a.at(rung), b.at(rung)) })
	return list[:max(1, len(list)/eta)]
}

// compare is negative if a is better than b. A trial that diverged has no result.
func compare(a, b *Result) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	case a.ValAcc != b.ValAcc:
		return cmp.Compare(b.ValAcc, a.ValAcc)
	}
	return cmp.Compare(a.ValLoss, b.ValLoss)
}

// Compare is negative if trial a was trained longer than b, or as long with a better result. A diverged trial comes last.
func Compare(a, b *Trial) int {
	epochs := func(t *Trial) int {
		if t.Diverged != "" || t.Last() == nil {
			return -1
		}
		if t.Complete {
			return math.MaxInt
		}
		return t.Last().Epochs
	}
	if x, y := epochs(a), epochs(b); x != y {
		return cmp.Compare(y, x)
	}
	return compare(a.Last(), b.Last())
}
