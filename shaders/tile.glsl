// A tile of a product op(A)·op(B), for kernels that do something with its
// elements besides storing them. The kernel says where operands are and what
// becomes of results, by these functions and by the variables m and n:
//
//     startA(x), startB(x)    where line x of a stored matrix begins
//     fetchA(at), fetchB(at)  the element at a place
//     fetchA4(at), …          four elements from there on, with VECA or VECB
//     finish(i, j, value)     takes element (i, j) of the product
//     finish4(i, j, values)   takes elements (i, j) to (i, j+3), with VECD
//
// A line is what lies contiguous: a row l of A where it is stored transposed
// (k×m), else a row i (m×k); a row j of B where it is stored transposed (n×k), else
// a row l (k×n). With VECA, VECB and VECD lines are multiples of four elements long
// and begin at multiples of four, so that four at a time never go beyond one.
//
// The terms of a sum are added in the order of l, in pieces of PIECE with LONG, so
// an element has the same bits each time.

void finish(uint i, uint j, float value);
#ifdef VECD
void finish4(uint i, uint j, vec4 values);
#endif

#define A_TRANSPOSED (FORM == TN || FORM == TT)
#define B_TRANSPOSED (FORM == NT || FORM == TT)

#if TILED
#include "tile_shared.glsl"
#else
#include "tile_blocks.glsl"
#endif
