package compute

// An Op is one piece of arithmetic on matrices. The ops are the structs of this
// package that have these methods; the doc comment of each gives its equation
// and its shapes, and the tags of its fields describe its operands, as type Operand says.
type Op interface {
	// Name is the op's name as kernels, shader files and test cases carry it,
	// in snake case.
	Name() string
	// check tells which rule of shape the op breaks.
	check() error
}

// Gather reads a batch of rows from a data set of bytes:
//
//	Dst[i,j] = Scale·Src[Index[Args.Row+i], j] + Shift
//
// Dst is m×n, Src has n columns, Index has at least Args.Row+m entries. The
// product is rounded to float32 before Shift is added, so every backend gives
// the same bits. Pixels p in [0, 255] become [0, 1] with Scale 1/255.
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
// with op(X) = Xᵀ where the flag says so and X otherwise. op(A) is m×k, op(B) is
// k×n, Dst is m×n. Dst shares no memory with A or B. A backend may leave out terms
// with a factor 0, so 0·∞ and 0·NaN need not make a NaN.
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
// Dst and Src are m×n, Bias is 1×n or none. Softmax works on whole rows, the
// others on each element. Dst may be Src.
type Activate struct {
	Dst  Mat `operand:"out,inplace=Src"`
	Src  Mat `operand:"in"`
	Bias Mat `operand:"in,optional"`
	F    Activation
}

// Delta takes the error that a layer's outputs were sent back through the
// activation, which gives the gradient with respect to its inputs:
//
//	Dst = Back ⊙ F′(Y)
//
// where F′ is written in terms of the output Y = F(z): the chain rule, as in Rumelhart, Hinton and
// Williams (1986). All are m×n. Dst may be Back. F is not Softmax, whose derivative is not of
// one element. Where F′ is 0 a Back that is infinite or NaN may give 0 or NaN.
type Delta struct {
	Dst  Mat `operand:"out,inplace=Back"`
	Back Mat `operand:"in"`
	Y    Mat `operand:"in"`
	F    Activation
}

// Loss compares the outputs of a network with the labels of a batch. With
// z = Z + Bias, y = F(z), and c = Labels[Index[Args.Row+i]] the class of row i,
// the target is t[j] = On where j = c and Off elsewhere, and
//
//	E(i)               = Weight·Σⱼ (y[j] − t[j])²                              SquaredError
//	E(i)               = −Weight·Σⱼ t[j]·ln y[j]                               CrossEntropy, F Softmax
//	E(i)               = −Weight·Σⱼ (t[j]·ln y[j] + (1−t[j])·ln(1−y[j]))       CrossEntropy, F Sigmoid
//	Delta[i,j]         = Scale·∂E(i)/∂z[j]
//	Stats[Args.Row+i]  = (E(i), hit)
//
// where hit is 1 if c is the first of the largest y, compared before y is rounded,
// and 0 if not, or if one of them is NaN. A network of one output tells two classes apart: t = On for class 1
// and Off for class 0, and a hit is a y on the label's side of the middle of On and
// Off, with class 1 having the middle itself.
//
// The squared error, and the way from it to ∂E/∂z, are those of Rumelhart, Hinton and Williams, "Learning
// representations by back-propagating errors" (1986), whose Weight is ½; cross-entropy with Sigmoid is in Hinton,
// "Connectionist learning procedures" (1989), and with Softmax in Bridle (1990). An On below 1 with an Off
// above 0 is the label smoothing of Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception
// architecture for computer vision" (CVPR 2016).
//
// Cross-entropy is computed from z and not from y, so it stays finite where y
// rounds to 0 or 1. A label that is no class makes E(i) and the row of Delta
// NaN: it is never learnt silently.
//
// Z and Delta are m×n, Bias is 1×n or none, Labels is N×1, Stats has 2 columns and
// at least Args.Row+m rows; Delta may be none, where only the loss is wanted, and
// may be Z. Scale is 1/m for the gradient of the batch's mean and 1 for its sum.
//
// For targets that are no classes there are Targets instead of Labels and Index, m×n:
// t[j] = Targets[i,j], whatever On and Off are, and a hit is always 0.
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

// ColumnSum adds up the rows of a matrix:
//
//	Dst[0,j] = Σᵢ Src[i,j]
//
// Src is m×n, Dst is 1×n. It makes a bias's gradient from deltas, and an epoch's
// loss from Stats.
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
