#version 430
// Average is a step of an exponential moving average:
//
//     Dst[e] = Dst[e] + (1−β)·(Src[e] − Dst[e])
//
// The host computes 1−β for each run, since it depends on the step. An invocation takes
// element e, then the one a grid further.

layout(local_size_x = 64) in;

layout(std430, binding = 0) restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Src { float src[]; };

layout(std140, binding = 0) uniform Params {
    uint count;
    uint dstOffset, srcOffset;
};
uniform vec2 stepValues; // 1−β, unused

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        float old = dst[dstOffset + e];
        // precise rounds each operation separately, as Go does.
        precise float away = src[srcOffset + e] - old;
        precise float change = stepValues.x * away;
        precise float value = old + change;
        dst[dstOffset + e] = value;
    }
}
