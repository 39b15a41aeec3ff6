package report

import "fmt"

// MostFrequent names the most frequent confusion of classes, or returns "" if there is none.
func (s Scores) MostFrequent() string {
	from, to, most := 0, 0, 0
	for i, row := range s.Confusion {
		for j, n := range row {
			if i != j && n > most {
				from, to, most = i, j, n
			}
		}
	}
	if most == 0 {
		return ""
	}
	name := func(class int) string {
		if name := s.name(class); name != "" {
			return Short(name)
		}
		return fmt.Sprint(class)
	}
	verb, times := "read", "times"
	if s.Names != nil {
		verb = "classified"
	}
	if s.Actual(from) == 1 {
		times = "time"
	}
	return fmt.Sprintf("most frequent confusion: %s %s as %s, %d of %d %s", name(from), verb, name(to), most, s.Actual(from), times)
}
