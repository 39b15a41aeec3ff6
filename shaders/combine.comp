#version 430
// Combine adds up a product whose sums were made in parts, slot by slot:
//
//     Dst[e] = Σₛ Slots[s·count + e]
//
// The slots are added in order, so every run gives the same bits. An invocation takes
// element e, then the one a grid further.

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Slots { float slots[]; };

layout(std140, binding = 0) uniform Params {
    uint count, slotCount;
    uint dstOffset, slotsOffset;
};

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        float sum = slots[slotsOffset + e];
        for (uint s = 1u; s < slotCount; s++) sum += slots[slotsOffset + s * count + e];
        dst[dstOffset + e] = sum;
    }
}
