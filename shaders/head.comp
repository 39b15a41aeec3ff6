#version 430
// Head is the end of a network in one dispatch, ops MatMul, Loss, MatMul and Delta:
//
//     z     = Y·Wᵀ                     m×cols
//     Delta = scale·∂E/∂z, and Stats   as in loss.comp, with bias
//     Dst   = (Delta·W) ⊙ F′(Y)        m×k
//
// Y are the outputs of the last hidden layer, m×k, and W the weights of the output
// layer, cols×k. The weighted sums z are not stored. With SLOTS, Y does not exist yet:
// it is computed here from its weighted sums, which layer.comp left in parts,
//
//     Y = F(Σₛ Slots[s] + HiddenBias)
//
// With DROP there is dropout before the output layer: Y = dropout(Full), where Full are the
// outputs of the hidden layer. Then the equation above gives Full instead of Y, and
//
//     Dst   = dropout(Delta·W) ⊙ F′(Full)
//
// The rows of a batch are independent. With WIDE a group takes a row: its 64 invocations
// divide the k units, add up their parts of z in shared memory, and compute the loss, an
// output each. Without WIDE an invocation takes a row, without a barrier.
//
// option F = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU | SOFTMAX    of the outputs
// option KIND = SQUARED_ERROR | CROSS_ENTROPY
// option HIDDEN = IDENTITY | SIGMOID | TANH | RELU | SCALED_TANH | LEAKY_RELU         of the last hidden layer
// option OUTPUTS = 4 | 10 | 16 | 32 | 64   largest number of outputs
// option WIDE            a group takes a row
// option BACK            compute Dst
// option DELTA           compute Delta, else only the loss
// option VEC             read and write Y, W, Dst and Slots in vectors of four
// option SLOTS           compute Y
// option DROP            do dropout
// option BIAS            add a bias to z
// option HIDDEN_BIAS     add a bias before Y
// option INDEX           visit labels in Index's order, else 0, 1, 2, …
// option TARGETS         targets instead of labels

#include "activations.glsl"
#include "bytes.glsl"

#ifdef WIDE
#define SIDE 64     // invocations of a group
#define LANES SIDE  // they share the loss of a row
#define HELD 1      // rows that a group works on
#else
#define SIDE 8
#define HELD 8
#endif

// A row is read in units of UNIT values.
#ifdef VEC
#define VALUES vec4
#define UNIT 4u
#else
#define VALUES float
#define UNIT 1u
#endif
#define PIECE 128u

layout(local_size_x = SIDE) in;

layout(std430, binding = 0) writeonly restrict buffer Stats { float stats[]; };
#ifdef TARGETS
layout(std430, binding = 3) readonly restrict buffer Targets { float targets[]; };
#else
layout(std430, binding = 3) readonly restrict buffer Labels { uint labels[]; };
#endif
#ifdef VEC
layout(std430, binding = 2) restrict buffer Rows { vec4 rows[]; };
layout(std430, binding = 1) readonly restrict buffer Parameters { vec4 parameters[]; };
#else
layout(std430, binding = 2) restrict buffer Rows { float rows[]; };
layout(std430, binding = 1) readonly restrict buffer Parameters { float parameters[]; };
#endif
#ifdef DELTA
layout(std430, binding = 4) writeonly restrict buffer Delta { float delta[]; };
#endif
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
#endif
#ifdef SLOTS
#ifdef VEC
layout(std430, binding = 5) readonly restrict buffer Slots { vec4 slots[]; };
#else
layout(std430, binding = 5) readonly restrict buffer Slots { float slots[]; };
#endif
#endif

// Y, Full and Dst are in block Rows; W and the biases are in block Parameters.
layout(std140, binding = 0) uniform Params {
    uint m, cols, k;
    uint yOffset, fullOffset, dstOffset, wOffset, biasOffset, hiddenBiasOffset;
    uint deltaOffset, statsOffset, slotsOffset, slotCount, targetsOffset;
    float targetOn, targetOff, weight, scale;
    uint dropStream, threshold;     // of dropout
    float keep;
};
uniform uint firstRow;

// sums has z, without the bias, of each held row. With WIDE it first has the parts of z.
shared float sums[SIDE][OUTPUTS];
shared float gradient[HELD][OUTPUTS];   // Delta

uint held() {
#ifdef WIDE
    return 0u;
#else
    return gl_LocalInvocationID.x;
#endif
}

float parameterAt(uint at) {
#ifdef VEC
    return parameters[at >> 2u][at & 3u];
#else
    return parameters[at];
#endif
}

float weightedSum(uint i, uint j) {
    float z = sums[held()][j];
#ifdef BIAS
    z += parameterAt(biasOffset + j);
#endif
    return z;
}

#ifdef DELTA
void putDelta(uint i, uint j, float value) {
    gradient[held()][j] = value;
    delta[deltaOffset + i * cols + j] = value;
}
#endif

#include "loss.glsl"
#include "dropout.glsl"

