// A tile of a product op(A)·op(B). A kernel that includes this file has variables m and n
// and defines functions that fetch the operands and take the results:
//
//     startA(x), startB(x)    return the place where line x of a stored matrix begins
//     fetchA(at), fetchB(at)  return the element at a place
//     fetchA4(at), …          return four elements from a place on, with VECA or VECB
//     finish(i, j, value)     takes element (i, j) of the product
//     finish4(i, j, values)   takes elements (i, j) to (i, j+3), with VECD
//
// A line is a contiguous row of a stored matrix: row l of A if it is stored transposed
// (k×m), else row i (m×k); row j of B if it is stored transposed (n×k), else row l (k×n).
// With VECA, VECB and VECD the length of a line and the place where it begins are
// multiples of four, so that no vector crosses its end.
//
// The terms of a sum are added in the order of l, in pieces of PIECE with LONG, so every
// run gives the same bits.

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
