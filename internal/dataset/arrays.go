package dataset

import (
	"errors"
	"fmt"
	"math"

	"shadegrad/internal/memory"
)

// header returns where the sizes of an IDX file are, for messages.
func (a *array) header() string {
	if a.idx {
		return "at byte 4: "
	}
	return ""
}

// inLabels returns where a label is in an IDX file, for messages: the first one at byte start, the next step bytes later.
func inLabels(file string, start, step int) func(int) string {
	return func(i int) string { return fmt.Sprintf("%s: label out of range at byte %d", file, start+i*step) }
}

// labels returns the labels of an array: whole numbers, rows of which one number is 1 and the others 0, or the first of
// the eight columns of QMNIST.
func (a *array) labels() ([]byte, error) {
	n, columns := a.Shape[0], len(a.values)/a.Size/a.Shape[0]
	if len(a.Shape) == 2 && n == 1 {
		n, columns = columns, 1 // a row, as in MATLAB
	}
	if len(a.Shape) > 2 || columns > maxClasses {
		return nil, fmt.Errorf("expected labels, found %s", a.describe(trainLabels))
	}
	if a.Fortran && columns > 1 {
		values := make([]byte, len(a.values))
		a.Reorder(values, a.values)
		a.values = values
	}
	if columns == 1 && a.Size == 1 && a.Kind != 'i' {
		return a.values, nil
	}
	labels := make([]byte, n)
	qmnist := a.idx && columns == 8
	for i := range labels {
		row := i * columns
		if columns > 1 && !qmnist {
			one := -1
			for j := range columns {
				switch v := a.at(row + j); {
				case v == 1 && one < 0:
					one = j
				case v != 0:
					one = columns
				}
			}
			if one < 0 || one == columns {
				return nil, fmt.Errorf("row %d: expected a label, or numbers of which one is 1 and the others 0, found %d others", i+1, columns)
			}
			labels[i] = byte(one)
			continue
		}
		v := a.at(row)
		if labels[i] = byte(max(0, min(v, maxClasses-1))); float64(labels[i]) != v {
			return nil, fmt.Errorf("label %d: expected a whole number from 0 to %d, found %g", i+1, maxClasses-1, v)
		}
	}
	return labels, nil
}

// size returns the size of the images of an array, or the length of its rows and 1.
func (a *array) size() (width, height int, err error) {
	n := a.Shape[1:]
	if len(n) == 3 && n[2] == 1 { // one channel, last or first
		n = n[:2]
	} else if len(n) == 3 && n[0] == 1 {
		n = n[1:]
	}
	switch len(n) {
	case 1:
		if side := root(n[0]); side >= leastSide && side*side == n[0] {
			return side, side, nil
		}
		return n[0], 1, nil
	case 2:
		return n[1], n[0], nil
	}
	return 0, 0, fmt.Errorf("expected images of one channel or rows of numbers, found %s; make colours grey", a.describe(trainImages))
}

// leastSide is the least side of a square image in a row: a smaller square number of measurements is likely.
const leastSide = 8

// fill gives the sets of d the samples of arrays: pixels, or numbers where the arrays have rows that cannot be pixels.
func (d *Data) fill(arrays []*array, f Form, budget *memory.Budget) error {
	rows := len(arrays[0].Shape) == 2
	numbers := rows && (f.numbers() || d.sets()[0].Height == 1)
	black, white := 0.0, 255.0
	if !numbers {
		b, w, err := levels(arrays)
		switch {
		case err == nil:
			black, white = b, w
		case !rows:
			return err
		default:
			numbers = true
			d.addNote("read as rows of numbers: " + err.Error())
		}
	}
	for i, s := range d.sets() {
		a := arrays[i]
		if a.Fortran {
			values := allocate(len(a.values))
			if err := budget.Take(int64(len(values))); err != nil {
				return err
			}
			a.Reorder(values, a.values)
			a.values = values
		}
		n := len(a.values) / a.Size
		switch {
		case numbers:
			if err := budget.Take(int64(4 * n)); err != nil {
				return err
			}
			s.Values, s.Width, s.Height = allocateNumbers(n), n/s.Len(), 1
			for i := range s.Values {
				v := a.at(i)
				if s.Values[i] = float32(v); math.IsNaN(v) || math.IsInf(float64(s.Values[i]), 0) {
					return fmt.Errorf("row %d, column %d: expected a finite number up to 3.4e38 in magnitude, found %g", i/s.Width+1, i%s.Width+1, v)
				}
			}
		case a.Kind == 'u' && a.Size == 1 && white == 255:
			s.Images, s.mapped = a.values, a.mapped && !a.Fortran
		default:
			if err := budget.Take(int64(n)); err != nil {
				return err
			}
			s.Images = allocate(n)
			for i := range s.Images {
				s.Images[i] = byte((a.at(i)-black)*255/(white-black) + 0.5)
			}
		}
	}
	if black != 0 || white != 255 {
		d.addNote(fmt.Sprintf("pixels from %g to %g were scaled to 0 to 255", black, white))
		if black == 0 {
			d.Look.White = float32(white)
		}
	}
	return nil
}

// levels returns the values of black and white pixels in arrays of images, by the least and the greatest value.
func levels(arrays []*array) (black, white float64, err error) {
	least, most, whole := math.Inf(1), math.Inf(-1), true
	for _, a := range arrays {
		for i := range len(a.values) / a.Size {
			v := a.at(i)
			if v != v {
				return 0, 0, errors.New("expected pixels, found NaN")
			}
			least, most, whole = min(least, v), max(most, v), whole && v == math.Trunc(v)
			if most > 16 && a.Kind == 'u' && a.Size == 1 {
				return 0, 255, nil // the usual case
			}
		}
	}
	a := arrays[0]
	if signed := a.Kind == 'i' && a.Size == 1; signed && least < 0 && a.count(0) > a.count(-128) {
		for _, a := range arrays {
			a.Kind = 'u' // 0 is the background, so these were bytes
		}
		return 0, 255, nil
	} else if signed && least < 0 {
		return -128, 127, nil
	} else if signed && most > 16 {
		return 0, 127, nil
	}
	tiny := len(a.values)/a.Size/a.Shape[0] < leastSide*leastSide // few pixels are weak evidence
	switch {
	case most == 0 && least == 0, tiny && least >= 0 && most <= 255 && whole:
		return 0, 255, nil
	case least >= -1 && least < 0 && most <= 1 && !whole:
		return -1, 1, nil
	case least >= 0 && most > 0 && most <= 1:
		return 0, 1, nil
	case least >= 0 && most <= 16 && whole:
		return 0, 16, nil
	case least >= 0 && most > 16 && most <= 255:
		return 0, 255, nil
	case least >= 0 && most > 255 && most <= 65535 && whole:
		return 0, 65535, nil
	}
	return 0, 0, fmt.Errorf("expected pixels from 0 to 1, 16, 255 or 65535, or from -1 to 1, found numbers from %g to %g", least, most)
}

// count returns how often a value occurs.
func (a *array) count(value float64) (n int) {
	for i := range len(a.values) / a.Size {
		if a.at(i) == value {
			n++
		}
	}
	return n
}
