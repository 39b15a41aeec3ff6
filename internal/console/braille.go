package console

import (
	"runtime"
	"strings"
)

// Braille reports whether a terminal shows braille patterns, by the environment env of its program: its encoding is UTF-8,
// and it is not the console of Linux, whose font lacks them. On Windows only the Windows Terminal has them.
func Braille(env func(string) string) bool {
	if runtime.GOOS == "windows" {
		return env("WT_SESSION") != ""
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env(name)); v != "" {
			return env("TERM") != "linux" && (strings.Contains(v, "utf-8") || strings.Contains(v, "utf8"))
		}
	}
	return false
}
