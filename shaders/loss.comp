#version 430
// Loss compares a network's outputs with the labels of a batch. With z = Z + Bias,
// y = F(z) and c the class of row i, the target is t[j] = targetOn where j = c
// and targetOff elsewhere, and
//
//     E(i) = weight·Σⱼ (y[j] − t[j])²                               squared error
//     E(i) = −weight·Σⱼ t[j]·ln y[j]                                cross-entropy, softmax
//     E(i) = −weight·Σⱼ (t[j]·ln y[j] + (1−t[j])·ln(1−y[j]))        cross-entropy, sigmoid
//
//     Delta[i,j]        = scale·∂E(i)/∂z[j]
//     Stats[firstRow+i] = (E(i), 1 if the row's class is found, else 0)
//
// An invocation takes one row, since everything here depends on a whole row, and
// rows are short: as many columns as there are classes.
//
// Cross-entropy is computed from z and not from y, because y rounds to 0 or 1,
// whose logarithm is infinite, long before z is large.
//
// Delta may be Z, so neither is restrict. Each z is read for the last time just
// before its delta is written, by the same invocation.
//
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU | SOFTMAX
// option KIND = SQUARED_ERROR | CROSS_ENTROPY
// option BIAS            a bias is added to Z
// option DELTA           the gradient is wanted, else only the loss
// option INDEX           labels are visited in Index's order, else 0, 1, 2, …
// option TARGETS         t[j] = Targets[i,j] instead, which no row's class is found by

#include "activations.glsl"
#include "bytes.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Stats { float stats[]; };
layout(std430, binding = 1) readonly buffer Z { float zs[]; };
#ifdef TARGETS
layout(std430, binding = 2) readonly restrict buffer Targets { float targets[]; };
#else
layout(std430, binding = 2) readonly restrict buffer Labels { uint labels[]; };
#endif
#ifdef DELTA
layout(std430, binding = 3) writeonly buffer Delta { float delta[]; };
#endif
#ifdef BIAS
layout(std430, binding = 4) readonly restrict buffer Bias { float bias[]; };
#endif
#ifdef INDEX
layout(std430, binding = 5) readonly restrict buffer Index { uint index[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint rows, cols;
    uint statsOffset, zOffset, deltaOffset, biasOffset, targetsOffset;
    float targetOn, targetOff, weight, scale;
};
uniform uint firstRow;

// weightedSum returns z[i,j].
float weightedSum(uint i, uint j) {
    float z = zs[zOffset + i * cols + j];
#ifdef BIAS
    z += bias[biasOffset + j];
#endif
    return z;
}

#ifdef DELTA
void putDelta(uint i, uint j, float value) { delta[deltaOffset + i * cols + j] = value; }
#endif

#include "loss.glsl"

void main() {
    for (uint i = gl_GlobalInvocationID.x; i < rows; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        lossRow(i);
    }
}
