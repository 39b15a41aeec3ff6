#version 430
// ColumnSum adds up the rows of a matrix:
//
//     Dst[j] = Σᵢ Src[i,j]
//
// A group takes 8 columns with 32 invocations each. Invocation y of a column adds
// up rows y, y+32, y+64, …; then a tree in shared memory adds the 32 partial sums.
// The order of the additions depends only on the number of rows, so every run gives
// the same bits; atomic additions would not.

layout(local_size_x = 8, local_size_y = 32) in;

#define LANES 32u
#define PIECE 32u

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Src { float src[]; };

layout(std140, binding = 0) uniform Params {
    uint rows, cols;    // of Src
    uint dstOffset, srcOffset;
};

shared float partial[LANES][8];

// partialSum adds up the rows of one invocation. It makes sums of 32 rows and adds
// these: the rounding error of a sum grows with its number of terms, and an epoch
// has 60,000.
float partialSum(uint first, uint j) {
    float total = 0.0;
    uint i = first;
    while (i < rows) {
        float sum = 0.0;
        for (uint l = 0u; l < PIECE && i < rows; l++, i += LANES) {
            sum += src[srcOffset + i * cols + j];
        }
        total += sum;
    }
    return total;
}

void main() {
    uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    // The loop has the bounds of the group, not of the invocation: all 256
    // invocations must reach every barrier.
    for (uint first = gl_WorkGroupID.x * 8u; first < cols; first += gl_NumWorkGroups.x * 8u) {
        uint j = first + x;
        // Beyond the last column it adds up the last one again; the result is not used.
        partial[y][x] = partialSum(y, min(j, cols - 1u));
        // Every partial sum must be written before one is read.
        memoryBarrierShared();
        barrier();
        for (uint width = LANES / 2u; width > 0u; width /= 2u) {
            if (y < width) partial[y][x] += partial[y + width][x];
            // The next level reads what this one wrote.
            memoryBarrierShared();
            barrier();
        }
        // No barrier is needed here: only y = 0 writes partial[0], and the other
        // partial sums are not read again.
        if (y == 0u && j < cols) dst[dstOffset + j] = partial[0][x];
    }
}
