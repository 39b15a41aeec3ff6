package exchange

// A Fact is something that an import has found or assumed.
type Fact struct {
	Kind   FactKind
	Values []string
}

// A FactKind is the kind of a fact. The comment of each lists its values.
type FactKind int

// The kinds.
const (
	Complete         FactKind = iota // the file is an export of this program and has everything
	Order                            // names of the layers
	TransposedLayers                 // the weights are stored as inputs×outputs
	AssumedSoftmax                   // number of classes
	OmittedLog                       // the logarithm of a log-softmax is omitted
	ImageInput                       // width, height
	NumberInput                      // number of inputs
	PixelRange                       // network inputs for black and white, or of the graph: from, to
	Converted                        // type, number of arrays
	AddedBiases                      // number of layers without biases that get biases of 0
)
