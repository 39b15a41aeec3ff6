package train

import "shadegrad/compute"

// averageEvery is the number of training steps between moves of the averages. The decay of a move
// is that of all steps since the last, so that an average has the same memory as if it moved after
// each step, at an eighth of the cost.
const averageEvery = 8

// averages has the programs that move the averages; nil without averages.
type averages struct {
	usual compute.Executable // for averageEvery steps
	last  compute.Executable // for the remaining steps at the end of an epoch
}

func (s *session) compileAverages() (err error) {
	if s.options.Training.Average == 0 {
		return nil
	}
	steps := s.options.steps(s.train.samples)
	if steps >= averageEvery {
		if s.averages.usual, err = s.backend.Compile(s.network.AverageStep(averageEvery)); err != nil {
			return err
		}
	}
	if rest := steps % averageEvery; rest > 0 {
		s.averages.last, err = s.backend.Compile(s.network.AverageStep(rest))
	}
	return err
}

// average moves the averages after every averageEvery steps of an epoch and at its end. Epoch and
// step count from 0. The moves are the same wherever a run was interrupted.
func (s *session) average(epoch, step int) {
	if s.options.Training.Average == 0 {
		return
	}
	steps, done := s.options.steps(s.train.samples), step+1
	perEpoch := (steps + averageEvery - 1) / averageEvery
	args := compute.Args{Step: uint32(epoch*perEpoch + step/averageEvery)}
	switch {
	case done%averageEvery == 0:
		s.averages.usual.Run(args)
	case done == steps:
		s.averages.last.Run(args)
	}
}
