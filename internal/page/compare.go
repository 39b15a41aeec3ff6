package page

// A Comparison is what the page of several runs and measurements shows. Its JSON is the data of the page.
type Comparison struct {
	Kind  string        `json:"kind"` // "comparison"
	Title string        `json:"title"`
	Runs  []ComparedRun `json:"runs,omitempty"`
	// Rows compares the runs: a figure or an option, and its value in each run.
	Rows  []Row         `json:"rows,omitempty"`
	Bench []Measurement `json:"bench,omitempty"`
	Times []TimeTo      `json:"times,omitempty"`
}

// A ComparedRun has the curves of a run.
type ComparedRun struct {
	Name     string   `json:"name"`
	Samples  string   `json:"samples"`
	PerEpoch PerEpoch `json:"per_epoch"`
	Clock    Numbers  `json:"clock"` // seconds of training until the end of each epoch
}

// A Row has the values of a property.
type Row struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// A Measurement is the time of a training step on a backend.
type Measurement struct {
	File    string  `json:"file"`
	Backend string  `json:"backend"`
	Device  string  `json:"device"`
	Network string  `json:"network"`
	Batch   int     `json:"batch"`
	Step    Number  `json:"step"` // seconds
	Spread  Number  `json:"spread"`
	Speed   Number  `json:"speed"` // samples per second
	GFlops  Number  `json:"gflops"`
	Share   *Number `json:"share,omitempty"` // of the peak; missing if that is unknown
}

// A TimeTo has the seconds until a test accuracy was reached.
type TimeTo struct {
	File    string  `json:"file"`
	Backend string  `json:"backend"`
	Acc     Number  `json:"acc"`
	Seeds   int     `json:"seeds"`
	Seconds Numbers `json:"seconds"` // of the seeds that reached it
}
