#version 430
// Average is a step of an exponential moving average:
//
//     Dst[e] = Dst[e] + (1−β)·(Src[e] − Dst[e])
//
// The host computes 1−β, which depends on the step, for each run. An invocation takes
// element e, then the one a grid further on.

layout(local_size_x = 64) in;

layout(std430, binding = 0) restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Src { float src[]; };

layout(std140, binding = 0) uniform Params {
    uint count;
    uint dstOffset, srcOffset;
};
uniform vec2 stepValues; // 1−β, and nothing

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        float old = dst[dstOffset + e];
        // precise: each operation is rounded by itself, as in Go.
        precise float away = src[srcOffset + e] - old;
        precise float change = stepValues.x * away;
        precise float value = old + change;
        dst[dstOffset + e] = value;
    }
}
