#version 430
// SquareSum adds up the squares of a matrix:
//
//     Dst[p] = Σ Src[e]²   over the elements e from p·each on, each of them
//
// A group of 64 invocations makes one of the sums: invocation x adds up every 64th square,
// then the 64 sums are added as a tree in shared memory. A large matrix takes several sums,
// which column_sum.comp adds; a small one takes one, which is the result. The order depends
// on nothing but the number of elements, so the result has the same bits every time.

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

// partialSum adds up the squares of one invocation before element end, in pieces whose sums
// are then added: the rounding error of a sum grows with its number of terms.
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
    // The loop's bounds are those of the group: all invocations must meet at every barrier.
    for (uint p = gl_WorkGroupID.x; p < parts; p += gl_NumWorkGroups.x) {
        partial[x] = partialSum(p * each + x, min((p + 1u) * each, count));
        // Every partial sum must be there before one is read.
        memoryBarrierShared();
        barrier();
        for (uint width = LANES / 2u; width > 0u; width /= 2u) {
            if (x < width) partial[x] += partial[x + width];
            // What this level wrote, the next one reads.
            memoryBarrierShared();
            barrier();
        }
        // No barrier is needed here: partial[0] is written next by the invocation that reads it.
        if (x == 0u) dst[dstOffset + p] = partial[0];
    }
}
