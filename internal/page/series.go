package page

import (
	"encoding/json"
	"math"
	"strconv"
)

// Numbers are written to JSON with five digits, and NaN and infinities as null.
type Numbers []float64

// MarshalJSON returns an array.
func (n Numbers) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 8*len(n)+2), '[')
	for i, v := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = Number(v).append(b)
	}
	return append(b, ']'), nil
}

// A Number is written to JSON as one of Numbers.
type Number float64

// MarshalJSON returns a number or null.
func (n Number) MarshalJSON() ([]byte, error) { return n.append(nil), nil }

func (n Number) append(b []byte) []byte {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', 5, 64)
}

// A Series is a list of rows of a bounded length: once it is full, each two rows become one with their means. Column
// 0 keeps its minimum and maximum too. Adding a row allocates nothing.
type Series struct {
	columns, limit int
	each           int       // added rows in a row
	rows           int       // complete ones and the last, which may be incomplete
	in             int       // added rows in the last one
	x, low, high   []float64 // x is that of the last added row
	sums           []float64 // columns of each row, of the added rows
}

// NewSeries returns a series of at most limit rows, an even number.
func NewSeries(columns, limit int) *Series {
	return &Series{columns: columns, limit: limit, each: 1, x: make([]float64, limit), low: make([]float64, limit),
		high: make([]float64, limit), sums: make([]float64, limit*columns)}
}

// Add adds a row.
func (s *Series) Add(x float64, values ...float64) {
	if s.rows == 0 || s.in == s.each {
		if s.rows == s.limit {
			s.halve()
		}
		i := s.rows
		s.rows, s.in = i+1, 0
		s.low[i], s.high[i] = values[0], values[0]
		clear(s.sums[i*s.columns : (i+1)*s.columns])
	}
	i := s.rows - 1
	s.in++
	s.x[i] = x
	// Comparisons with NaN are false, which keeps what is finite.
	if v := values[0]; v < s.low[i] {
		s.low[i] = v
	} else if v > s.high[i] {
		s.high[i] = v
	}
	for j, v := range values {
		s.sums[i*s.columns+j] += v
	}
}

// halve joins each two rows, all of which are complete.
func (s *Series) halve() {
	for i := range s.rows / 2 {
		s.x[i] = s.x[2*i+1]
		s.low[i], s.high[i] = min(s.low[2*i], s.low[2*i+1]), max(s.high[2*i], s.high[2*i+1])
		for j := range s.columns {
			s.sums[i*s.columns+j] = s.sums[2*i*s.columns+j] + s.sums[(2*i+1)*s.columns+j]
		}
	}
	s.rows /= 2
	s.each *= 2
	s.in = s.each
}

// Set makes s a copy of another series of the same size, without allocating.
func (s *Series) Set(from *Series) {
	s.each, s.rows, s.in = from.each, from.rows, from.in
	copy(s.x, from.x[:from.rows])
	copy(s.low, from.low[:from.rows])
	copy(s.high, from.high[:from.rows])
	copy(s.sums, from.sums[:from.rows*from.columns])
}

// Len returns the number of rows.
func (s *Series) Len() int { return s.rows }

// X returns the x of each row.
func (s *Series) X() Numbers { return s.x[:s.rows] }

// Range returns the minimum and the maximum of column 0 of each row, or nil if no rows were joined.
func (s *Series) Range() (low, high Numbers) {
	if s.each == 1 {
		return nil, nil
	}
	return s.low[:s.rows], s.high[:s.rows]
}

// Column returns the mean of a column of each row.
func (s *Series) Column(j int) Numbers {
	list := make(Numbers, s.rows)
	for i := range list {
		n := s.each
		if i == s.rows-1 {
			n = s.in
		}
		list[i] = s.sums[i*s.columns+j] / float64(n)
	}
	return list
}

var _ json.Marshaler = Numbers(nil)

// Reset removes all rows.
func (s *Series) Reset() { s.rows, s.in, s.each = 0, 0, 1 }

// Each returns the number of added rows in a row.
func (s *Series) Each() int { return s.each }
