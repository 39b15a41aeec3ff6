package nn

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mapped"
	"shadegrad/internal/train"
)

// Training describes the run that trained a network.
type Training struct {
	Backend compute.Info // what computed
	NoGPU   error        // why Auto does not use a GPU, or nil
	Note    string       // how the files of the data set were understood; often empty
	Samples int          // in the training set
	Epochs  []Epoch
	// Best is the epoch, from 1, whose weights the network has: the best on the validation set, or the last without one.
	Best                   int
	TestLoss, TestAccuracy float64
}

// Train trains a network on a data set and tests it. If data is nil, it is that of the preset in o.Flags, or MNIST.
//
// If ctx is done, Train soon returns an error that wraps the context's, and the network so far, untested. The network is nil if
// training had not begun, and after every other error.
func Train(ctx context.Context, data Data, o Options) (n *Network, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a mapped file may become shorter
	defer func() {
		if r := recover(); r != nil {
			if n, err = nil, mapped.AsError(r); err == nil {
				panic(r)
			}
		}
	}()
	p, err := o.plan()
	if err != nil {
		return nil, err
	}
	d, err := p.open(data)
	if dataset.Unsuited(err) {
		err = p.wrong(err)
	}
	if err != nil {
		return nil, err
	}
	options, err := p.OptionsOn(&d.Train)
	if err != nil {
		return nil, p.wrong(err)
	}
	state := train.NewState(options, d, p.Path)
	state.Data.Form = p.Form
	about := &Training{Note: d.Note, Samples: d.Train.Len()}
	choice, err := choose(backends.Kind(cmp.Or(o.Backend, Auto)), options, d, about)
	if err != nil {
		return nil, err
	}
	defer choice.Close()
	run := &train.Run{Data: d, State: state, Backend: choice.Backend, Report: &reporter{about, options.Epochs, o.Progress}}
	if choice.Fallback {
		run.Fallback = func(failure error) (compute.Backend, error) {
			about.NoGPU = failure
			return cpu.New(), nil
		}
	}
	err = run.Do(ctx)
	if errors.Is(err, train.ErrInterrupted) {
		err = fmt.Errorf("training stopped after %d of %d epochs: %w", state.Epoch, options.Epochs, context.Cause(ctx))
		if state.Values == nil {
			return nil, err
		}
	} else if err != nil {
		return nil, p.failed(err)
	}
	outcome := state.Outcome()
	about.Best, about.TestLoss, about.TestAccuracy = outcome.Epoch, outcome.TestLoss, outcome.TestAcc
	return newNetwork(state.Model(d), about), err
}

// open reads the data.
func (p *plan) open(data Data) (*dataset.Data, error) {
	if data == nil {
		return p.Open()
	}
	if p.given("data") {
		return nil, p.wrong(errors.New("-data: the data are an argument of Train; omit one of them"))
	}
	return data.open(p)
}

// Tests replace these.
var (
	opener  backends.Opener
	compare func(gpu, host compute.Backend, s bench.Step, d *dataset.Data) (bench.Comparison, error)
)

// choose opens a backend for a run.
func choose(kind backends.Kind, o train.Options, d *dataset.Data, about *Training) (*backends.Choice, error) {
	opener := opener
	opener.Cases = func() []judge.Case { return bench.CasesOf(o, d) }
	c, err := opener.Open(kind)
	if err != nil {
		return nil, err
	}
	if !c.Fallback { // the CPU, or a GPU chosen by name
		if kind == backends.Auto {
			about.NoGPU = c.Findings[0]
		}
		return c, nil
	}
	host := &backends.Choice{Backend: cpu.New(), Kind: kind}
	took, _, err := bench.Remembered{Program: program(), Compare: compare}.Times(c, host, bench.StepOf(o, &d.Train), d)
	if err == nil && took.GPU <= took.CPU {
		return c, host.Close()
	}
	if err == nil {
		err = fmt.Errorf("a step takes %.3g s on %s and %.3g s on the CPU", took.GPU, c.Info().Device, took.CPU)
	}
	about.NoGPU = errors.Join(err, c.Close())
	return host, nil
}

// program identifies this program, for times that were measured with its kernels.
func program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(info.String())))
}

// A reporter notes the progress of a run.
type reporter struct {
	about    *Training
	epochs   int
	progress func(Epoch)
}

func (r *reporter) Started(i compute.Info)  { r.about.Backend = i }
func (r *reporter) Progress(train.Progress) {}
func (r *reporter) Noticed(train.Notice)    {}
func (r *reporter) Finished(e train.Epoch) {
	epoch := Epoch{Epoch: e.Epoch, Epochs: r.epochs, Loss: e.TrainLoss, Accuracy: e.TrainAcc, ValidationLoss: e.ValLoss,
		ValidationAccuracy: e.ValAcc, Samples: e.Images, Duration: time.Duration(e.Seconds * float64(time.Second))}
	r.about.Epochs = append(r.about.Epochs, epoch)
	if r.progress != nil {
		r.progress(epoch)
	}
}
