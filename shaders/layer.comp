#version 430
// Layer is a layer of a network in one dispatch, ops Gather, MatMul, Activate and Dropout:
//
//     Dst = F(A·op(B) + Bias),   and with DROP   Dropped = dropout(Dst)
//
// where A is m×k, or a batch of rows of pixels that the kernel gathers, and op(B) is
// k×n. The weighted sums are not stored. Tiles and slots are those of product.comp.
// With SLOTS the kernel stores each slot's part of the sums, and the kernel that adds
// them up also adds the bias and applies the activation.
//
// option FORM = NN | NT  whether B is stored transposed
// option TILE = B8X8 | B4X4 | B1X8 | T16 | T32 | T64 | T128 | T32X128
// option VECA            read A, or Src, in vectors of four
// option VECB            read B in vectors of four
// option VECD            write Dst and Dropped in vectors of four
// option LONG            sums are longer than a piece
// option PIXELS_A        A are rows of bytes
// option INDEX           visit these rows in Index's order, else 0, 1, 2, …
// option SLOTS           store sums in parts
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU
// option BIAS            add a bias
// option DROP            compute Dropped too

#include "transpose.glsl"
#include "tiles.glsl"
#include "activations.glsl"
#include "bytes.glsl"

#ifdef VECD
layout(std430, binding = 0) writeonly restrict buffer Dst { vec4 dst[]; };
#ifdef DROP
layout(std430, binding = 5) writeonly restrict buffer Dropped { vec4 droppedOut[]; };
#endif
#else
layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
#ifdef DROP
layout(std430, binding = 5) writeonly restrict buffer Dropped { float droppedOut[]; };
#endif
#endif
#ifdef PIXELS_A
layout(std430, binding = 6) readonly restrict buffer Src { uint src[]; };
#elif defined(VECA)
layout(std430, binding = 1) readonly restrict buffer A { vec4 a[]; };
#else
layout(std430, binding = 1) readonly restrict buffer A { float a[]; };
#endif
#ifdef VECB
layout(std430, binding = 2) readonly restrict buffer B { vec4 b[]; };
#else
layout(std430, binding = 2) readonly restrict buffer B { float b[]; };
#endif
#ifdef BIAS
layout(std430, binding = 4) readonly restrict buffer Bias { float bias[]; };
#endif
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint m, n, k;
    uint slotLength;
    uint tilesX, slotTiles, tiles;  // in a row, of a slot, of all slots
    uint dstOffset, aOffset, bOffset, biasOffset, droppedOffset;
    float scale, shift;             // of pixels
    uint dropStream, threshold;         // of dropout
    float keep;
};

#ifdef PIXELS_A
uniform uint firstRow;
#include "pixels.glsl"
#endif
#include "operands.glsl"
#include "dropout.glsl"

uint slotOffset; // where the slot's matrix begins

#include "tile.glsl"

float outputOf(uint j, float z) {
#ifdef SLOTS
    return z;
#elif defined(BIAS)
    return activation(z + bias[biasOffset + j]);
#else
    return activation(z);
#endif
}

void finish(uint i, uint j, float z) {
#ifndef VECD
    float value = outputOf(j, z);
    dst[slotOffset + i * n + j] = value;
#ifdef DROP
    droppedOut[droppedOffset + i * n + j] = dropped(i * n + j, value);
#endif
#endif
}

#ifdef VECD
void finish4(uint i, uint j, vec4 z) {
    vec4 values = vec4(outputOf(j, z.x), outputOf(j + 1u, z.y), outputOf(j + 2u, z.z), outputOf(j + 3u, z.w));
    dst[(slotOffset + i * n + j) >> 2u] = values;
#ifdef DROP
    droppedOut[(droppedOffset + i * n + j) >> 2u] = dropped4(i * n + j, values);
#endif
}
#endif

void main() {
    for (uint t = gl_WorkGroupID.x; t < tiles; t += gl_NumWorkGroups.x) {
        uint slot = t / slotTiles, place = t % slotTiles;
        uint begin = slot * slotLength;
        slotOffset = dstOffset + slot * m * n;
        makeTile(place / tilesX * uint(TILE_M), place % tilesX * uint(TILE_N), begin, min(begin + slotLength, k));
    }
}
