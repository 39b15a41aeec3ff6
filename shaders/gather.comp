#version 430
// Gather reads a batch of rows from a data set of bytes:
//
//     Dst[i,j] = scale·Src[Index[firstRow+i], j] + shift
//
// With DROP it also does op Dropout of the values, and Dst is the result.
//
// A group of 64 invocations takes 64 neighbouring columns of one row, so that its
// reads and its writes are contiguous; then of the row one grid further, since a
// grid may have no more than 65,535 groups in a direction. No two invocations
// write the same element, so nothing has to be synchronised.
//
// option INDEX           visit rows in Index's order, else 0, 1, 2, …
// option DROP            do dropout too

#include "bytes.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 6) readonly restrict buffer Src { uint src[]; };
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint rows, cols;    // of Dst
    uint dstOffset;
    float scale, shift;
    uint dropStream, threshold; // of dropout
    float keep;
};
uniform uint firstRow;

#include "dropout.glsl"

void main() {
    for (uint i = gl_WorkGroupID.y; i < rows; i += gl_NumWorkGroups.y) {
#ifdef INDEX
        uint row = index[firstRow + i];
#else
        uint row = firstRow + i;
#endif
        for (uint j = gl_GlobalInvocationID.x; j < cols; j += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
            uint at = row * cols + j;
            // precise keeps the compiler from fusing product and sum, which would
            // round once: every backend must give the same bits.
            precise float product = scale * float(byteOf(src[at >> 2u], at));
            precise float value = product + shift;
#ifdef DROP
            value = dropped(i * cols + j, value);
#endif
            dst[dstOffset + i * cols + j] = value;
        }
    }
}
