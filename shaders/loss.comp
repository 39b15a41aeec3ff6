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
// option F = IDENTITY | SIGMOID | TANH | RELU | SOFTMAX
// option KIND = SQUARED_ERROR | CROSS_ENTROPY
// option BIAS            a bias is added to Z
// option DELTA           the gradient is wanted, else only the loss
// option INDEX           labels are visited in Index's order, else 0, 1, 2, …

#include "activations.glsl"
#include "bytes.glsl"

#define SQUARED_ERROR 0
#define CROSS_ENTROPY 1

#if KIND == CROSS_ENTROPY && F != SOFTMAX && F != SIGMOID
#error cross-entropy needs softmax or sigmoid outputs
#endif

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Stats { float stats[]; };
layout(std430, binding = 1) readonly buffer Z { float zs[]; };
layout(std430, binding = 2) readonly restrict buffer Labels { uint labels[]; };
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
    uint statsOffset, zOffset, deltaOffset, biasOffset;
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

// labelOf returns c, the label of row i.
uint labelOf(uint i) {
#ifdef INDEX
    uint at = index[firstRow + i];
#else
    uint at = firstRow + i;
#endif
    return byteOf(labels[at >> 2u], at);
}

// target returns t[j] for class c. A single output tells two classes apart: it
// is on for class 1.
float target(uint j, uint c) {
    bool on = cols == 1u ? c == 1u : j == c;
    return on ? targetOn : targetOff;
}

// rank orders the outputs as y does. z does so without y's rounding, under which
// large outputs become equal; only ReLU makes equal what z tells apart.
float rank(float z) {
#if F == RELU
    return activation(z);
#else
    return z;
#endif
}

// outputs of a whole row: for softmax, y[j] = e^(z[j] − largest) / sum.
float largest, sum;

void prepareRow(uint i) {
#if F == SOFTMAX
    largest = weightedSum(i, 0u);
    for (uint j = 1u; j < cols; j++) {
        float z = weightedSum(i, j);
        largest = z > largest ? z : largest;
    }
    sum = 0.0;
    for (uint j = 0u; j < cols; j++) sum += exp(weightedSum(i, j) - largest);
#endif
}

float outputOf(float z) {
#if F == SOFTMAX
    return exp(z - largest) / sum;
#else
    return activation(z);
#endif
}

// found tells whether class c is the first of the largest outputs or, with a
// single output, whether that is on c's side of the middle. Written so that a NaN
// anywhere makes it false.
bool found(uint i, uint c) {
    if (cols == 1u) {
        float middle = 0.5 * (targetOn + targetOff);
        float above = outputOf(weightedSum(i, 0u)) - middle;
        float side = targetOn < targetOff ? -above : above; // class 1's is positive
        return c == 1u ? side >= 0.0 : side < 0.0;
    }
    float mine = rank(weightedSum(i, c));
    bool first = true;
    for (uint j = 0u; j < cols; j++) {
        float other = rank(weightedSum(i, j));
        first = first && (j < c ? other < mine : other <= mine);
    }
    return first;
}

// logOnePlus returns ln(1+e) for e in [0, 1]. 1+e loses the last digits of a
// small e; the quotient makes up for what was lost. (Kahan's; see Goldberg, What
// every computer scientist should know about floating-point arithmetic, 1991.)
float logOnePlus(float e) {
    precise float u = 1.0 + e;
    precise float kept = u - 1.0;
    return kept == 0.0 ? e : log(u) * (e / kept);
}

// term returns what output j adds to E/weight.
float term(float z, float t) {
#if KIND == SQUARED_ERROR
    float d = outputOf(z) - t;
    return d * d;
#elif F == SOFTMAX
    // −t·ln y = t·(largest − z + ln sum). A target of 0 adds nothing, however
    // impossible the output.
    return t == 0.0 ? 0.0 : t * ((largest - z) + log(sum));
#else
    // −ln y = ln(1+e^−z) and −ln(1−y) = ln(1+e^z), each without overflow:
    // ln(1+e^z) = max(z, 0) + ln(1+e^−|z|).
    float l = logOnePlus(exp(-abs(z)));
    return t * ((z < 0.0 ? -z : 0.0) + l) + (1.0 - t) * ((z < 0.0 ? 0.0 : z) + l);
#endif
}

void lossRow(uint i) {
    uint c = labelOf(i);
    bool isClass = c < max(cols, 2u);
    // A label that is no class must not be learnt silently: NaN spreads.
    float factor = isClass ? weight : uintBitsToFloat(0x7fc00000u);

    prepareRow(i);
    float e = 0.0;
    float targets = 0.0; // Σ t[j]
    float inner = 0.0;   // Σ y[j]·(y[j] − t[j])
    for (uint j = 0u; j < cols; j++) {
        float z = weightedSum(i, j), t = target(j, c);
        e += term(z, t);
        targets += t;
#if F == SOFTMAX && KIND == SQUARED_ERROR
        float y = outputOf(z);
        inner += y * (y - t);
#endif
    }
    uint at = statsOffset + 2u * (firstRow + i);
    stats[at] = factor * e;
    stats[at + 1u] = isClass && found(i, c) ? 1.0 : 0.0;

#ifdef DELTA
    for (uint j = 0u; j < cols; j++) {
        float z = weightedSum(i, j), t = target(j, c), y = outputOf(z);
#if KIND == CROSS_ENTROPY && F == SOFTMAX
        float d = targets * y - t;
#elif KIND == CROSS_ENTROPY
        float d = y - t;
#elif F == SOFTMAX
        // ∂y[k]/∂z[j] = y[k]·([j = k] − y[j])
        float d = 2.0 * y * ((y - t) - inner);
#else
        float d = 2.0 * (y - t) * derivative(y);
#endif
        delta[deltaOffset + i * cols + j] = scale * factor * d;
    }
#endif
}

void main() {
    for (uint i = gl_GlobalInvocationID.x; i < rows; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        lossRow(i);
    }
}
