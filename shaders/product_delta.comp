#version 430
// ProductDelta sends deltas back through a layer in one dispatch, ops MatMul, Dropout and Delta:
//
//     Dst = (A·op(B)) ⊙ F′(Y)        or with DROP        Dst = dropout(A·op(B)) ⊙ F′(Y)
//
// where A is m×k, op(B) is k×n, Dst and Y are m×n. The error of the outputs is not
// stored. The tiles are those of product.comp; the sums are not divided.
//
// option FORM = NN | NT  whether B is stored transposed
// option TILE = B8X8 | B4X4 | B1X8 | T16 | T32 | T64 | T128 | T32X128
// option VECA            read A in vectors of four
// option VECB            read B in vectors of four
// option VECD            read and write Y and Dst in vectors of four
// option LONG            sums are longer than a piece
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU
// option DROP            there is dropout between the layers

#include "transpose.glsl"
#include "tiles.glsl"
#include "activations.glsl"

#ifdef VECD
layout(std430, binding = 0) writeonly restrict buffer Dst { vec4 dst[]; };
layout(std430, binding = 4) readonly restrict buffer Y { vec4 y[]; };
#else
layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 4) readonly restrict buffer Y { float y[]; };
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
    uint tilesX, tiles;     // in a row, in all
    uint dstOffset, aOffset, bOffset, yOffset;
    uint dropStream, threshold; // of dropout
    float keep;
};

#include "operands.glsl"
#include "dropout.glsl"
#include "tile.glsl"

void finish(uint i, uint j, float back) {
#ifndef VECD
#ifdef DROP
    back = dropped(i * n + j, back);
#endif
    dst[dstOffset + i * n + j] = back * derivative(y[yOffset + i * n + j]);
#endif
}

#ifdef VECD
void finish4(uint i, uint j, vec4 back) {
#ifdef DROP
    back = dropped4(i * n + j, back);
#endif
    vec4 outputs = y[(yOffset + i * n + j) >> 2u];
    dst[(dstOffset + i * n + j) >> 2u] = back * vec4(derivative(outputs.x), derivative(outputs.y), derivative(outputs.z), derivative(outputs.w));
}
#endif

void main() {
    for (uint t = gl_WorkGroupID.x; t < tiles; t += gl_NumWorkGroups.x) {
        makeTile(t / tilesX * uint(TILE_M), t % tilesX * uint(TILE_N), 0u, k);
    }
}
