package table

import (
	"fmt"
	"strings"
	"testing"
)

// TestLabelAmongManyNames finds the label in the midst of columns whose names do not resemble each other.
func TestLabelAmongManyNames(t *testing.T) {
	names := make([]string, 150)
	for i := range names {
		names[i] = fmt.Sprintf("%c%c_of", 'a'+i/26, 'a'+i%26)
	}
	names[100] = "Class"
	lines := []string{strings.Join(names, ",")}
	for i := range 40 {
		cells := strings.Split(strings.Repeat(fmt.Sprintf("%d.5,", i), len(names)-1)+"0.5", ",")
		cells[100] = fmt.Sprint(i % 2)
		lines = append(lines, strings.Join(cells, ","))
	}
	f, err := Survey(func(f func(line []byte, number int) error) error {
		for i, line := range lines {
			if err := f([]byte(line), i+1); err != nil {
				return err
			}
		}
		return nil
	}, Wanted{}, func(int, int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decide([]*File{f}, []string{"a.csv"}, Wanted{})
	if err != nil || s.Label != "Class" || s.Width() != 149 {
		t.Fatalf("got %+v, error %v", s, err)
	}
}
