package train

import "shadegrad/compute"

// A Reporter receives the progress of a run. Its methods are called one at a time, between steps,
// and should return quickly.
type Reporter interface {
	// Started is called when a backend is ready, and again if the run continues on another.
	Started(compute.Info)
	// Progress is called about ten times a second.
	Progress(Progress)
	// Finished is called after each epoch.
	Finished(Epoch)
	// Noticed is called when something happens that does not end the run.
	Noticed(Notice)
}

// A Notice is a fact about a run that the user should know.
type Notice struct {
	Kind   NoticeKind
	Err    error // the cause of NotDiagnosed, NotKept and Unresponsive
	Images int   // per piece of FedInPieces
	Bytes  int64 // of device memory that the pieces of FedInPieces take
}

// A NoticeKind is the kind of a Notice.
type NoticeKind int

// The notices.
const (
	FedInPieces  NoticeKind = iota // the training set does not fit in the device's memory
	NotDiagnosed                   // the run makes no reports, or no further ones
	NotKept                        // the step at which the run diverged was not kept
	Unresponsive                   // the device failed while the run was being interrupted; the current epoch is lost
	Retuned                        // the device has other kernels than in the last run
)

// Progress is the position of a run within an epoch.
type Progress struct {
	Epoch   int     // the current epoch, from 1
	Rows    int     // completed samples of the epoch
	Samples int     // samples per epoch
	Loss    float64 // mean over Rows
	Seconds float64 // since this epoch began or resumed
	Fresh   int     // of Rows, those completed since then
}

// An Epoch has the results of one pass over the training set.
type Epoch struct {
	Epoch        int // from 1
	TrainLoss    float64
	TrainAcc     float64 // fraction of hits, before the update of each step
	ValLoss      float64 // on the validation set, if there is one
	ValAcc       float64
	TestLoss     float64 // on the test set, if it was evaluated
	TestAcc      float64
	LearningRate float64 // of its last step
	Seconds      float64 // of training, without the evaluations
	EvalSeconds  float64
	Images       int // trained on in Seconds
}

// ImagesPerSecond returns the speed of training, or 0 if the epoch is too short to be timed.
func (e Epoch) ImagesPerSecond() float64 {
	if e.Seconds <= 0 {
		return 0
	}
	return float64(e.Images) / e.Seconds
}
