package table

import (
	"regexp"
	"slices"
	"strings"
)

// Ranks of the names of columns, by how surely they are the label's.
const (
	weakName = 1 + iota // y is a coordinate too
	sureName
	labelName
)

// labelNames are the usual names of label columns.
var labelNames = [...][]string{
	weakName: {"y", "type", "category", "result", "output", "answer", "quality", "response", "group", "status", "letter", "number"},
	sureName: {"digit", "digits", "outcome", "species", "diagnosis", "emotion", "variety", "groundtruth", "gt",
		"classification", "prediction"},
	labelName: {"label", "labels", "class", "classes", "target", "targets", "classlabel", "classid", "labelid", "ylabel",
		"targetclass", "classname", "labelname"},
}

// rank returns the rank of a name, in any case and with any punctuation, or 0.
func rank(name string) int {
	name = plain(name)
	for i, names := range labelNames {
		if slices.Contains(names, name) {
			return i
		}
	}
	return 0
}

// idSuffix matches names such as PassengerId and customer_ID, but not acid.
var idSuffix = regexp.MustCompile(`([a-z]I[dD]|[ _.-][iI][dD])$`)

// isIDName reports whether a column of this name can number or name the rows.
func isIDName(name string) bool {
	if idSuffix.MatchString(strings.TrimSpace(name)) {
		return true
	}
	name = strings.TrimSuffix(plain(name), "0")
	return slices.Contains([]string{"id", "index", "idx", "imageid", "sampleid", "rowid", "row", "rownames", "rowname", "no", "nr", "unnamed",
		"uid", "uuid", "filename", "file", "image", "imagename", "name"}, name)
}

// isPartName reports whether a column of this name can name the part of each row.
func isPartName(name string) bool {
	return slices.Contains([]string{"usage", "split", "set", "subset", "part", "partition", "fold"}, plain(name))
}

// isAmountName reports whether a column of this name is more likely a number to predict than a class.
func isAmountName(name string) bool {
	return slices.Contains([]string{"price", "cost", "value", "medv", "mpg", "salary", "income", "amount", "sales", "rent", "revenue",
		"saleprice", "medianhousevalue"}, plain(name))
}

// plain returns a name in lower case without punctuation.
func plain(name string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" _-.:#'\"()[]", c) {
			return -1
		}
		return c
	}, strings.ToLower(name))
}

// stem returns a name without the numbers at its end: pixel for pixel12, p for p_3_4.
func stem(name string) string { return strings.TrimRight(name, "0123456789_-.xX ") }
