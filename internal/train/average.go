package train

import "shadegrad/compute"

// averageEvery is after how many training steps the averages of the parameters are moved.
// One that is moved seldom has as long a memory as one that is moved after each step, since
// its decay is that of all the steps between, and costs an eighth.
const averageEvery = 8

// averages are the programs that move the averages; nil where there are none.
type averages struct {
	usual compute.Executable // for averageEvery steps
	last  compute.Executable // for the steps that are left at the end of an epoch
	left  int                // how many these are; 0: none
}

func (s *session) compileAverages() (err error) {
	if s.options.Training.Average == 0 {
		return nil
	}
	a := &s.averages
	steps := s.options.steps(s.train.samples)
	a.left = steps % averageEvery
	if steps >= averageEvery {
		if a.usual, err = s.backend.Compile(s.network.AverageStep(averageEvery)); err != nil {
			return err
		}
	}
	if a.left > 0 {
		a.last, err = s.backend.Compile(s.network.AverageStep(a.left))
	}
	return err
}

// average moves the averages if it is time to do so after a step of an epoch, both counted
// from 0: after each averageEvery steps of the epoch, and at its end, so that they are always
// the same ones, wherever a run was interrupted.
func (s *session) average(epoch, step int) {
	if s.options.Training.Average == 0 {
		return
	}
	steps, done := s.options.steps(s.train.samples), step+1
	perEpoch := (steps + averageEvery - 1) / averageEvery
	number := uint32(epoch*perEpoch + step/averageEvery)
	switch {
	case done%averageEvery == 0:
		s.averages.usual.Run(compute.Args{Step: number})
	case done == steps:
		s.averages.last.Run(compute.Args{Step: number})
	}
}
