#version 430
// Delta sends the error of a layer's outputs back through the activation. The result is
// the gradient with respect to the weighted sums:
//
//     Dst = Back ⊙ F′(Y)
//
// The matrices have one shape and no gaps, so rows and columns do not matter:
// an invocation takes element e, then the one a grid further.
//
// Dst may be Back, so neither is restrict; the invocation that writes an element is
// the one that read it.
//
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU

#include "activations.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly buffer Back { float back[]; };
layout(std430, binding = 2) readonly restrict buffer Y { float y[]; };

layout(std140, binding = 0) uniform Params {
    uint count;
    uint dstOffset, backOffset, yOffset;
};

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        dst[dstOffset + e] = back[backOffset + e] * derivative(y[yOffset + e]);
    }
}
