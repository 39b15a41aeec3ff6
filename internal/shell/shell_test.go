package shell

import (
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestQuote checks the lines of usual commands.
func TestQuote(t *testing.T) {
	for _, c := range []struct {
		goos string
		args []string
		want Line
	}{
		{"linux", []string{"bin/shadegrad", "train", "-resume=a.checkpoint", "-expect=test_acc >= 0.9"},
			Line{"bin/shadegrad train -resume=a.checkpoint -expect='test_acc >= 0.9'", ""}},
		{"darwin", []string{"my tools/s", "replay", "it's.capsule", ""}, Line{`'my tools/s' replay 'it'\''s.capsule' ''`, ""}},
		{"linux", []string{"s", `-data=a\b`}, Line{`s -data='a\b'`, ""}},
		{"windows", []string{"shadegrad", "train", "-resume=a.checkpoint", "-backend=cpu", "-json", "-expect=test_acc>0.9"},
			Line{`shadegrad train -resume="a.checkpoint" -backend=cpu -json -expect="test_acc>0.9"`, ""}},
		{"windows", []string{"bin/shadegrad.exe", "verify", "-data=C:\\my data\\", `c.json`}, Line{`bin\shadegrad.exe verify -data="C:\my data\\" c.json`, ""}},
		{"windows", []string{`C:\my tools\s.exe`, "replay", `C:\a.capsule`},
			Line{`"C:\my tools\s.exe" replay "C:\a.capsule"`, `& "C:\my tools\s.exe" replay "C:\a.capsule"`}},
		{"windows", []string{"s", "train", "-save=100%.x", "-expect="}, Line{`s train -save="100"^%".x" -expect=`, `s train -save="100%.x" -expect=`}},
		{"windows", []string{"s", "train", "-save=it's $5"}, Line{`s train -save="it's $5"`, `s train -save='it''s $5'`}},
		{"windows", []string{"s", "replay", "1,2"}, Line{`s replay "1,2"`, ""}},
	} {
		if got := Quote(c.goos, c.args...); got != c.want {
			t.Errorf("%s %q:\n%+v, want\n%+v", c.goos, c.args, got, c.want)
		}
	}
}

// randomArgs returns a program and arguments of characters that shells treat specially.
func randomArgs(r *rand.Rand, alphabet string) []string {
	letters := []rune(alphabet)
	args := []string{"shadegrad"}
	for range 1 + r.IntN(4) {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		args = append(args, []string{"", "-save=", "-data="}[r.IntN(3)]+b.String())
	}
	return args
}

const (
	lines = 20000
	// Windows forbids " in file names; the variable PATH exists.
	windowsAlphabet = "aPATH%PATH%^&|<>()!,;=@#$`'‘’“”„{}[]~+-. \\\\\\/:1é"
)

// TestSh lets sh divide random lines.
func TestSh(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("sh is missing")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var script strings.Builder
	var want []string
	for range lines {
		args := randomArgs(r, "ab %^&|<>()!,;=@#$`'\"‘“{}[]~*?\\/\n\t:1é-")
		script.WriteString("printf '%s\\0' " + Quote("linux", args...).Text + "\n")
		want = append(want, args...)
	}
	sh := exec.Command("sh")
	sh.Stdin = strings.NewReader(script.String())
	out, err := sh.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(out), "\x00")
	if got = got[:len(got)-1]; !slices.Equal(got, want) {
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("argument %d of %d: %q, want %q", i, len(got), got[min(i, len(got)-1)], want[i])
			}
		}
	}
}

// TestCommand divides random lines as cmd.exe and a program do.
func TestCommand(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for range lines {
		args := randomArgs(r, windowsAlphabet+`"`)
		line := Quote("windows", args...).Text
		afterCommand, operator := commandInterpreter(line, map[string]string{"PATH": `C:\x`, "A": "b", "P": "q"})
		if got := argv(afterCommand); operator || !slices.Equal(got, args) {
			t.Fatalf("%s\nis divided into %q, want %q", line, got, args)
		}
	}
}

