package cli

import (
	"bytes"
	"shadegrad/internal/flags"
	"strings"
	"testing"
)

// TestTopics checks that the help of a command lists each flag under one topic, and that "help TOPIC" lists it too.
func TestTopics(t *testing.T) {
	for _, command := range []string{"train", "gradcheck", "network", "bench"} {
		s := newSettings(command)
		var text bytes.Buffer
		s.PrintHelp(&text)
		for _, f := range s.Set.Flags {
			if n := strings.Count(text.String(), "\n  -"+f.Name+"\n") + strings.Count(text.String(), "\n  -"+f.Name+" "); n != 1 {
				t.Errorf("%s: -%s is listed %d times", command, f.Name, n)
			}
			if help := at(t).run("help", f.Topic).is(0).stdout; !strings.Contains(help, "\n  -"+f.Name) {
				t.Errorf("topic %s lacks -%s:\n%s", f.Topic, f.Name, help)
			}
		}
		for _, topic := range flags.Topics(s.Set.Flags) {
			if !strings.Contains(text.String(), "\n"+topic+":\n") {
				t.Errorf("%s: no topic %q", command, topic)
			}
		}
	}
}
