package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/committee"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/values"
)

// seedMark stands for the seed in the name of a file.
const seedMark = "{seed}"

// trainSeeds trains a network for each seed, and tests their committee. args are the arguments of s.
func (a *app) trainSeeds(s *settings, args []string) error {
	if err := s.checkSeeds(); err != nil {
		return err
	}
	again := s.continueSeeds(a.name, args)
	ctx, stop := a.interruptible()
	defer stop()
	one := *a
	one.within = ctx
	var unmet []error
	for _, seed := range s.ofSeeds {
		run, err := a.ofSeed(args, seed)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return &stoppedError{signalOf(ctx), again}
		}
		if run.finished() {
			a.note(fmt.Sprintf("seed %d: %s is complete; keeping it", seed, run.save))
			continue
		}
		a.note(fmt.Sprintf("seed %d: %s", seed, run.save))
		err = one.trainOnce(run)
		var missed *values.UnmetError
		var stopped *stoppedError
		var usage *flags.Error
		switch {
		case errors.As(err, &stopped):
			return &stoppedError{stopped.signal, again}
		case errors.As(err, &missed):
			unmet = append(unmet, fmt.Errorf("seed %d: %w", seed, err))
		case errors.As(err, &usage):
			return err
		case err != nil:
			return fmt.Errorf("seed %d: %w; to continue with all seeds, run: %s", seed, err, again)
		}
	}
	if ctx.Err() != nil {
		return &stoppedError{signalOf(ctx), again}
	}
	return errors.Join(append(unmet, a.testSeeds(s, args))...)
}

// checkSeeds returns an error if other flags do not go with -seeds.
func (s *settings) checkSeeds() error {
	for _, f := range []struct{ name, value string }{{"save", s.save}, {"report", s.report}, {"logdir", s.logdir}, {"certify", s.certify}} {
		if s.Given(f.name) && !strings.Contains(f.value, seedMark) {
			return flags.Errorf("-%s=%s: with -seeds the name must contain %s, as in -%s=%s, since each network has its own file", f.name, f.value, seedMark, f.name, withMark(f.value))
		}
	}
	for _, name := range []string{"resume", "live"} {
		if s.Given(name) {
			return flags.Errorf("-%s is for a single run; omit it, or omit -seeds%s", name, map[string]string{"resume": "; -continue resumes a run with -seeds"}[name])
		}
	}
	o, err := s.OptionsOn(s.Usual())
	if err == nil && s.Form.Standardize && o.Validation > 0 {
		return flags.Errorf("-seeds does not go with -standardise and -validation: each seed holds out other samples, so that each network would scale its inputs by other figures")
	}
	return nil // the first run reports an error of the other flags
}

// withMark puts seedMark before the extension of a name.
func withMark(name string) string {
	i := strings.LastIndex(name, ".")
	if i <= strings.LastIndexAny(name, `/\`) {
		i = len(name)
	}
	return name[:i] + "-" + seedMark + name[i:]
}

// ofSeed returns the settings of the run of a seed.
func (a *app) ofSeed(args []string, seed uint64) (*settings, error) {
	s, err := a.parse("train", trainUsage, args)
	if err != nil {
		return nil, err
	}
	s.Seed = seed
	for _, name := range []*string{&s.save, &s.report, &s.logdir, &s.certify} {
		*name = strings.ReplaceAll(*name, seedMark, strconv.FormatUint(seed, 10))
	}
	if checkpoint := s.save + ".checkpoint"; s.goOn {
		if _, err := os.Stat(checkpoint); err == nil {
			s.resume = checkpoint
		}
	}
	return s, nil
}

// finished reports whether -continue is given and the network of a seed is complete. The run of an incomplete one has a
// checkpoint or, if it was killed in the first epoch, no test accuracy.
func (s *settings) finished() bool {
	if _, err := os.Stat(s.save + ".checkpoint"); !s.goOn || !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	m, err := model.Load(s.save)
	if err != nil {
		return false
	}
	sizes, n := m.Network.Sizes, m.Network
	o, err := s.OptionsOn(s.Usual())
	w := o.Network
	same := s.from != "" || slices.Equal(sizes[1:len(sizes)-1], s.Hidden) && n.Hidden == w.Hidden && n.Output == w.Output &&
		n.Loss == w.Loss && n.NoBias == w.NoBias && n.Init == w.Init // -from decides on the layers
	return err == nil && m.About.Seed == s.Seed && same &&
		(m.About.TestAcc > 0 || m.Network.Regression) && (m.About.Epochs == o.Epochs || o.Validates())
}

// testSeeds tests the networks of all seeds and their committee, and prints a table.
func (a *app) testSeeds(s *settings, args []string) error {
	var paths, names []string
	var last *settings
	for _, seed := range s.ofSeeds {
		run, err := a.ofSeed(args, seed)
		if err != nil {
			return err
		}
		last = run
		paths, names = append(paths, run.save), append(names, strconv.FormatUint(seed, 10))
	}
	c, err := committee.Load(paths)
	if err != nil {
		return err
	}
	d, err := last.Open() // the test part does not depend on the seed
	if err != nil {
		return err
	}
	b := cpu.New()
	defer b.Close()
	scores, info, err := a.tested(c, d, &backends.Choice{Backend: b, Kind: backends.CPU})
	if err != nil {
		return err
	}
	members, regression := membersOf(names, scores), c[0].Network.Regression
	seconds := (a.now() - a.started).Seconds()
	if s.json {
		e := report.NewCommitteeEvent(members, scores.Scores, regression)
		e.Data, e.Backend, e.Seconds = d.Name, info.Backend, seconds
		return json.NewEncoder(a.stdout).Encode(e)
	}
	_, err = fmt.Fprintf(a.stdout, "\n%s\n%s on %s, %.2f s from the start of the program; to test them again: %s\n",
		report.Committee("seed", members, scores.Scores, regression), report.Count(len(c), "network"), report.PrintableName(d.Name), seconds,
		typed(cmp.Or(a.name, "shadegrad"), "eval", "-model="+strings.Join(paths, ",")))
	return err
}

// continueSeeds returns the command that continues with -seeds.
func (s *settings) continueSeeds(program string, args []string) string {
	line := append([]string{cmp.Or(program, "shadegrad"), "train"}, args...)
	if !s.goOn {
		line = append(line, "-continue")
	}
	return typed(line...)
}
