package cli

import (
	"bytes"
	"flag"
	"fmt"
	"io"
)

// topics group the flags of commands that have many of them.
var topics = []struct {
	title string
	flags []string
}{
	{"recipe", []string{"preset"}},
	{"network", []string{"hidden", "act", "output", "outputs", "init", "no-bias", "zero-biases"}},
	{"loss", []string{"loss", "targets", "smoothing", "gradient"}},
	{"optimiser", []string{"optimizer", "lr", "momentum", "rho", "epsilon", "batch", "epochs", "clip", "average", "seed"}},
	{"schedule", []string{"schedule", "lr-end", "decay", "decay-every", "warmup", "momentum-end", "momentum-epochs", "cycle-momentum", "dampen"}},
	{"regularisation", []string{"l2", "l1", "weight-decay", "max-norm", "dropout", "dropout-input"}},
	{"data", []string{"data", "pixels", "pad", "limit", "target-columns", "standardise"}},
	{"augmentation", []string{"augment"}},
	{"stopping and choosing", []string{"validation", "patience", "min-delta", "test"}},
	{"check", []string{"samples", "weights"}},
	{"device", []string{"backend", "backends", "threads", "device-memory", "tune"}},
}

// fewFlags is up to how many flags a list needs no topics.
const fewFlags = 12

// printFlags lists flags, by topics where there are many; those that have none come last.
func printFlags(w io.Writer, fs *flag.FlagSet) {
	all := map[string]*flag.Flag{}
	fs.VisitAll(func(g *flag.Flag) { all[g.Name] = g })
	if len(all) <= fewFlags {
		fmt.Fprintln(w)
		fs.SetOutput(w)
		fs.PrintDefaults()
		return
	}
	for _, t := range topics {
		var list []*flag.Flag
		for _, name := range t.flags {
			if g, ok := all[name]; ok {
				list = append(list, g)
				delete(all, name)
			}
		}
		printTopic(w, t.title, list)
	}
	var rest []*flag.Flag
	fs.VisitAll(func(g *flag.Flag) {
		if all[g.Name] != nil {
			rest = append(rest, g)
		}
	})
	printTopic(w, "output", rest)
}

// printTopic lists flags in the order given, each as package flag does it.
func printTopic(w io.Writer, title string, list []*flag.Flag) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, g := range list {
		one := flag.NewFlagSet("", flag.ContinueOnError)
		var text bytes.Buffer
		one.SetOutput(&text)
		one.Var(g.Value, g.Name, g.Usage)
		one.Lookup(g.Name).DefValue = g.DefValue
		one.PrintDefaults()
		w.Write(text.Bytes())
	}
}