#ifdef DROP
VALUES droppedOf(uint e, VALUES values) {
#ifdef VEC
    return dropped4(e, values);
#else
    return dropped(e, values);
#endif
}
#endif

// weights returns the unit of weights that begins with W[c,l]. Beyond the last output,
// where the result is not used, it returns some other weights.
VALUES weights(uint c, uint l) { return parameters[(wOffset + min(c, cols - 1u) * k + l) / UNIT]; }

// unitsOf returns the unit of outputs that begins with Y[i,l]. With SLOTS it computes them.
VALUES unitsOf(uint i, uint l) {
    uint e = i * k + l;
#ifdef SLOTS
    VALUES z = slots[(slotsOffset + e) / UNIT];
    for (uint s = 1u; s < slotCount; s++) z += slots[(slotsOffset + s * m * k + e) / UNIT];
#ifdef HIDDEN_BIAS
    z += parameters[(hiddenBiasOffset + l) / UNIT];
#endif
#ifdef VEC
    z = vec4(activationOf(HIDDEN, z.x), activationOf(HIDDEN, z.y), activationOf(HIDDEN, z.z), activationOf(HIDDEN, z.w));
#else
    z = activationOf(HIDDEN, z);
#endif
#ifdef DROP
    rows[(fullOffset + e) / UNIT] = z;
    z = droppedOf(e, z);
#endif
    rows[(yOffset + e) / UNIT] = z;
    return z;
#else
    return rows[(yOffset + e) / UNIT];
#endif
}

float inner(VALUES x, VALUES y) {
#ifdef VEC
    return dot(x, y);
#else
    return x * y;
#endif
}

// addUp sets z to the sum of the terms of row i from l = begin on, a stride apart. It
// makes sums of PIECE terms and adds these: the rounding error grows with the length of
// a sum.
void addUp(uint i, uint begin, uint stride, out float z[OUTPUTS]) {
    for (int c = 0; c < OUTPUTS; c++) z[c] = 0.0;
    uint l = begin;
    while (l < k) {
        float piece[OUTPUTS];
        for (int c = 0; c < OUTPUTS; c++) piece[c] = 0.0;
        for (uint terms = 0u; terms < PIECE && l < k; terms += UNIT, l += stride) {
            VALUES y = unitsOf(i, l);
            for (int c = 0; c < OUTPUTS; c++) piece[c] += inner(y, weights(uint(c), l));
        }
        for (int c = 0; c < OUTPUTS; c++) z[c] += piece[c];
    }
}

// sendBack computes the elements of row i of Dst from l = begin on, a stride apart.
void sendBack(uint i, uint begin, uint stride) {
    for (uint l = begin; l < k; l += stride) {
        VALUES back = gradient[held()][0] * weights(0u, l);
        for (uint c = 1u; c < cols; c++) back += gradient[held()][c] * weights(c, l);
#ifdef DROP
        back = droppedOf(i * k + l, back);
        VALUES y = rows[(fullOffset + i * k + l) / UNIT];
#else
        VALUES y = rows[(yOffset + i * k + l) / UNIT];
#endif
#ifdef VEC
        y = vec4(derivativeOf(HIDDEN, y.x), derivativeOf(HIDDEN, y.y), derivativeOf(HIDDEN, y.z), derivativeOf(HIDDEN, y.w));
#else
        y = derivativeOf(HIDDEN, y);
#endif
        rows[(dstOffset + i * k + l) / UNIT] = back * y;
    }
}

#ifdef WIDE

void main() {
    uint x = gl_LocalInvocationID.x;
    for (uint i = gl_WorkGroupID.x; i < m; i += gl_NumWorkGroups.x) {
        float z[OUTPUTS];
        addUp(i, x * UNIT, uint(SIDE) * UNIT, z);
        for (int c = 0; c < OUTPUTS; c++) sums[x][c] = z[c];
        // Every part must be written before one is read.
        memoryBarrierShared();
        barrier();
        for (uint width = uint(SIDE) / 2u; width > 0u; width /= 2u) {
            for (uint e = x; e < width * uint(OUTPUTS); e += uint(SIDE)) {
                sums[e / uint(OUTPUTS)][e % uint(OUTPUTS)] += sums[e / uint(OUTPUTS) + width][e % uint(OUTPUTS)];
            }
            // The next level reads what this one wrote.
            memoryBarrierShared();
            barrier();
        }
        lossRow(i);
#ifdef DELTA
        // The gradient must be complete before it is sent back, and lossRow before the next row's
        // parts overwrite the sums. The barriers of the next row keep its gradient from sendBack.
        memoryBarrierShared();
        barrier();
#endif
#ifdef BACK
        sendBack(i, x * UNIT, uint(SIDE) * UNIT);
#endif
    }
}

#else

void main() {
    for (uint i = gl_GlobalInvocationID.x; i < m; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        float z[OUTPUTS];
        addUp(i, 0u, UNIT, z);
        for (int c = 0; c < OUTPUTS; c++) sums[held()][c] = z[c];
        lossRow(i);
#ifdef BACK
        sendBack(i, 0u, UNIT);
#endif
    }
}

#endif
