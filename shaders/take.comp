#version 430
// Take reads a batch of rows from a data set of numbers:
//
//     Dst[i,j] = Src[Index[firstRow+i], j]
//
// Rows and columns are divided as in gather.comp. The numbers travel as bits, because some
// drivers change the bits of a NaN or of a subnormal number.
//
// option INDEX           visit rows in Index's order, else 0, 1, 2, …

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { uint dst[]; };
layout(std430, binding = 6) readonly restrict buffer Src { uint src[]; };
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint rows, cols;    // of Dst
    uint dstOffset, srcOffset;
};
uniform uint firstRow;

void main() {
    for (uint i = gl_WorkGroupID.y; i < rows; i += gl_NumWorkGroups.y) {
#ifdef INDEX
        uint row = index[firstRow + i];
#else
        uint row = firstRow + i;
#endif
        for (uint j = gl_GlobalInvocationID.x; j < cols; j += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
            dst[dstOffset + i * cols + j] = src[srcOffset + row * cols + j];
        }
    }
}
