#version 430
// Combine adds up a product whose sums were made in parts, slot by slot, and does the
// ops that use the sums, MatMul with Activate and Dropout, or with Dropout and Delta:
//
//     z[e]   = Σₛ Slots[s·count + e]
//     Dst    = F(z + Bias),   and with DROP   Dropped = dropout(Dst)
//
// or, with DELTA, deltas sent back through a layer:
//
//     Dst    = z ⊙ F′(Y)          or with DROP   Dst = dropout(z) ⊙ F′(Y)
//
// For a product alone F is IDENTITY. The slots are added in order, so every run gives the
// same bits. An invocation takes element e, then the one a grid further.
//
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU
// option BIAS            add a bias
// option DELTA           multiply by the derivative
// option DROP            do dropout

#include "activations.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Slots { float slots[]; };
#ifdef BIAS
layout(std430, binding = 2) readonly restrict buffer Bias { float bias[]; };
#endif
#ifdef DELTA
layout(std430, binding = 5) readonly restrict buffer Y { float y[]; };
#elif defined(DROP)
layout(std430, binding = 4) writeonly restrict buffer Dropped { float droppedOut[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint count, cols, slotCount;
    uint dstOffset, slotsOffset, biasOffset, yOffset, droppedOffset;
    uint dropStream, threshold;     // of dropout
    float keep;
};

#include "dropout.glsl"

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        float z = slots[slotsOffset + e];
        for (uint s = 1u; s < slotCount; s++) z += slots[slotsOffset + s * count + e];
#ifdef DELTA
#ifdef DROP
        z = dropped(e, z);
#endif
        dst[dstOffset + e] = z * derivative(y[yOffset + e]);
#else
#ifdef BIAS
        z += bias[biasOffset + e % cols];
#endif
        z = activation(z);
        dst[dstOffset + e] = z;
#ifdef DROP
        droppedOut[droppedOffset + e] = dropped(e, z);
#endif
#endif
    }
}
