package bench

import (
	"shadegrad/compute/judge"
	"shadegrad/internal/dataset"
	"shadegrad/internal/train"
)

// StepOf returns the training step of a run on a training set.
func StepOf(o train.Options, d *dataset.Set) Step {
	return Step{Network: o.Network, Batch: o.BatchSize(d.Len()), Training: o.StepTraining(), Numbers: d.Values != nil}
}

// CasesOf returns the judge's cases of a run's kernels.
func CasesOf(o train.Options, d *dataset.Data) []judge.Case {
	step := StepOf(o, &d.Train).Judged()
	step.Average = o.StepTraining().Average
	return step.OfRun(train.BatchSizes(o, d))
}
