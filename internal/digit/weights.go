package digit

import "math"

// Weights returns a sheet of at most so many units of a layer that reads images: each weight at the place of its pixel. w has
// the weights of one unit after another.
func Weights(w []float32, width, height, units, perRow int) *Sheet {
	s := &Sheet{Width: width, Height: height}
	n := width * height
	for i := range min(units, len(w)/n) {
		if i%perRow == 0 {
			s.Rows = append(s.Rows, nil)
		}
		last := len(s.Rows) - 1
		s.Rows[last] = append(s.Rows[last], shades(w[i*n:(i+1)*n]))
	}
	return s
}

// shades returns greys for numbers: 0 is the middle one, the largest magnitude white or black.
func shades(w []float32) []byte {
	most := float32(0)
	for _, v := range w {
		most = max(most, float32(math.Abs(float64(v))))
	}
	list := make([]byte, len(w))
	for i, v := range w {
		list[i] = 128
		if most > 0 {
			list[i] = byte(math.Round(127.5 + 127.5*float64(v/most)))
		}
	}
	return list
}
