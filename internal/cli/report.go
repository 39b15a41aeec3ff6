package cli

import (
	"fmt"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/compare"
	"shadegrad/internal/flags"
	"shadegrad/internal/page"
)

const reportUsage = `usage: shadegrad report FILE... -o=FILE.html

Compares runs and measurements on a web page. Each FILE has the output of "shadegrad train
-json" or of "shadegrad bench -json". "shadegrad train -report=FILE.html" writes the page
of a single run, with its images.
`

// report is "shadegrad report".
func (a *app) report(args []string) error {
	s, err := a.parse("report", reportUsage, args)
	if err != nil {
		return err
	}
	if len(s.Args) == 0 || s.out == "" {
		return flags.Errorf("report: want files with the output of \"shadegrad train -json\" or \"bench -json\", and -o=FILE.html")
	}
	for _, input := range s.Args {
		if atomicfile.Same(s.out, input) {
			return flags.Errorf("-o=%s: the file is an input; name another file", s.out)
		}
	}
	if err := refuseForeign(s.out, "a report of Shadegrad", page.Is); err != nil {
		return fmt.Errorf("%w; name another file", err)
	}
	c, err := compare.Read(s.Args)
	if err != nil {
		return err
	}
	if err := atomicfile.Noted(page.Save(s.out, "Shadegrad: comparison of "+c.Title, c), a.note); err != nil {
		return err
	}
	a.note("wrote " + s.out)
	return nil
}
