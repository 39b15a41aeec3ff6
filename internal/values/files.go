package values

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/internal/exchange"
	"shadegrad/internal/flags"
)

// SVGFile parses the name of an SVG file.
func SVGFile(s string) (string, error) {
	if !strings.HasSuffix(strings.ToLower(s), ".svg") {
		return "", flags.Want("a name that ends in .svg")
	}
	return flags.Home(s), nil
}

// ExchangeFile parses the name of a file to export to.
func ExchangeFile(s string) (string, error) {
	if exchange.Format(s) == "" {
		return "", flags.Want("a name that ends in " + flags.Alternatives(exchange.Extensions()))
	}
	return flags.Home(s), nil
}

// HTMLFile parses the name of a web page.
func HTMLFile(s string) (string, error) {
	if lower := strings.ToLower(s); !strings.HasSuffix(lower, ".html") && !strings.HasSuffix(lower, ".htm") {
		return "", flags.Want("a name that ends in .html")
	}
	return flags.Home(s), nil
}

// PredictionFile parses the name of a file of predictions.
func PredictionFile(s string) (string, error) {
	if ext := strings.ToLower(filepath.Ext(s)); ext != ".csv" && ext != ".json" {
		return "", flags.Want("a name that ends in .csv or .json")
	}
	return flags.Home(s), nil
}

// NetworkFiles parses the names of networks. A comma in the name of an existing file does not separate two.
func NetworkFiles(s string) ([]string, error) {
	if _, err := os.Stat(flags.Home(s)); err == nil {
		return []string{flags.Home(s)}, nil
	}
	var list []string
	for _, name := range strings.Split(s, ",") {
		if name == "" || slices.Contains(list, flags.Home(name)) {
			return nil, flags.Want("the name of a file, or different names separated by commas")
		}
		list = append(list, flags.Home(name))
	}
	return list, nil
}
