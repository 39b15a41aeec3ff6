#version 430
// Product is the same op as matmul.comp, MatMul, with more arithmetic for each value that
// it reads:
//
//     Dst = op(A)·op(B)
//
// TILE says how the product is divided among invocations; see tiles.glsl,
// tile_blocks.glsl and tile_shared.glsl. Where there are too few tiles to keep a device
// busy, the sums are divided too: slot s has the terms of each sum from s·slotLength on
// and is stored as a matrix, and combine.comp adds the slots in order. Groups step by
// the grid until all tiles of all slots are done.
//
// option FORM = NN | NT | TN | TT     which of A and B are stored transposed
// option TILE = B8X8 | B4X4 | B1X8 | T16 | T32 | T64 | T128 | T32X128
// option VECA            read A in vectors of four
// option VECB            read B in vectors of four
// option VECD            write Dst in vectors of four
// option LONG            sums are longer than a piece
// option ADD             Dst holds the sum of the terms before kBegin

#include "transpose.glsl"
#include "tiles.glsl"

#ifdef VECD
layout(std430, binding = 0) restrict buffer Dst { vec4 dst[]; };
#else
layout(std430, binding = 0) restrict buffer Dst { float dst[]; };
#endif
#ifdef VECA
layout(std430, binding = 1) readonly restrict buffer A { vec4 a[]; };
#else
layout(std430, binding = 1) readonly restrict buffer A { float a[]; };
#endif
#ifdef VECB
layout(std430, binding = 2) readonly restrict buffer B { vec4 b[]; };
#else
layout(std430, binding = 2) readonly restrict buffer B { float b[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint m, n, k;
    uint kBegin, kEnd, slotLength;
    uint tilesX, slotTiles, tiles;  // in a row, of a slot, of all slots
    uint dstOffset, aOffset, bOffset;
};

#include "operands.glsl"

uint slotOffset; // where the slot's matrix begins

#include "tile.glsl"

void finish(uint i, uint j, float value) {
    uint at = slotOffset + i * n + j;
#ifndef VECD
#ifdef ADD
    value += dst[at];
#endif
    dst[at] = value;
#endif
}

#ifdef VECD
void finish4(uint i, uint j, vec4 values) {
    uint at = (slotOffset + i * n + j) >> 2u;
#ifdef ADD
    values += dst[at];
#endif
    dst[at] = values;
}
#endif

void main() {
    for (uint t = gl_WorkGroupID.x; t < tiles; t += gl_NumWorkGroups.x) {
        uint slot = t / slotTiles, place = t % slotTiles;
        uint begin = kBegin + slot * slotLength;
        slotOffset = dstOffset + slot * m * n;
        makeTile(place / tilesX * uint(TILE_M), place % tilesX * uint(TILE_N), begin, min(begin + slotLength, kEnd));
    }
}
