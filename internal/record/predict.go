package record

import (
	"sort"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/page"
	"shadegrad/internal/train"
)

// The limits of what a page shows of the predictions.
const (
	matrixClasses  = 64 // a larger confusion matrix cannot be read
	shownMistakes  = 24
	cellPictures   = 480 // in all cells but those of the diagonal
	perCell        = 12
	hitsPerClass   = 6
	frequentCells  = 12
	likeliest      = 3
	scatterPoints  = 800
	shownValues    = 8
	stoppedEffort  = 2_500_000_000 // weights times samples after an interrupt, about half a second
	completeEffort = 1_000_000_000_000
)

// A prediction is the result for a sample.
type prediction struct {
	sample, class, label int
	sure                 float64 // of the class
	y                    []float32
}

// predictions returns the predictions for the test set of parameters that are the result of the run so far.
// stopped bounds the time that they take.
func (r *Recorder) predictions(b compute.Backend, d *dataset.Data, values [][]float32, stopped bool) (*page.Predictions, error) {
	set, effort := &d.Test, completeEffort
	if stopped {
		effort = stoppedEffort
	}
	c := r.options.Network
	n := min(set.Len(), max(effort/c.Parameters(), 1))
	if n == 0 || values == nil {
		return nil, nil
	}
	some := first(set, n)
	p := &page.Predictions{Set: "test", Samples: n, Of: set.Len(), Probabilities: probable(c)}
	outputs, err := train.OutputsOf(b, c, values, some)
	if err != nil {
		return nil, err
	}
	if c.Regression {
		p.Scatter = scatter(some, outputs)
		return p, nil
	}
	scores, err := train.Evaluate(b, c, values, some) // whose classes are those of eval
	if err != nil {
		return nil, err
	}
	cells := map[[2]int][]prediction{}
	var wrong []prediction
	for i, y := range outputs {
		q := prediction{sample: i, class: train.Class(c, y), label: int(some.Labels[i]), y: y}
		q.sure = fractions(c, y)[q.class]
		cells[[2]int{q.label, q.class}] = append(cells[[2]int{q.label, q.class}], q)
		if q.label != q.class {
			wrong = append(wrong, q)
		}
	}
	for i := range scores.Confusion {
		p.Hits += scores.Confusion[i][i]
	}
	if len(scores.Confusion) <= matrixClasses {
		p.Confusion = scores.Confusion
	}
	e := &examples{r: r, set: some}
	sort.SliceStable(wrong, func(i, j int) bool { return wrong[i].sure > wrong[j].sure })
	for _, q := range wrong[:min(shownMistakes, len(wrong))] {
		p.Mistakes = append(p.Mistakes, e.of(q))
	}
	p.Cells = e.cells(cells)
	for _, cell := range p.Cells {
		if cell.True != cell.Class && len(p.Frequent) < frequentCells {
			cell.Examples = nil
			p.Frequent = append(p.Frequent, cell)
		}
	}
	if len(e.pictures) > 0 {
		p.Pictures, err = page.NewSheet(some.Width, some.Height, e.pictures)
	}
	return p, err
}

// first returns the first samples of a set.
func first(s *dataset.Set, n int) *dataset.Set {
	some := *s
	if s.Images != nil {
		some.Images = s.Images[:n*s.Features()]
	}
	if s.Values != nil {
		some.Values = s.Values[:n*s.Features()]
	}
	if s.Labels != nil {
		some.Labels = s.Labels[:n]
	}
	if s.Targets != nil {
		some.Targets = s.Targets[:n*s.Outputs]
	}
	return &some
}

// scatter returns the first target and output of some samples of a regression set.
func scatter(s *dataset.Set, outputs [][]float32) *page.Scatter {
	p := &page.Scatter{Name: "target"}
	if s.Outputs > 1 {
		p.Name = "first target"
	}
	n := min(s.Len(), scatterPoints)
	for i := range n {
		j := i * s.Len() / n
		p.Target, p.Output = append(p.Target, float64(s.Targets[j*s.Outputs])), append(p.Output, float64(outputs[j][0]))
	}
	return p
}

// examples collects the pictures of the samples that a page shows.
type examples struct {
	r        *Recorder
	set      *dataset.Set
	pictures [][]byte
	index    map[int]int // of the picture of a sample
}

// of returns the example of a prediction.
func (e *examples) of(q prediction) page.Example {
	x := page.Example{Sample: q.sample + 1, True: q.label, Picture: -1}
	c := e.r.options.Network
	list := fractions(c, q.y)
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	if len(q.y) > 1 {
		sort.SliceStable(order, func(i, j int) bool { return q.y[order[i]] > q.y[order[j]] })
	} else {
		sort.SliceStable(order, func(i, j int) bool { return list[order[i]] > list[order[j]] })
	}
	for _, class := range order[:min(likeliest, len(order))] {
		value := list[class]
		if len(q.y) > 1 {
			value = float64(q.y[class])
		}
		x.Likely = append(x.Likely, page.Guess{Class: class, Value: page.Number(value)})
	}
	if e.set.Images == nil {
		n := e.set.Features()
		for _, v := range e.set.Values[q.sample*n : q.sample*n+min(n, shownValues)] {
			x.Values = append(x.Values, float64(v))
		}
		return x
	}
	i, ok := e.index[q.sample]
	if !ok {
		if e.index == nil {
			e.index = map[int]int{}
		}
		i = len(e.pictures)
		e.index[q.sample] = i
		e.pictures = append(e.pictures, e.set.Image(q.sample))
	}
	x.Picture = i
	return x
}

// cells returns the examples of cells of the confusion matrix, the most frequent confusions first: the most confident mistakes,
// and the least confident hits.
func (e *examples) cells(all map[[2]int][]prediction) []page.Cell {
	var list []page.Cell
	for at, some := range all {
		list = append(list, page.Cell{True: at[0], Class: at[1], Count: len(some)})
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		switch {
		case a.Count != b.Count:
			return a.Count > b.Count
		case a.True != b.True:
			return a.True < b.True
		}
		return a.Class < b.Class
	})
	confusions := 0
	for _, c := range list {
		if c.True != c.Class {
			confusions++
		}
	}
	each, left := min(max(cellPictures/max(confusions, 1), 1), perCell), cellPictures
	for i := range list {
		cell, some, n := &list[i], all[[2]int{list[i].True, list[i].Class}], each
		hit := cell.True == cell.Class
		if hit {
			n = min(hitsPerClass, max(cellPictures/2/max(len(e.r.classes), 1), 1))
		}
		sort.SliceStable(some, func(i, j int) bool {
			if hit {
				return some[i].sure < some[j].sure
			}
			return some[i].sure > some[j].sure
		})
		for _, q := range some[:min(n, len(some))] {
			if !hit && left <= 0 {
				break
			}
			if !hit {
				left--
			}
			cell.Examples = append(cell.Examples, e.of(q))
		}
	}
	return list
}