// TestPowerShell divides random lines as PowerShell does.
func TestPowerShell(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	both := 0
	for range lines {
		args := randomArgs(r, windowsAlphabet)
		l := Quote("windows", args...)
		line := l.PowerShell
		if line == "" {
			both++
			line = l.Text
		}
		got, err := powerShellWords(line)
		for i, s := range args[1:] {
			if _, value, isFlag := strings.Cut(s, "="); strings.HasSuffix(value, `\`) || !isFlag && strings.HasSuffix(s, `\`) {
				args[i+1] += s[len(strings.TrimRight(s, `\`)):] // doubled, as documented
			}
		}
		if err != "" || !slices.Equal(got, args) {
			t.Fatalf("%s\nis divided into %q, want %q %s", line, got, args, err)
		}
	}
	if both < lines/20 {
		t.Errorf("only %d of %d lines work in both shells", both, lines)
	}
}

// commandInterpreter returns what cmd.exe passes to a program for a line typed at its prompt, and whether the line has an
// operator. First it replaces variables; unlike in batch files, unknown ones stay. Then it removes carets outside quotes.
func commandInterpreter(line string, variables map[string]string) (passed string, operator bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(line, "%")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "%")
		name, _, _ = strings.Cut(name, ":")
		if value, known := variables[strings.ToUpper(name)]; closed && known {
			b.WriteString(value)
			line = after
		} else {
			b.WriteByte('%')
			line = rest
		}
	}
	line = b.String()
	b.Reset()
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '^' && i+1 < len(line):
			i++
		case strings.IndexByte("&|<>()", c) >= 0:
			operator = true
		}
		b.WriteByte(line[i])
	}
	return b.String(), operator
}

// argv divides a command line as CommandLineToArgvW does: 2n backslashes and a quote are n backslashes, 2n+1 and a quote are n
// and the quote itself.
func argv(line string) []string {
	var args []string
	var b strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(line); {
		n := len(line[i:]) - len(strings.TrimLeft(line[i:], `\`))
		i += n
		if i < len(line) && line[i] == '"' {
			b.WriteString(strings.Repeat(`\`, n/2))
			if begun = true; n%2 == 1 {
				b.WriteByte('"')
			} else {
				quoted = !quoted
			}
			i++
			continue
		}
		b.WriteString(strings.Repeat(`\`, n))
		begun = begun || n > 0
		if i == len(line) {
			break
		}
		if c := line[i]; !quoted && (c == ' ' || c == '\t') {
			if begun {
				args = append(args, b.String())
			}
			b.Reset()
			begun = false
		} else {
			b.WriteByte(c)
			begun = true
		}
		i++
	}
	if begun {
		args = append(args, b.String())
	}
	return args
}

// powerShellWords divides a line as the tokenizer of PowerShell 7 does in command mode, or returns what it would not take
// literally. A word that begins with - ends in front of the characters in ends until a quote makes it an ordinary one.
func powerShellWords(line string) (words []string, problem string) {
	const ends = "{}();,|&.[:"
	const news = "{}();,|&\r\n\x00"
	c := []rune(strings.TrimPrefix(line, "& "))
	isDouble := func(r rune) bool { return strings.ContainsRune("\"“”„", r) }
	isSingle := func(r rune) bool { return strings.ContainsRune("'‘’‚‛", r) }
	for i := 0; i < len(c); {
		if c[i] == ' ' {
			i++
			continue
		}
		start, parameter := i, c[i] == '-'
		whole := isDouble(c[i]) || isSingle(c[i]) // a string at the beginning ends the word
		if unicode.IsDigit(c[i]) || strings.ContainsRune("@#$`", c[i]) {
			return nil, "special at the beginning: " + string(c[i:])
		}
		var b strings.Builder
		for i < len(c) && c[i] != ' ' {
			switch r := c[i]; {
			case isDouble(r):
				parameter = false
				for i++; i < len(c) && !isDouble(c[i]); i++ {
					if c[i] == '$' || c[i] == '`' {
						return nil, "expanded: " + string(c[i:])
					}
					b.WriteRune(c[i])
				}
				if i++; i > len(c) || i < len(c) && isDouble(c[i]) {
					return nil, "quotes: " + string(c[start:])
				}
				continue
			case isSingle(r):
				parameter = false
				for i++; ; i++ {
					if i >= len(c) {
						return nil, "open quote: " + string(c[start:])
					}
					if isSingle(c[i]) {
						if i+1 >= len(c) || !isSingle(c[i+1]) {
							break
						}
						i++
					}
					b.WriteRune(c[i])
				}
				i++
				continue
			case parameter && strings.ContainsRune(ends, r), strings.ContainsRune(news, r), strings.ContainsRune("$`", r):
				return nil, "divided: " + string(c[i:])
			default:
				if whole {
					return nil, "text behind a string: " + string(c[i:])
				}
				b.WriteRune(r)
				i++
			}
		}
		words = append(words, b.String())
	}
	return words, ""
}
