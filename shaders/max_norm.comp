#version 430
// MaxNorm bounds the weights that lead to each unit, which are a row of W:
//
//     W[i,:] = W[i,:]·√(limit/s)   where s = Σⱼ W[i,j]² > limit
//
// Where s is infinite they become NaN, and not 0: they are to be noticed.
//
// A group of 64 invocations takes a row: invocation x adds up every 64th square, then the
// 64 sums are added as a tree in shared memory, in the same order every time.

#define LANES 64u
#define PIECE 32u

layout(local_size_x = 64) in;

layout(std430, binding = 0) restrict buffer W { float w[]; };

layout(std140, binding = 0) uniform Params {
    uint rows, cols;
    uint wOffset;
    float limit;        // of s
};

shared float partial[LANES];

// partialSum adds up the squares of one invocation, in pieces whose sums are then added.
float partialSum(uint begin, uint first) {
    float total = 0.0;
    uint j = first;
    while (j < cols) {
        float sum = 0.0;
        for (uint l = 0u; l < PIECE && j < cols; l++, j += LANES) {
            float value = w[begin + j];
            sum += value * value;
        }
        total += sum;
    }
    return total;
}

void main() {
    uint x = gl_LocalInvocationID.x;
    // The loop's bounds are those of the group: all invocations must meet at every barrier.
    for (uint i = gl_WorkGroupID.x; i < rows; i += gl_NumWorkGroups.x) {
        uint begin = wOffset + i * cols;
        partial[x] = partialSum(begin, x);
        // Every partial sum must be there before one is read.
        memoryBarrierShared();
        barrier();
        for (uint width = LANES / 2u; width > 0u; width /= 2u) {
            if (x < width) partial[x] += partial[x + width];
            // What this level wrote, the next one reads.
            memoryBarrierShared();
            barrier();
        }
        float s = partial[0];
        if (s > limit) {
            float factor = isinf(s) ? uintBitsToFloat(0x7fc00000u) : sqrt(limit / s);
            for (uint j = x; j < cols; j += LANES) w[begin + j] *= factor;
        }
        // All must have read the sum before the next row's takes its place.
        memoryBarrierShared();
        barrier();
    }
}
