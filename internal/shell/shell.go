// Package shell writes command lines as a user types them into the shells of an operating system.
package shell

import (
	"regexp"
	"strings"
)

// A Line is a command line.
type Line struct {
	Text       string // for sh, or on Windows for cmd.exe
	PowerShell string // for PowerShell on Windows, if Text does not work there; otherwise ""
}

// Quote returns the line that starts a program, the first argument, with the other arguments on the operating system goos. The
// value of a flag -name=value is quoted alone.
//
// On Windows one line usually works in cmd.exe and PowerShell. A trailing backslash is doubled, as programs there expect in
// front of a quote; PowerShell may pass both, which name the same directory. An argument must not contain a double quote there,
// as no file name does, since versions of PowerShell disagree about it.
func Quote(goos string, args ...string) Line {
	if goos != "windows" {
		return Line{Text: join(args, posix)}
	}
	l := Line{Text: join(args, command)}
	line := join(args, powerShell)
	if line[0] == '"' || line[0] == '\'' {
		line = "& " + line // otherwise a string, which PowerShell prints
	}
	if line != l.Text {
		l.PowerShell = line
	}
	return l
}

// join quotes and joins arguments.
func join(args []string, quote func(s string, position int) string) string {
	words := make([]string, len(args))
	for i, s := range args {
		position := i
		if name := flag.FindString(s); name != "" && i > 0 {
			words[i], s, position = name, s[len(name):], inFlag
			if s == "" {
				continue
			}
		}
		words[i] += quote(s, position)
	}
	return strings.Join(words, " ")
}

// inFlag is the position of a flag's value. The program's is 0.
const inFlag = -1

var (
	flag = regexp.MustCompile(`^-[a-z0-9-]+=`)

	plainPosix = regexp.MustCompile(`^[a-zA-Z0-9_./=,:+@%-]+$`)
	// PowerShell ends the name of a flag at . and : and an argument at a comma, and calculates with numbers.
	plainValue   = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	plainWord    = regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z0-9_.-]*|-[a-z0-9-]+)$`)
	plainProgram = regexp.MustCompile(`^[a-zA-Z.][a-zA-Z0-9_.:\\-]*$`)
)

// posix quotes for sh.
func posix(s string, _ int) string {
	if plainPosix.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// plain reports whether s works without quotes in cmd.exe and PowerShell.
func plain(s string, position int) bool {
	switch position {
	case 0:
		return plainProgram.MatchString(s)
	case inFlag:
		return plainValue.MatchString(s)
	}
	return plainWord.MatchString(s)
}

// command quotes for cmd.exe, and for the rules by which a program divides its command line (CommandLineToArgvW). cmd.exe
// replaces %NAME% also within quotes. With a caret between, which it removes outside quotes, the name is another.
func command(s string, position int) string {
	if position == 0 {
		s = strings.ReplaceAll(s, "/", `\`) // a slash would begin an option
	}
	if plain(s, position) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	backslashes := 0
	for _, c := range s {
		if c == '%' || c == '"' {
			b.WriteString(strings.Repeat(`\`, backslashes)) // they precede a quote and would escape it
		}
		switch c {
		case '%':
			b.WriteString(`"^%"`)
		case '"':
			b.WriteString(`"\^""`)
		default:
			b.WriteRune(c)
		}
		if backslashes++; c != '\\' {
			backslashes = 0
		}
	}
	b.WriteString(strings.Repeat(`\`, backslashes) + `"`)
	return b.String()
}

// powerShell quotes for PowerShell, which takes typographic quotes for quotes.
func powerShell(s string, position int) string {
	if position == 0 {
		s = strings.ReplaceAll(s, "/", `\`)
	}
	if plain(s, position) {
		return s
	}
	if end := len(strings.TrimRight(s, `\`)); position != 0 {
		s += s[end:]
	}
	if !strings.ContainsAny(s, "$`\"“”„") {
		return `"` + s + `"`
	}
	return "'" + regexp.MustCompile("['‘’‚‛]").ReplaceAllString(s, "$0$0") + "'"
}
