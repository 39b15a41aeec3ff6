#version 430
// Update updates parameters W by their gradient, by one of the rules in rules.glsl, which
// has the equations. The gradient is G, or with CLIP, which bounds its norm together with
// that of other gradients,
//
//     c·G,   c = min(1, clip/√ΣNorms), or NaN if the sum is infinite
//
// An invocation takes element e of all matrices, then the one a grid further.
//
// option RULE = SGD | MOMENTUM | NESTEROV | RMSPROP | ADAM
// option TERMS           there is weight decay
// option CLIP            bound the norm of the gradient

layout(local_size_x = 64) in;

layout(std140, binding = 0) uniform Params {
    uint count, norms;
    uint wOffset, gOffset, vOffset, sOffset, normsOffset;
    float rho, epsilon, l2, l1, decay, clip;
};

#include "rules.glsl"

layout(std430, binding = 0) restrict buffer W { float w[]; };
layout(std430, binding = 1) readonly restrict buffer G { float g[]; };
#ifdef VELOCITIES
layout(std430, binding = 2) restrict buffer V { float v[]; };
#endif
#ifdef SQUARES
layout(std430, binding = 3) restrict buffer S { float s[]; };
#endif
#ifdef CLIP
layout(std430, binding = 4) readonly restrict buffer Norms { float squares[]; };
#endif

// clipping returns c. It is NaN if the norm is NaN, and also if the norm is infinite:
// clip/∞ = 0 would silently stop the training.
float clipping() {
#ifdef CLIP
    float sum = 0.0;
    for (uint p = 0u; p < norms; p++) sum += squares[normsOffset + p];
    if (isinf(sum)) return uintBitsToFloat(0x7fc00000u);
    float norm = root(sum);
    return norm <= clip ? 1.0 : clip / norm;
#else
    return 1.0;
#endif
}

void main() {
    float c = clipping();
    Decay terms = Decay(l2, l1, decay);
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        float weight = w[wOffset + e], velocity = 0.0, square = 0.0;
#ifdef VELOCITIES
        velocity = v[vOffset + e];
#endif
#ifdef SQUARES
        square = s[sOffset + e];
#endif
        precise float gradient = c * g[gOffset + e];
        descend(weight, velocity, square, gradient, terms);
        w[wOffset + e] = weight;
#ifdef VELOCITIES
        v[vOffset + e] = velocity;
#endif
#ifdef SQUARES
        s[sOffset + e] = square;
#endif
    }
}
