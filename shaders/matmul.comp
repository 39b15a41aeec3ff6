#version 430
// MatMul is the matrix product
//
//     Dst = op(A)·op(B)        Dst[i,j] = Σₗ op(A)[i,l]·op(B)[l,j]
//
// where op(A) is m×k, op(B) is k×n and Dst is m×n. Read this kernel first: the others
// are checked against it. An invocation computes one element of Dst by the
// definition. It reads 2·k values for 2·k operations, which is slow; product.comp uses
// every value many times.
//
// A group computes 8×8 elements; neighbours in x share the row of A and read
// neighbouring columns of B. Groups step by the grid until all of Dst is done. Where
// sums are long, as with a whole data set in one batch, a dispatch adds up only the
// terms l from kBegin to kEnd, and the next dispatch adds its own.
//
// option FORM = NN | NT | TN | TT     which of A and B are stored transposed
// option ADD             Dst holds the sum of the terms before kBegin

#include "transpose.glsl"

layout(local_size_x = 8, local_size_y = 8) in;

#ifdef ADD
layout(std430, binding = 0) restrict buffer Dst { float dst[]; };
#else
layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
#endif
layout(std430, binding = 1) readonly restrict buffer A { float a[]; };
layout(std430, binding = 2) readonly restrict buffer B { float b[]; };

layout(std140, binding = 0) uniform Params {
    uint m, n, k;
    uint kBegin, kEnd;
    uint dstOffset, aOffset, bOffset;
};

float element(uint i, uint j) {
    uint ai = aOffset + A_START(i), bj = bOffset + B_START(j);
#ifdef ADD
    float total = dst[dstOffset + i * n + j];
#else
    float total = 0.0;
#endif
    for (uint begin = kBegin; begin < kEnd; begin += PIECE) {
        float sum = 0.0;
        for (uint l = begin; l < min(begin + PIECE, kEnd); l++) {
            sum += a[ai + l * A_STEP] * b[bj + l * B_STEP];
        }
        total += sum;
    }
    return total;
}

void main() {
    for (uint i = gl_GlobalInvocationID.y; i < m; i += gl_NumWorkGroups.y * gl_WorkGroupSize.y) {
        for (uint j = gl_GlobalInvocationID.x; j < n; j += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
            dst[dstOffset + i * n + j] = element(i, j);
        }
    }
}
