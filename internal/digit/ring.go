package digit

import "slices"

// withoutRing omits a ring around the others, such as a circle around the number of a question. A dot or a stroke within
// a 0 leaves the 0: it is smaller than a circled digit, and a 0 is higher than wide.
func withoutRing(pieces []piece) []piece {
	for i, ring := range pieces {
		rest := slices.Delete(slices.Clone(pieces), i, i+1)
		inner, outer := joined(rest).box, ring.box
		round := 5*outer.Dx() >= 4*outer.Dy() && 4*outer.Dx() <= 5*outer.Dy()
		margin := outer.Dy() / 20
		if len(rest) > 0 && round && inner.In(outer.Inset(margin)) && 5*inner.Dy() >= 2*outer.Dy() {
			return rest
		}
	}
	return pieces
}
