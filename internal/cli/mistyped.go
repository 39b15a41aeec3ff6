package cli

import (
	"flag"
	"strings"
)

// unknownFlag is how package flag begins to tell of a flag that a command does not have.
const unknownFlag = "flag provided but not defined: -"

// flagMistake says what is wrong with a command's flags, of which package flag says err. A flag that
// the command does not have is often one that is spelt otherwise, and -1,2 is a row of numbers.
func flagMistake(fs *flag.FlagSet, err error) string {
	name, unknown := strings.CutPrefix(err.Error(), unknownFlag)
	if !unknown || name == "" {
		return err.Error()
	}
	text := "there is no flag -" + name
	if strings.ContainsRune("0123456789.", rune(name[0])) {
		return text + "; what begins with - and is no flag comes after --, as in: -- -" + name
	}
	var names []string
	fs.VisitAll(func(g *flag.Flag) { names = append(names, g.Name) })
	if near := nearest(name, names); near != "" {
		text += "; did you mean -" + near + "?"
	}
	return text
}

// nearest returns the name that word is most likely a slip of the finger for, the first of several;
// "" where each differs by more than a third of word's letters, or by more than two.
func nearest(word string, names []string) string {
	best, least := "", min(2, len(word)/3)+1
	for _, name := range names {
		if d := editDistance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// editDistance returns how many bytes have to be added, removed, replaced or swapped with the next to
// make b of a, no byte twice (the optimal string alignment).
func editDistance(a, b string) int {
	// rows[i][j] is that of the first i bytes of a and the first j of b.
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
