package cli

import (
	"bytes"
	"strings"
	"testing"

	"shadegrad/internal/backends"
	"shadegrad/internal/flags"
)

// TestTopics checks that the help of a command lists each flag under one topic, and that "help TOPIC" lists it too.
func TestTopics(t *testing.T) {
	for _, command := range []string{"train", "gradcheck", "network", "bench"} {
		s := newSettings(command)
		var text bytes.Buffer
		s.PrintHelp(&text)
		help := map[string]string{}
		for _, topic := range flags.Topics(s.Set.Flags) {
			help[topic] = inProcess(t, backends.Opener{}, "help", topic).is(0).stdout
		}
		for _, f := range s.Set.Flags {
			if n := strings.Count(text.String(), "\n  -"+f.Name+"\n") + strings.Count(text.String(), "\n  -"+f.Name+" ") +
				strings.Count(text.String(), "\n  -"+f.Name+"[="); n != 1 {
				t.Errorf("%s: -%s is listed %d times", command, f.Name, n)
			}
			if !strings.Contains(help[f.Topic], "\n  -"+f.Name) {
				t.Errorf("topic %s lacks -%s:\n%s", f.Topic, f.Name, help[f.Topic])
			}
		}
		for _, topic := range flags.Topics(s.Set.Flags) {
			if !strings.Contains(text.String(), "\n"+topic+":\n") {
				t.Errorf("%s: no topic %q", command, topic)
			}
		}
	}
}
