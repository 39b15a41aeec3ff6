// One row of op Loss; loss.comp has the equations. An invocation does a row, class after
// class. With LANES a group does it: each of its LANES invocations does one class, and sums
// over classes pass through shared memory. They add in the order of the classes, so they
// have the bits of the loops.
//
// A kernel that includes this file defines the functions
//
//     weightedSum(i, j)       returns z[i,j], with the bias
//     putDelta(i, j, value)   stores Delta[i,j], with DELTA
//
// With LANES a row has at most OUTPUTS ≤ LANES classes, and all invocations call lossRow.
// With DELTA they may use weightedSum until they have returned.
//
// The kernel has the blocks Stats, Labels and, with INDEX, Index, the parameters cols,
// statsOffset, targetOn, targetOff, weight and scale, and the uniform firstRow. With
// TARGETS it has the block Targets and targetsOffset instead of labels. It includes
// activations.glsl and bytes.glsl.

#define SQUARED_ERROR 0
#define CROSS_ENTROPY 1

#if KIND == CROSS_ENTROPY && F != SOFTMAX && F != SIGMOID
#error cross-entropy needs softmax or sigmoid outputs
#endif

#ifdef TARGETS

// target returns t[j] of row i.
float target(uint i, uint j, uint c) { return targets[targetsOffset + i * cols + j]; }

#else

// labelOf returns c, the label of row i.
uint labelOf(uint i) {
#ifdef INDEX
    uint at = index[firstRow + i];
#else
    uint at = firstRow + i;
#endif
    return byteOf(labels[at >> 2u], at);
}

// target returns t[j] for class c. A single output distinguishes two classes: it is
// on for class 1.
float target(uint i, uint j, uint c) {
    bool on = cols == 1u ? c == 1u : j == c;
    return on ? targetOn : targetOff;
}

#endif

// rank returns a value that orders the outputs as y does. It is z, which is not rounded
// as y is, under which large outputs become equal. Only ReLU makes different z equal.
float rank(float z) {
#if F == RELU
    return activation(z);
#else
    return z;
#endif
}

// An invocation does the classes of a row from FIRST on, STRIDE apart.
#ifdef LANES
#define FIRST gl_LocalInvocationID.x
#define STRIDE uint(LANES)

shared float powers[OUTPUTS];
shared vec4 terms[OUTPUTS];
#else
#define FIRST 0u
#define STRIDE 1u
#endif

// For softmax, the outputs of a row are y[j] = e^(z[j] − largest) / sum.
float largest, sum;

void prepareRow(uint i) {
#if F == SOFTMAX
    largest = weightedSum(i, 0u);
    for (uint j = 1u; j < cols; j++) {
        float z = weightedSum(i, j);
        largest = z > largest ? z : largest;
    }
    sum = 0.0;
#ifdef LANES
    if (FIRST < cols) powers[FIRST] = exp(weightedSum(i, FIRST) - largest);
    // Every power must be written before one is read.
    memoryBarrierShared();
    barrier();
    for (uint j = 0u; j < cols; j++) sum += powers[j];
#else
    for (uint j = 0u; j < cols; j++) sum += exp(weightedSum(i, j) - largest);
#endif
#endif
}

float outputOf(float z) {
#if F == SOFTMAX
    return exp(z - largest) / sum;
#else
    return activation(z);
#endif
}

// isBehind reports whether output j, of z, does not keep class c, of rank mine, from being the
// answer: c is the first of the largest outputs or, with a single output, the side of the
// middle on which it is. It is false for NaN.
bool isBehind(uint j, float z, uint c, float mine) {
#if F == SOFTMAX
    if (isinf(largest)) return false; // outputs are NaN
#endif
    if (cols == 1u) {
        float middle = 0.5 * (targetOn + targetOff);
        float above = outputOf(z) - middle;
        float side = targetOn < targetOff ? -above : above; // class 1's is positive
        return c == 1u ? side >= 0.0 : side < 0.0;
    }
    float other = rank(z);
    return j < c ? other < mine : other <= mine;
}

// logOnePlus returns ln(1+e) for e in [0, 1]. 1+e loses the last digits of a small e;
// the quotient corrects for them. The method is Kahan's; see Goldberg, "What every
// computer scientist should know about floating-point arithmetic" (1991).
float logOnePlus(float e) {
    precise float u = 1.0 + e;
    precise float kept = u - 1.0;
    return kept == 0.0 ? e : log(u) * (e / kept);
}

// term returns the part of E/weight that one output contributes.
float term(float z, float t) {
#if KIND == SQUARED_ERROR
    float d = outputOf(z) - t;
    return d * d;
#elif F == SOFTMAX
    // −t·ln y = t·(largest − z + ln sum). A target of 0 adds 0, even if ln y is
    // infinite.
    return t == 0.0 ? 0.0 : t * ((largest - z) + log(sum));
#else
    // −ln y = ln(1+e^−z) and −ln(1−y) = ln(1+e^z), each without overflow:
    // ln(1+e^z) = max(z, 0) + ln(1+e^−|z|).
    float l = logOnePlus(exp(-abs(z)));
    return t * ((z < 0.0 ? -z : 0.0) + l) + (1.0 - t) * ((z < 0.0 ? 0.0 : z) + l);
#endif
}

void lossRow(uint i) {
#ifdef TARGETS
    const uint c = 0u;
    const bool isClass = false;
    float factor = weight;
#else
    uint c = labelOf(i);
    bool isClass = c < max(cols, 2u);
    // A label that is not a class must be noticed: NaN spreads to the loss.
    float factor = isClass ? weight : uintBitsToFloat(0x7fc00000u);
#endif

    prepareRow(i);
    float mine = rank(weightedSum(i, min(c, cols - 1u)));
    vec4 whole = vec4(0.0); // E/factor, Σ t[j], Σ y[j]·(y[j] − t[j]), number of outputs behind
    for (uint j = FIRST; j < cols; j += STRIDE) {
        float z = weightedSum(i, j), t = target(i, j, c);
        vec4 part = vec4(term(z, t), t, 0.0, isBehind(j, z, c, mine) ? 1.0 : 0.0);
#if F == SOFTMAX && KIND == SQUARED_ERROR
        float y = outputOf(z);
        part.z = y * (y - t);
#endif
#ifdef LANES
        terms[j] = part;
#else
        whole += part;
#endif
    }
#ifdef LANES
    // Every part must be written before one is read.
    memoryBarrierShared();
    barrier();
    for (uint j = 0u; j < cols; j++) whole += terms[j];
#endif
    float mass = whole.y, inner = whole.z;
    uint at = statsOffset + 2u * (firstRow + i);
    if (FIRST == 0u) {
        stats[at] = factor * whole.x;
        stats[at + 1u] = isClass && whole.w == float(cols) ? 1.0 : 0.0;
    }

#ifdef DELTA
    for (uint j = FIRST; j < cols; j += STRIDE) {
        float z = weightedSum(i, j), t = target(i, j, c), y = outputOf(z);
#if KIND == CROSS_ENTROPY && F == SOFTMAX
        float d = mass * y - t;
#elif KIND == CROSS_ENTROPY
        float d = y - t;
#elif F == SOFTMAX
        // ∂y[k]/∂z[j] = y[k]·([j = k] − y[j])
        float d = 2.0 * y * ((y - t) - inner);
#else
        float d = 2.0 * (y - t) * derivative(y);
#endif
        putDelta(i, j, scale * factor * d);
    }
#endif
}
