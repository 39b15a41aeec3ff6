package cli

import (
	"encoding/json"
	"io"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/committee"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
)

// committeeScores tests a committee and writes its results, and those of its members.
func (a *app) committeeScores(c committee.Committee, d *dataset.Data, choice *backends.Choice, asJSON bool) error {
	var names []string
	for _, m := range c {
		names = append(names, m.Path)
	}
	s, info, err := a.tested(c, d, choice)
	if err != nil {
		return err
	}
	members := membersOf(names, s)
	if asJSON {
		e := report.NewCommitteeEvent(members, s.Scores, c[0].Network.Regression)
		e.Data, e.Backend = d.Name, info.Backend
		scores := report.Scores{Scores: &s.Scores, Names: c[0].About.ClassNames, Path: c.Name(), Data: d}
		out := json.NewEncoder(a.stdout)
		if err := out.Encode(scores.Event(info)); err != nil {
			return err
		}
		return out.Encode(e)
	}
	text := report.Scores{Scores: &s.Scores, Names: c[0].About.ClassNames, Path: "committee of " + report.Count(len(c), "network"), Data: d}.Text()
	_, err = io.WriteString(a.stdout, text+"\n"+report.Committee("network", members, s.Scores, c[0].Network.Regression))
	return err
}

// tested evaluates a committee on the test part of a data set.
func (a *app) tested(c committee.Committee, d *dataset.Data, choice *backends.Choice) (*committee.Scores, compute.Info, error) {
	s, info, err := onEither(a, choice, func(b compute.Backend) (*committee.Scores, error) { return c.Evaluate(b, &d.Test) })
	if err != nil {
		return nil, info, err
	}
	for i, m := range s.Members {
		if err := finiteLoss(m.Loss, c[i].Path, d); err != nil {
			return nil, info, err
		}
	}
	return s, info, nil
}

// membersOf returns the results of the members of a committee under their names.
func membersOf(names []string, s *committee.Scores) []report.Member {
	var list []report.Member
	for i, m := range s.Members {
		list = append(list, report.Member{Name: names[i], Scores: m})
	}
	return list
}
