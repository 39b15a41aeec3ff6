package console

import (
	"runtime"
	"testing"
)

// TestBraille checks the variables of the locale in the order of POSIX, the console of Linux, and terminals of Windows.
func TestBraille(t *testing.T) {
	unix := runtime.GOOS != "windows"
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "de_DE.UTF-8"}, unix},
		{map[string]string{"LANG": "de_DE.utf8", "TERM": "linux"}, false},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.utf8"}, unix},
		{map[string]string{"WT_SESSION": "1"}, !unix},
	} {
		if got := Braille(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
	}
}
