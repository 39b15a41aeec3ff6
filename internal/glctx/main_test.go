package glctx

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childVariable makes the test binary do something else than tests, such as open a context and
// print the outcome. A driver reads some environment variables only once per process.
const childVariable = "SHADEGRAD_TEST_GLCTX_CHILD"

// children are what the test binary does, by the value of childVariable.
var children = map[string]func() int{"1": child}

// unserved is the value of childVariable for a child that does not call Main.
const unserved = "unserved"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == unserved {
		os.Exit(child())
	}
	if main := children[os.Getenv(childVariable)]; main != nil {
		os.Exit(Main(main))
	}
	os.Exit(Main(m.Run))
}

func child() int {
	c, err := Open()
	if err != nil {
		fmt.Printf("error: %v\n", err)
		return 0
	}
	fmt.Printf("opened: %s\n", c.Info().Path)
	if err := c.Close(); err != nil {
		fmt.Printf("close: %v\n", err)
	}
	return 0
}

// openInChild runs child with additional environment variables and returns its
// stdout and stderr.
func openInChild(t *testing.T, env ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childVariable+"=1"), env...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("child: %v\n%s%s", err, out.String(), errs.String())
	}
	return strings.TrimSpace(out.String()), strings.TrimSpace(errs.String())
}
