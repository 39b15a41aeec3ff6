// The four forms of a matrix product, by BLAS's letters: the first says whether A is stored
// transposed, the second whether B is.
#define NN 0
#define NT 1
#define TN 2
#define TT 3

// Element (i, l) of op(A) is at A_START(i) + l·A_STEP of its matrix. A is stored m×k, or k×m
// if it is transposed; kernels never transpose it in memory.
#if FORM == TN || FORM == TT
#define A_START(i) (i)
#define A_STEP m
#else
#define A_START(i) ((i) * k)
#define A_STEP 1u
#endif

// Element (l, j) of op(B) is at B_START(j) + l·B_STEP. B is stored k×n, or n×k.
#if FORM == NT || FORM == TT
#define B_START(j) ((j) * k)
#define B_STEP 1u
#else
#define B_START(j) (j)
#define B_STEP n
#endif

// The rounding error of a sum of k products grows with k. Kernels therefore make sums of
// PIECE products and add these in order: then the error grows with the length of a piece
// plus the number of pieces.
#define PIECE 128u
