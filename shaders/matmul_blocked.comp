#version 430
// MatMul again, as in matmul.comp, with more arithmetic for each value read:
//
//     Dst = op(A)·op(B)
//
// An invocation makes ROWS×COLS elements of Dst and keeps their sums in
// registers. For each l it reads ROWS values of A and COLS of B and uses every
// one of them COLS or ROWS times: 16 reads for 128 operations, where the plain
// kernel has 128 reads. There is no shared memory and no barrier, which a
// software renderer pays for dearly.
//
// A group of 8×8 invocations makes a tile of 64×64 elements. An invocation's
// rows and columns lie 8 apart, so that at each moment neighbouring invocations
// read neighbouring values:
//
//     row(r) = tile + y + 8·r,  column(c) = tile + x + 8·c
//
// At the edges of Dst the reads are clamped to the last row and column, so that
// the inner loop needs no test; what is computed there twice is not written.
//
// option FORM = NN | NT | TN | TT     which of A and B are stored transposed
// option ADD             the terms before kBegin are in Dst already

#include "transpose.glsl"

#define ROWS 8
#define COLS 8
#define SIDE 8u    // of the group, in invocations

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

// block makes the elements of one invocation, of which (i, j) is the first.
void block(uint i, uint j) {
    uint ai[ROWS], bj[COLS];
    for (int r = 0; r < ROWS; r++) ai[r] = aOffset + A_START(min(i + SIDE * uint(r), m - 1u));
    for (int c = 0; c < COLS; c++) bj[c] = bOffset + B_START(min(j + SIDE * uint(c), n - 1u));

    float total[ROWS][COLS];
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) total[r][c] = 0.0;

    for (uint begin = kBegin; begin < kEnd; begin += PIECE) {
        uint end = min(begin + PIECE, kEnd);
        float sum[ROWS][COLS];
        for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] = 0.0;

        for (uint l = begin; l < end; l++) {
            float av[ROWS], bv[COLS];
            for (int r = 0; r < ROWS; r++) av[r] = a[ai[r] + l * A_STEP];
            for (int c = 0; c < COLS; c++) bv[c] = b[bj[c] + l * B_STEP];
            for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] += av[r] * bv[c];
        }
        for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) total[r][c] += sum[r][c];
    }

    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLS; c++) {
            uint row = i + SIDE * uint(r), col = j + SIDE * uint(c);
            if (row < m && col < n) {
                uint at = dstOffset + row * n + col;
#ifdef ADD
                dst[at] += total[r][c];
#else
                dst[at] = total[r][c];
#endif
            }
        }
    }
}

void main() {
    const uint height = SIDE * uint(ROWS), width = SIDE * uint(COLS);
    for (uint i = gl_WorkGroupID.y * height + gl_LocalInvocationID.y; i < m; i += gl_NumWorkGroups.y * height) {
        for (uint j = gl_WorkGroupID.x * width + gl_LocalInvocationID.x; j < n; j += gl_NumWorkGroups.x * width) {
            block(i, j);
        }
    }
}
