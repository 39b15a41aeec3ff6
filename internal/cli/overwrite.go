package cli

import (
	"fmt"
	"os"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/page"
	"shadegrad/internal/train"
)

// refuseOverwrite returns an error if the files of a run would replace an input of the run or, without -force, a file
// that is not one of Shadegrad's.
func (s *settings) refuseOverwrite(r *runFiles) error {
	for _, f := range []struct {
		path, kind string
		own        func(path string) bool
	}{
		{r.Network, "a Shadegrad network", model.Is},
		{r.Checkpoint, "a Shadegrad checkpoint", train.IsCheckpoint},
		{s.certify, "", nil},
		{s.report, "a report of Shadegrad", page.Is},
	} {
		if f.path == "" || f.path == s.resume {
			continue
		}
		if err := s.refuseInput(f.path); err != nil {
			return err
		}
		if f.own == nil || s.force {
			continue
		}
		if err := refuseForeign(f.path, f.kind, f.own); err != nil {
			remedy := "save elsewhere, or replace the file with -force"
			if f.path == s.report {
				remedy = "name another file for -report"
			}
			return fmt.Errorf("%w; nothing was trained; %s", err, remedy)
		}
	}
	return nil
}

// refuseForeign returns an error if path leads to a file that is not empty and not of its own kind.
func refuseForeign(path, kind string, own func(path string) bool) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 && !own(path) {
		return fmt.Errorf("%s: cannot save there: the file exists and is not %s", path, kind)
	}
	return nil
}

// refuseInput returns an error if path leads to an input of the command: its data set, checkpoint or network.
func (s *settings) refuseInput(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil // there is nothing to replace
	}
	for _, input := range []string{s.resume, s.model, s.from, s.Form.TestData, s.Path} {
		data := input == s.Path || input == s.Form.TestData
		if input != "" && !(data && dataset.IsBuiltIn(input)) && (atomicfile.Same(path, input) || data && atomicfile.Includes(input, info)) {
			return fmt.Errorf("%s: cannot save there: the file is an input, part of %s; save elsewhere", path, input)
		}
	}
	return nil
}
