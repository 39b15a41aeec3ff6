package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"shadegrad/internal/draw"
	"shadegrad/internal/flags"
	"shadegrad/internal/local"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
)

const drawUsage = `usage: shadegrad draw -model=FILE [FLAGS]

Opens a page in the browser on which to draw digits with mouse, finger or pen, or drop a
picture. It shows what a network saved by "shadegrad train -save=FILE" makes of them: the
image that it sees, the probability of each class, the pixels that count for and against
one, and the activations of each layer. Only browsers on this machine that know the printed
address can open the page. Ctrl-C ends the program.
`

// draw is "shadegrad draw".
func (a *app) draw(args []string) error {
	s, err := a.parseFlags("draw", drawUsage, args)
	if err != nil {
		return err
	}
	if s.model == "" {
		return flags.Errorf("draw: want -model=FILE, a network saved by \"shadegrad train -save=FILE\"")
	}
	m, err := model.Load(s.model)
	if err != nil {
		return err
	}
	page, err := draw.New(m, s.model)
	if errors.Is(err, draw.ErrNumbers) {
		return fmt.Errorf("%s: the network takes rows of %s, which cannot be drawn; use \"shadegrad predict\"", s.model, report.Count(m.Width, "number"))
	}
	if err != nil {
		return err
	}
	site, err := local.Listen("")
	if err != nil {
		return fmt.Errorf("cannot serve the page: %w", err)
	}
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	if _, err := fmt.Fprintln(a.stdout, site.URL); err != nil {
		return err
	}
	how := "open this address in a browser on this machine"
	if s.browser == switchOn && a.interactive() && local.OpenBrowser(site.URL, a.env) == nil {
		how = "this page opens in your browser"
	}
	a.note(how + "; Ctrl-C ends the program")
	return site.Serve(ctx, page.Handler())
}
