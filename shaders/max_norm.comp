#version 430
// MaxNorm bounds the weights that lead to each unit, which are a row of W:
//
//     W[i,:] = W[i,:]·√(limit/s)   where s = Σⱼ W[i,j]² > limit
//
// If s is infinite the row becomes NaN instead of 0, so that the loss shows it.
//
// A group of 64 invocations takes a row: invocation x adds up every 64th square, then a
// tree in shared memory adds the 64 sums, in the same order every time.

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

// partialSum adds up the squares of one invocation. It makes sums of PIECE terms and adds these.
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
    // The loop has the bounds of the group: all invocations must reach every barrier.
    for (uint i = gl_WorkGroupID.x; i < rows; i += gl_NumWorkGroups.x) {
        uint begin = wOffset + i * cols;
        partial[x] = partialSum(begin, x);
        // Every partial sum must be written before one is read.
        memoryBarrierShared();
        barrier();
        for (uint width = LANES / 2u; width > 0u; width /= 2u) {
            if (x < width) partial[x] += partial[x + width];
            // The next level reads what this one wrote.
            memoryBarrierShared();
            barrier();
        }
        float s = partial[0];
        if (s > limit) {
            float factor = isinf(s) ? uintBitsToFloat(0x7fc00000u) : sqrt(limit / s);
            for (uint j = x; j < cols; j += LANES) w[begin + j] *= factor;
        }
        // All invocations must have read the sum before the next row overwrites it.
        memoryBarrierShared();
        barrier();
    }
}
