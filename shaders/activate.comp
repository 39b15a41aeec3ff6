#version 430
// Activate adds a bias to each row and applies an activation:
//
//     Dst[i,j] = F(Src[i,j] + Bias[j])
//
// Softmax needs a whole row: an invocation takes one row and reads it three times.
// The other activations work on single elements: a group takes 64 neighbouring
// columns of one row, then of the row one grid further.
//
// Dst may be Src, so neither is restrict: the compiler must assume that writing
// one changes the other. This is safe because only the invocation that reads an
// element (for softmax, a row) writes it, and only after reading.
//
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU | SOFTMAX
// option BIAS            add a bias

#include "activations.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly buffer Src { float src[]; };
#ifdef BIAS
layout(std430, binding = 2) readonly restrict buffer Bias { float bias[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint rows, cols;
    uint dstOffset, srcOffset, biasOffset;
};

// weightedSum returns z[i,j].
float weightedSum(uint i, uint j) {
    float z = src[srcOffset + i * cols + j];
#ifdef BIAS
    z += bias[biasOffset + j];
#endif
    return z;
}

#if F == SOFTMAX

// softmaxRow divides numerator and denominator by e^max, so that every exponent is
// 0 or less: e^z overflows for z above 88.
void softmaxRow(uint i) {
    float largest = weightedSum(i, 0u);
    for (uint j = 1u; j < cols; j++) {
        float z = weightedSum(i, j);
        largest = z > largest ? z : largest;
    }
    float sum = 0.0;
    for (uint j = 0u; j < cols; j++) sum += exp(weightedSum(i, j) - largest);
    for (uint j = 0u; j < cols; j++) {
        dst[dstOffset + i * cols + j] = exp(weightedSum(i, j) - largest) / sum;
    }
}

void main() {
    for (uint i = gl_GlobalInvocationID.x; i < rows; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        softmaxRow(i);
    }
}

#else

void main() {
    for (uint i = gl_WorkGroupID.y; i < rows; i += gl_NumWorkGroups.y) {
        for (uint j = gl_GlobalInvocationID.x; j < cols; j += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
            dst[dstOffset + i * cols + j] = activation(weightedSum(i, j));
        }
    }
}

#endif
