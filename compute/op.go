package compute

// An Op is an operation on matrices. The ops are structs of this package. The doc comment of each
// gives its equation and its shapes. The tags of its fields describe its operands, as type Operand
// explains. A program has values of them, not pointers.
type Op interface {
	// Name returns the op's name in snake case, as shader files and test cases use it.
	Name() string
	// check returns an error if the op breaks one of its rules. Its operands are
	// present, unless optional, and valid by themselves.
	check() error
}

// Gather reads a batch of rows from a data set of bytes:
//
//	Dst[i,j] = Scale·Src[Index[Args.Row+i], j] + Shift
//
// Dst is m×n, Src has n columns, Index has at least Args.Row+m entries. The product is rounded to
// float32 before Shift is added, so every backend gives the same bits. Scale 1/255 maps pixels
// from [0, 255] to [0, 1].
type Gather struct {
	Dst          Mat   `operand:"out"`
	Src          Bytes `operand:"in,indexed"`
	Index        Index `operand:"in,optional"` // the zero Index is the natural order
	Scale, Shift float32
}

// Take reads a batch of rows from a data set of numbers:
//
//	Dst[i,j] = Src[Index[Args.Row+i], j]
//
// Dst is m×n, Src has n columns, Index has at least Args.Row+m entries.
type Take struct {
	Dst   Mat   `operand:"out"`
	Src   Mat   `operand:"in,indexed"`
	Index Index `operand:"in,optional"` // the zero Index is the natural order
}

// MatMul is the matrix product, Sgemm of BLAS with α = 1 and β = 0:
//
//	Dst = op(A)·op(B)
//
// with op(A) = Aᵀ if TransA is set, else A, and op(B) likewise. op(A) is m×k, op(B) is k×n, Dst is
// m×n. Dst shares no memory with A or B. A backend may omit terms with a factor 0, so 0·∞ and
// 0·NaN need not give NaN.
type MatMul struct {
	Dst            Mat `operand:"out"`
	A              Mat `operand:"in"`
	B              Mat `operand:"in"`
	TransA, TransB bool
}

// Activate adds a bias to each row and applies an activation:
//
//	Dst[i,j] = F(Src[i,j] + Bias[0,j])
//
// Dst and Src are m×n, Bias is 1×n or none. Softmax works on whole rows, the others on single
// elements. Dst may be Src.
type Activate struct {
	Dst  Mat `operand:"out,inplace=Src"`
	Src  Mat `operand:"in"`
	Bias Mat `operand:"in,optional"`
	F    Activation
}

// Delta propagates the error of a layer's outputs back through the activation. The result is the
// gradient with respect to the weighted sums:
//
//	Dst = Back ⊙ F′(Y)
//
// where F′ is a function of the output Y = F(z): the chain rule, as in Rumelhart, Hinton and
// Williams (1986). All are m×n. Dst may be Back. F is not Softmax, because its derivative is not
// elementwise. Where F′ is 0, an infinite or NaN Back may give 0 or NaN.
type Delta struct {
	Dst  Mat `operand:"out,inplace=Back"`
	Back Mat `operand:"in"`
	Y    Mat `operand:"in"`
	F    Activation
}

// Loss compares the outputs of a network with the labels of a batch. Let z = Z + Bias, y = F(z), and
// c = Labels[Index[Args.Row+i]] the class of row i. The target is t[j] = On for j = c, else Off, and
//
//	E(i)               = Weight·Σⱼ (y[j] − t[j])²                              SquaredError
//	E(i)               = −Weight·Σⱼ t[j]·ln y[j]                               CrossEntropy, F Softmax
//	E(i)               = −Weight·Σⱼ (t[j]·ln y[j] + (1−t[j])·ln(1−y[j]))       CrossEntropy, F Sigmoid
//	Delta[i,j]         = Scale·∂E(i)/∂z[j]
//	Stats[Args.Row+i]  = (E(i), hit)
//
// where hit is 1 if c is the first of the largest y, compared before y is rounded, and no y is NaN;
// else 0. A network of one output has two classes: t = On for class 1 and Off for class 0. Its hit
// is 1 if y is on the label's side of (On+Off)/2, which belongs to class 1.
//
// The squared error and its ∂E/∂z are those of Rumelhart, Hinton and Williams, "Learning
// representations by back-propagating errors" (1986), with Weight ½. Cross-entropy with Sigmoid is in
// Hinton, "Connectionist learning procedures" (1989), and with Softmax in Bridle (1990). An On below 1
// with an Off above 0 is the label smoothing of Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking
// the Inception architecture for computer vision" (CVPR 2016).
//
// Cross-entropy is computed from z, so it is finite even if y rounds to 0 or 1. A label that is not
// a class makes E(i) and the row of Delta NaN, so training cannot miss it.
//
// Z and Delta are m×n, Bias is 1×n or none, Labels is N×1, Stats has 2 columns and at least
// Args.Row+m rows. Delta is none if only the loss is needed; it may be Z. Scale is 1/m for the
// gradient of the batch's mean and 1 for that of its sum.
//
// For targets that are not classes, Targets replaces Labels and Index: t[j] = Targets[i,j], On and
// Off do not matter, and hit is 0. Targets is m×n.
type Loss struct {
	Delta         Mat   `operand:"out,optional,inplace=Z"`
	Stats         Mat   `operand:"inout,batch"` // the other rows keep their elements
	Z             Mat   `operand:"in"`
	Bias          Mat   `operand:"in,optional"`
	Targets       Mat   `operand:"in,optional"` // none if there are Labels
	Labels        Bytes `operand:"in,optional,indexed"`
	Index         Index `operand:"in,optional"` // the zero Index is the natural order
	F             Activation
	Kind          LossKind
	On, Off       float32
	Weight, Scale float32
}

// ColumnSum sums the rows of a matrix:
//
//	Dst[0,j] = Σᵢ Src[i,j]
//
// Src is m×n, Dst is 1×n. Sums of deltas are the gradient of a bias, and sums of Stats the loss of an
// epoch.
type ColumnSum struct {
	Dst Mat `operand:"out"`
	Src Mat `operand:"in"`
}

// Fill sets every element to a value:
//
//	Dst[i,j] = Value
type Fill struct {
	Dst   Mat `operand:"out"`
	Value float32
}

// Name returns "gather".
func (Gather) Name() string { return "gather" }

// Name returns "take".
func (Take) Name() string { return "take" }

// Name returns "matmul".
func (MatMul) Name() string { return "matmul" }

// Name returns "activate".
func (Activate) Name() string { return "activate" }

// Name returns "delta".
func (Delta) Name() string { return "delta" }

// Name returns "loss".
func (Loss) Name() string { return "loss" }

// Name returns "column_sum".
func (ColumnSum) Name() string { return "column_sum" }

// Name returns "fill".
func (Fill) Name() string { return "fill" }
