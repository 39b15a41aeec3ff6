#version 430
// Update is a step of stochastic gradient descent with momentum μ and learning
// rate η:
//
//     V = μ·V + G
//     W = W − η·V
//
// or, without V, W = W − η·G. An invocation takes element e of all three, then
// the one a grid further on.
//
// option MOMENTUM        there is a velocity V

layout(local_size_x = 64) in;

layout(std430, binding = 0) restrict buffer W { float w[]; };
layout(std430, binding = 1) readonly restrict buffer G { float g[]; };
#ifdef MOMENTUM
layout(std430, binding = 2) restrict buffer V { float v[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint count;
    uint wOffset, gOffset, vOffset;
};
uniform float learningRate;
#ifdef MOMENTUM
uniform float momentum;
#endif

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        // precise: each product is rounded before it is added, as in Go, so that
        // weights do not drift apart from those of another backend.
        precise float velocity = g[gOffset + e];
#ifdef MOMENTUM
        precise float kept = momentum * v[vOffset + e];
        velocity = kept + velocity;
        v[vOffset + e] = velocity;
#endif
        precise float change = learningRate * velocity;
        precise float weight = w[wOffset + e] - change;
        w[wOffset + e] = weight;
    }
}
