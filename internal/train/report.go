package train

import "shadegrad/compute"

// A Reporter is told how a run goes on. Its methods are called one at a time,
// between steps, so they should be quick.
type Reporter interface {
	// Started is called once a backend is ready, and again if the run goes on
	// with another.
	Started(compute.Info)
	// Progress is called some ten times a second.
	Progress(Progress)
	// Finished is called after each epoch.
	Finished(Epoch)
	// Note tells of something the user should know, in one line.
	Note(string)
}

// Progress is where a run is in the middle of an epoch.
type Progress struct {
	Epoch   int     // the epoch under way, from 1
	Rows    int     // samples of it that are done
	Samples int     // samples an epoch has
	Loss    float64 // mean over Rows
	Seconds float64 // since this epoch began on this machine
	Fresh   int     // of Rows, those done since then: not before a resumption
}

// An Epoch is the outcome of one pass over the training set.
type Epoch struct {
	Epoch        int // from 1
	TrainLoss    float64
	TrainAcc     float64 // share of hits, as the steps saw them
	ValLoss      float64 // on the validation set, where there is one
	ValAcc       float64
	TestLoss     float64 // on the test set, where it was looked at
	TestAcc      float64
	LearningRate float64 // of its last step
	Seconds      float64 // of training, without the evaluation
	EvalSeconds  float64
	Images       int // trained on in Seconds
}

// ImagesPerSecond is the speed of training.
func (e Epoch) ImagesPerSecond() float64 {
	if e.Seconds <= 0 {
		return 0
	}
	return float64(e.Images) / e.Seconds
}
