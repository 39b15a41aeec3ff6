#version 430
// SquareSum adds up the squares of a matrix:
//
//     Dst[p] = Σ Src[e]²   over e from p·each to (p+1)·each − 1
//
// A group of 64 invocations makes one of the sums: invocation x adds up every 64th square,
// then a tree in shared memory adds the 64 sums. A large matrix takes several sums, which
// column_sum.comp adds; a small one takes one, which is the result. The order depends only
// on the number of elements, so every run gives the same bits.

#define LANES 64u
#define PIECE 32u

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Src { float src[]; };

layout(std140, binding = 0) uniform Params {
    uint count, each, parts;
    uint dstOffset, srcOffset;
};

shared float partial[LANES];

// partialSum adds up the squares of one invocation before element end. It makes sums of
// PIECE terms and adds these: the rounding error of a sum grows with its number of terms.
float partialSum(uint first, uint end) {
    float total = 0.0;
    uint e = first;
    while (e < end) {
        float sum = 0.0;
        for (uint l = 0u; l < PIECE && e < end; l++, e += LANES) {
            float value = src[srcOffset + e];
            sum += value * value;
        }
        total += sum;
    }
    return total;
}

void main() {
    uint x = gl_LocalInvocationID.x;
    // The loop has the bounds of the group: all invocations must reach every barrier.
    for (uint p = gl_WorkGroupID.x; p < parts; p += gl_NumWorkGroups.x) {
        partial[x] = partialSum(p * each + x, min((p + 1u) * each, count));
        // Every partial sum must be written before one is read.
        memoryBarrierShared();
        barrier();
        for (uint width = LANES / 2u; width > 0u; width /= 2u) {
            if (x < width) partial[x] += partial[x + width];
            // The next level reads what this one wrote.
            memoryBarrierShared();
            barrier();
        }
        // No barrier is needed here: the invocation that reads partial[0] is the next to write it.
        if (x == 0u) dst[dstOffset + p] = partial[0];
    }
}
