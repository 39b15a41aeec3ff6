package dialect

import (
	"fmt"
	"strings"
	"testing"
)

// A first line has names or numbers, and one of numbers with a mistake in it is not lost for names.
func TestIsHeader(t *testing.T) {
	counted := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%d", from+i)
		}
		return b.String()
	}
	for line, want := range map[string]bool{
		"label,a,b":                     true,
		"label,p0,p1,p2":                true,
		"label,1x1,1x2":                 true,
		"x,y":                           true,
		"x,y,label":                     true,
		"1st,2nd,3rd":                   true,
		"digit,0,1,2,3":                 true,
		"digit,1,2,3,4":                 true,
		"label,0":                       true,
		"digit,1":                       true,
		"# digit,0,1":                   true,
		"_,0,1":                         true,
		"étiquette,0,1":                 true,
		"x,y,0,1,2,3,4":                 true,
		"LABEL,400,410,420":             true,
		"0,1,2,3,label":                 true,
		"7,Class,9":                     true,
		",a,b":                          true, // refused later
		",label,0":                      true,
		"y,a,b,7":                       true,
		"digit" + counted(0, 2000):      true,
		"digit" + counted(1, 784):       true,
		"y,a,7":                         false, // half of the others
		"5,1,2":                         false,
		"5,a,2":                         false,
		"5,a,b":                         false,
		"5,NA,NA,NA":                    false,
		"5x,1,2":                        false,
		"5x,1":                          false,
		"5x,0,0,7":                      false,
		"5x,0,0,a":                      false,
		"5x" + counted(0, 784):          false,
		"x" + counted(2, 784):           false,
		"x" + counted(-1, 784):          false,
		"x,1,2,4":                       false,
		"x,0,1,2,":                      true,
		"x,0.5,1.5":                     false,
		"x,0,1,2,3.5":                   false,
		"cat,5,9":                       false,
		"cat,9":                         false,
		"cat,0,0":                       false,
		"?,1,2":                         false,
		"-,1,2":                         false,
		"-5.x,1,2":                      false,
		"nan,1,2":                       false,
		",1,2":                          false,
		",0":                            false,
		"0":                             false,
		",0,1,2,3,4":                    true,
		"0,1,2,3,4":                     true,
		"0,1,2,3":                       false,
		"o" + strings.Repeat(",0", 784): false,
	} {
		if got := isHeader(strings.Split(line, ","), nil, nil); got != want {
			t.Errorf("%.40s: names %t, want %t", line, got, want)
		}
	}
}
