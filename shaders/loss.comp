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
// An invocation takes one row: everything here depends on a whole row, and rows are
// short, with a column for each class.
//
// Cross-entropy is computed from z instead of y, because y rounds to 0 or 1, whose
// logarithm is infinite, long before z is large.
//
// Delta may be Z, so neither is restrict. The invocation that writes a delta is the
// one that read its z, for the last time just before.
//
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU | SOFTMAX
// option KIND = SQUARED_ERROR | CROSS_ENTROPY
// option BIAS            add a bias to Z
// option DELTA           compute the gradient, else only the loss
// option INDEX           visit labels in Index's order, else 0, 1, 2, …
// option TARGETS         t[j] = Targets[i,j] instead; then no class is found

#include "activations.glsl"
#include "bytes.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Stats { float stats[]; };
layout(std430, binding = 1) readonly buffer Z { float zs[]; };
#ifdef TARGETS
layout(std430, binding = 3) readonly restrict buffer Targets { float targets[]; };
#else
layout(std430, binding = 3) readonly restrict buffer Labels { uint labels[]; };
#endif
#ifdef DELTA
layout(std430, binding = 2) writeonly buffer Delta { float delta[]; };
#endif
#ifdef BIAS
layout(std430, binding = 4) readonly restrict buffer Bias { float bias[]; };
#endif
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
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
