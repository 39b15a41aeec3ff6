package report

import (
	"fmt"

	"shadegrad/internal/gradcheck"
)

// GradientPart returns the line of a part: the weights or the biases of a layer.
func GradientPart(p *gradcheck.Part) string {
	kinks := ""
	if p.Kinks > 0 {
		kinks = fmt.Sprintf(", %d across a kink", p.Kinks)
	}
	line := fmt.Sprintf("%-17s %-11s %3d tried%s; ", partName(p), fmt.Sprintf("%d×%d", p.Rows, p.Cols), p.Tried, kinks)
	if p.OK && p.Hidden() {
		return line + fmt.Sprintf("no gradient above %.1e, below the rounding error  ok", p.Noise)
	}
	verdict := "ok"
	if !p.OK {
		verdict = "WRONG"
	}
	return line + fmt.Sprintf("error at most %.1e, median %.1e, of a norm of %.1e  %s", p.Largest, p.Median, p.Norm, verdict)
}

// partName names a part: "layer 1, weights".
func partName(p *gradcheck.Part) string {
	kind := "weights"
	if p.Bias {
		kind = "biases"
	}
	return fmt.Sprintf("layer %d, %s", p.Layer, kind)
}

// GradientVerdict summarises a report in a sentence.
func GradientVerdict(r *gradcheck.Report) string {
	p := r.Largest()
	tried, kinks := 0, 0
	for _, p := range r.Parts {
		tried, kinks = tried+p.Tried, kinks+p.Kinks
	}
	switch {
	case !p.OK && p.Tried == 0:
		return fmt.Sprintf("%s: nothing to compare, since every difference crosses a kink; try other -samples or another -seed", partName(p))
	case !p.OK:
		return fmt.Sprintf("the gradients are wrong: %s: element (%d,%d) is %.7g, by differences %.7g",
			partName(p), p.Worst.Row, p.Worst.Col, p.Worst.Got, p.Worst.Want)
	}
	skipped := ""
	if kinks > 0 {
		skipped = fmt.Sprintf("; %s across kinks not compared", Count(kinks, "difference"))
	}
	return fmt.Sprintf("the gradients are right: %s compared, each within %.1e of its layer's norm%s",
		Count(tried, "parameter"), p.Largest, skipped)
}
