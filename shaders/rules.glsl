// The rules of op Update. A kernel that includes this file defines RULE as one of these
// names, where MOMENTUM is rule SGD with velocities, and TERMS if there is weight decay.
// It has the parameters rho and epsilon. This file declares the uniforms learningRate,
// momentum and stepValues that the rule needs.
#define SGD 0
#define MOMENTUM 1
#define NESTEROV 2
#define RMSPROP 3
#define ADAM 4

#if RULE == MOMENTUM || RULE == NESTEROV || RULE == ADAM
#define VELOCITIES
uniform float momentum;
#endif
#if RULE == RMSPROP || RULE == ADAM
#define SQUARES
#endif
#if RULE == ADAM
uniform vec2 stepValues; // 1/(1−μᵗ) and 1/(1−ρᵗ)
#endif
uniform float learningRate;

// A Decay holds the coefficients of weight decay.
struct Decay { float l2, l1, decoupled; };

// root returns the square root. Some drivers compute it from the inverse square root,
// which is infinite for 0.
float root(float x) { return x == 0.0 ? 0.0 : sqrt(x); }

// descend updates a weight W, its velocity V and its mean square S by gradient g:
//
//     g = g + l2·W + l1·sgn(W)
//
//     SGD        W −= η·g
//     MOMENTUM   V = μ·V + g                 W −= η·V
//     NESTEROV   V = μ·V + g                 W −= η·(g + μ·V)
//     RMSPROP    S = ρ·S + (1−ρ)·g²          W −= η·g/(√S + ε)
//     ADAM       V = μ·V + (1−μ)·g           W −= η·(V/(1−μᵗ))/(√(S/(1−ρᵗ)) + ε)
//                S = ρ·S + (1−ρ)·g²
//
// and last W −= η·decoupled·W, with the W from before the step. precise rounds each
// product before it is added, as Go does, so that weights stay close to those of another
// backend.
void descend(inout float weight, inout float velocity, inout float square, float gradient, Decay decay) {
    precise float g = gradient;
#ifdef TERMS
    precise float second = decay.l2 * weight;
    precise float first = decay.l1 * sign(weight);
    g = g + second;
    g = g + first;
#endif

    precise float way = g;
#ifdef VELOCITIES
    precise float kept = momentum * velocity;
#if RULE == ADAM
    precise float share = (1.0 - momentum) * g;
    way = kept + share;
#else
    way = kept + g;
#endif
    velocity = way;
#endif
#if RULE == NESTEROV
    precise float ahead = momentum * way;
    way = g + ahead;
#endif

#ifdef SQUARES
    precise float keptSquare = rho * square;
    precise float shareSquare = (1.0 - rho) * (g * g);
    precise float mean = keptSquare + shareSquare;
    square = mean;
#endif
#if RULE == RMSPROP
    precise float change = learningRate * (way / (root(mean) + epsilon));
#elif RULE == ADAM
    precise float change = learningRate * ((way * stepValues.x) / (root(mean * stepValues.y) + epsilon));
#else
    precise float change = learningRate * way;
#endif

    precise float moved = weight - change;
#ifdef TERMS
    precise float shrunk = (learningRate * decay.decoupled) * weight;
    moved = moved - shrunk;
#endif
    weight = moved;
}
