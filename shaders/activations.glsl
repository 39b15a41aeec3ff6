// The activations and their derivatives. A kernel that includes this file defines F
// as one of these names.
#define IDENTITY 0
#define SIGMOID 1
#define TANH 2
#define RELU 3
#define SOFTMAX 4
#define SCALED_TANH 5
#define LEAKY_RELU 6

// The constants of SCALED_TANH, A·tanh(B·z), and of LEAKY_RELU, as package compute has them.
#define AMPLITUDE 1.7159
#define SLOPE 0.6666
#define LEAK 0.01

// sigmoid returns 1/(1+e^−z). For z < 0 numerator and denominator are multiplied by
// e^z, so that the exponent is never positive: e^−z overflows for large negative z.
float sigmoid(float z) {
    float e = exp(-abs(z));
    return z < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

// hyperbolicTangent returns tanh z. It does not use GLSL's tanh: the language
// promises no accuracy for it, and some drivers compute e^z/e^z, which is NaN
// for large z. Beyond ±15 the result rounds to ±1. Near 0 the quotient would cancel,
// so the Taylor series is used; its next term is below 1e-8 of the value. The
// comparisons, unlike clamp, let NaN through.
float hyperbolicTangent(float z) {
    if (z > 15.0) return 1.0;
    if (z < -15.0) return -1.0;
    float s = z * z;
    if (s < 0.0625) {
        return z + z * s * (-1.0 / 3.0 + s * (2.0 / 15.0 + s * (-17.0 / 315.0 + s * (62.0 / 2835.0))));
    }
    float e = exp(-2.0 * abs(z));
    float t = (1.0 - e) / (1.0 + e);
    return z < 0.0 ? -t : t;
}

// negative reports whether z is negative, or −0, by its bits. Mesa makes a maximum of
// z < 0 ? 0 : z, which is 0 if z is NaN.
bool negative(float z) { return floatBitsToUint(z) - 0x80000000u <= 0x7f800000u; }

// activationOf returns f(z) for an activation that works on one element. NaN stays NaN, so
// that it shows in the loss.
float activationOf(int f, float z) {
    if (f == SIGMOID) return sigmoid(z);
    if (f == TANH) return hyperbolicTangent(z);
    if (f == RELU) return negative(z) ? 0.0 : z;
    if (f == SCALED_TANH) return AMPLITUDE * hyperbolicTangent(SLOPE * z);
    if (f == LEAKY_RELU) return z < 0.0 ? LEAK * z : z;
    return z;
}

// derivativeOf returns f'(z), given y = f(z).
float derivativeOf(int f, float y) {
    if (f == SIGMOID) return y * (1.0 - y);
    if (f == TANH) return 1.0 - y * y;
    if (f == RELU) return y > 0.0 ? 1.0 : 0.0;
    if (f == SCALED_TANH) return (AMPLITUDE - y) * (AMPLITUDE + y) * (SLOPE / AMPLITUDE);
    if (f == LEAKY_RELU) return y > 0.0 ? 1.0 : LEAK;
    return 1.0;
}

#ifdef F
float activation(float z) { return activationOf(F, z); }
float derivative(float y) { return derivativeOf(F, y); }
#endif
