package page

// A Run is what the page of a training run shows. Its JSON is the data of the page.
type Run struct {
	Kind    string   `json:"kind"` // "run"
	State   State    `json:"state"`
	Reason  string   `json:"reason,omitempty"` // why the run ended, unless it is complete
	Title   string   `json:"title"`
	Summary string   `json:"summary"` // of the network and the data
	Samples string   `json:"samples"` // "images" or "samples"
	Classes []string `json:"classes,omitempty"`
	Tiles   []Fact   `json:"tiles"`
	Facts   []Fact   `json:"facts"`
	Notes   []string `json:"notes,omitempty"`
	Command string   `json:"command"`
	Epochs  int      `json:"epochs"` // of the whole run
	// ResumedFrom is the last epoch before the run was resumed. Of the epochs before, only some are known.
	ResumedFrom int          `json:"resumed_from,omitempty"`
	Position    *Position    `json:"position,omitempty"` // of a run that continues
	Steps       Steps        `json:"steps"`
	PerEpoch    PerEpoch     `json:"per_epoch"`
	Rates       Rates        `json:"rates"`
	Layers      []Layer      `json:"layers,omitempty"`
	Findings    []string     `json:"findings,omitempty"` // of the last diagnosis
	Diagnosed   int          `json:"diagnosed,omitempty"`
	Weights     *Weights     `json:"weights,omitempty"`
	Predictions *Predictions `json:"predictions,omitempty"`
	Boundary    *Boundary    `json:"boundary,omitempty"`
}

// A State is the state of a run.
type State string

// The states.
const (
	Running     State = "running"
	Complete    State = "complete"
	Interrupted State = "interrupted"
	Diverged    State = "diverged"
	Failed      State = "failed"
)

// A Fact is a figure or a property with its name.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Position is that of a running run within its epoch.
type Position struct {
	Epoch   int     `json:"epoch"` // from 1
	Rows    int     `json:"rows"`
	Samples int     `json:"samples"`
	Left    float64 `json:"left"` // seconds
}

// Steps has the training loss and accuracy by step. Each point is the mean of the steps up to it since the point
// before; Low and High are the extremes of their losses.
type Steps struct {
	X    Numbers `json:"x"` // steps from 1
	Loss Numbers `json:"loss"`
	Acc  Numbers `json:"acc,omitempty"`
	Low  Numbers `json:"low,omitempty"`
	High Numbers `json:"high,omitempty"`
	// Each is the number of steps in a point.
	Each int `json:"each"`
}

// PerEpoch has the results of epochs. Lists of figures that a run does not have are empty.
type PerEpoch struct {
	X         Numbers `json:"x"`
	TrainLoss Numbers `json:"train_loss"`
	TrainAcc  Numbers `json:"train_acc,omitempty"`
	ValLoss   Numbers `json:"val_loss,omitempty"`
	ValAcc    Numbers `json:"val_acc,omitempty"`
	TestLoss  Numbers `json:"test_loss,omitempty"`
	TestAcc   Numbers `json:"test_acc,omitempty"`
	Speed     Numbers `json:"speed"` // samples per second
	// Outcome is the result of the run on the test set, which is evaluated once.
	Outcome *Outcome `json:"outcome,omitempty"`
}

// An Outcome is the result of the weights of an epoch on the test set.
type Outcome struct {
	Epoch int    `json:"epoch"`
	Loss  Number `json:"loss"`
	Acc   Number `json:"acc"`
}

// Rates has the learning rate and the momentum by step.
type Rates struct {
	X        Numbers `json:"x"`
	Rate     Numbers `json:"rate"`
	Momentum Numbers `json:"momentum,omitempty"`
}

// A Layer has the health of a layer by epoch, with the figures of package diagnosis.
type Layer struct {
	Name     string  `json:"name"`
	X        Numbers `json:"x"` // epochs
	Flat     Numbers `json:"flat,omitempty"`
	Of       string  `json:"of,omitempty"` // what Flat counts: dead, saturated or stuck
	Delta    Numbers `json:"delta"`
	Gradient Numbers `json:"gradient"`
	Weights  Numbers `json:"weights"`
	Step     Numbers `json:"step"`
	Moved    Numbers `json:"moved"`
}

// Weights has pictures of units of the first layer, in one image.
type Weights struct {
	Sheet
	Units int `json:"units"` // of the layer
}

// A Sheet is an image of many pictures of one size in rows.
type Sheet struct {
	Source  string `json:"src"` // a data URL
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Columns int    `json:"columns"`
	Gap     int    `json:"gap"` // between pictures, in pixels
	Count   int    `json:"count"`
}

// Predictions has the predictions for a set.
type Predictions struct {
	Set     string `json:"set"` // "test" or "validation"
	Samples int    `json:"samples"`
	Of      int    `json:"of"` // samples of the set
	Hits    int    `json:"hits"`
	// Probabilities means that the outputs are probabilities of classes.
	Probabilities bool `json:"probabilities,omitempty"`
	// Confusion[i][j] samples of class i were classified as j. It is omitted for many classes.
	Confusion [][]int `json:"confusion,omitempty"`
	// Frequent are the most frequent confusions.
	Frequent []Cell `json:"frequent,omitempty"`
	// Cells has examples of some cells.
	Cells    []Cell    `json:"cells,omitempty"`
	Mistakes []Example `json:"mistakes,omitempty"` // the most confident first
	Pictures *Sheet    `json:"pictures,omitempty"` // of the examples, by their Picture
	// Scatter has the target and the output of samples of a regression run.
	Scatter *Scatter `json:"scatter,omitempty"`
}

// A Cell is one of the confusion matrix.
type Cell struct {
	True     int       `json:"true"`
	Class    int       `json:"class"`
	Count    int       `json:"count"`
	Examples []Example `json:"examples,omitempty"`
}

// An Example is a sample with its likeliest classes.
type Example struct {
	Sample  int     `json:"sample"` // in its set, from 1
	Picture int     `json:"picture"`
	True    int     `json:"true"`
	Likely  []Guess `json:"likely"`
	Values  Numbers `json:"values,omitempty"` // of a sample that is not an image
}

// A Guess is a class with the network's output for it.
type Guess struct {
	Class int    `json:"class"`
	Value Number `json:"value"`
}

// Scatter has the targets and outputs of samples.
type Scatter struct {
	Target Numbers `json:"target"`
	Output Numbers `json:"output"`
	Name   string  `json:"name"`
}

// A Boundary has the classes of a network over the plane of its two inputs.
type Boundary struct {
	Source string     `json:"src"` // a data URL of the picture of the plane
	X      [2]float64 `json:"x"`   // its extent
	Y      [2]float64 `json:"y"`
	Names  [2]string  `json:"names"`
	Points []Point    `json:"points"`
}

// A Point is a sample of two inputs: x, y and its class.
type Point [3]Number
