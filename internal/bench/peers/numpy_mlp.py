"""A perceptron trained by stochastic gradient descent in NumPy.

in place          as fast as NumPy does it: float32 everywhere, every array made before the first step and written
                  in place, the learning rate multiplied into the output's delta, which is small, and not into the
                  gradients, which are large. What is left is OpenBLAS's products and as few passes over memory as
                  NumPy allows.
non-zero rows     the same for one sample at a time, where the weights of pixels that are zero are left alone
tutorial          one sample at a time as books and blogs write it: in float64, with a new array for every result;
                  never the fastest, and tried only if asked for
"""

import numpy as np
import threadpoolctl

import common


def sigmoid(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


def softmax(z, row):
    np.max(z, axis=1, keepdims=True, out=row)
    z -= row
    np.exp(z, out=z)
    np.sum(z, axis=1, keepdims=True, out=row)
    z /= row


class Layer:
    def __init__(self, w, b, batch):
        units = len(b)
        self.w, self.b = w, b
        self.dw, self.db = np.empty_like(w), np.empty_like(b)
        self.y = np.empty((batch, units), np.float32)
        self.delta = np.empty((batch, units), np.float32)
        self.slope = np.empty((batch, units), np.float32)
        self.positive = np.empty((batch, units), bool)

    def activate(self, n, f):
        y = self.y[:n]
        if f == "relu":
            # A product with 0 or 1 takes half the time of np.maximum.
            y *= np.greater(y, 0, out=self.positive[:n])
        elif f == "tanh":
            np.tanh(y, out=y)
        else:
            sigmoid(y)

    def times_derivative(self, n, f):
        """delta *= F'(z), in terms of y = F(z)."""
        y, delta, slope = self.y[:n], self.delta[:n], self.slope[:n]
        if f == "relu":
            delta *= self.positive[:n]
            return
        if f == "tanh":
            np.multiply(y, y, out=slope)
            np.subtract(1, slope, out=slope)
        else:
            np.subtract(1, y, out=slope)
            slope *= y
        delta *= slope


class Network:
    """The way in place."""

    def __init__(self, t, parameters):
        self.t = t
        self.layers = [Layer(w, b, t.batch) for w, b in parameters]
        self.row = np.empty((t.batch, 1), np.float32)
        self.ones = np.ones(t.batch, np.float32)

    def weighted_sums(self, i, x):
        layer = self.layers[i]
        z = np.matmul(x, layer.w, out=layer.y[: len(x)])
        z += layer.b

    def forward(self, x):
        n, last = len(x), len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            self.weighted_sums(i, x)
            x = layer.y[:n]
            if i < last:
                layer.activate(n, self.t.act)
            elif self.t.loss == "mse":
                layer.activate(n, "sigmoid")
            else:
                softmax(x, self.row[:n])
        return x

    def output_delta(self, target):
        """The last layer's delta, times the learning rate."""
        n, classes = target.shape
        last = self.layers[-1]
        delta = np.subtract(last.y[:n], target, out=last.delta[:n])
        if self.t.loss == "mse":
            delta *= 2 * self.t.lr / (n * classes)
            last.times_derivative(n, "sigmoid")
        else:
            delta *= self.t.lr / n

    def update(self, i, x):
        n = len(x)
        layer = self.layers[i]
        delta = layer.delta[:n]
        if n == 1:
            np.multiply(x.T, delta, out=layer.dw)
            layer.b -= delta[0]
        else:
            np.matmul(x.T, delta, out=layer.dw)
            layer.b -= np.matmul(self.ones[:n], delta, out=layer.db)
        layer.w -= layer.dw

    def step(self, x, target):
        n = len(x)
        self.forward(x)
        self.output_delta(target)
        for i in reversed(range(len(self.layers))):
            if i > 0:
                before = self.layers[i - 1]
                np.matmul(self.layers[i].delta[:n], self.layers[i].w.T, out=before.delta[:n])
                before.times_derivative(n, self.t.act)
            self.update(i, self.layers[i - 1].y[:n] if i > 0 else x)

    def accuracy(self, x, labels):
        hits = 0
        for i in range(0, len(x), self.t.batch):
            y = self.forward(x[i : i + self.t.batch])
            hits += np.count_nonzero(y.argmax(axis=1) == labels[i : i + self.t.batch])
        return hits / len(x)


class NonZeroRows(Network):
    def __init__(self, t, parameters):
        super().__init__(t, parameters)
        self.rows = np.empty_like(self.layers[0].w)

    def weighted_sums(self, i, x):
        if i > 0:
            super().weighted_sums(i, x)
            return
        layer = self.layers[0]
        self.index = np.flatnonzero(x)
        n = len(self.index)
        self.pixels = np.take(x[0], self.index)
        self.taken = np.take(layer.w, self.index, axis=0, out=self.rows[:n], mode="clip")
        z = np.matmul(self.pixels, self.taken, out=layer.y[0])
        z += layer.b

    def update(self, i, x):
        if i > 0:
            super().update(i, x)
            return
        layer = self.layers[0]
        self.taken -= np.multiply(self.pixels[:, None], layer.delta, out=layer.dw[: len(self.index)])
        layer.w[self.index] = self.taken
        layer.b -= layer.delta[0]


class Tutorial(Network):
    """Weights are units × inputs and samples are columns, as tutorials have them."""

    def __init__(self, t, parameters):
        super().__init__(t, parameters)
        self.w = [np.ascontiguousarray(w.T, np.float64) for w, _ in parameters]
        self.b = [b.reshape(-1, 1).astype(np.float64) for _, b in parameters]

    def columns(self, x):
        y = np.array(x, np.float64, ndmin=2).T
        ys = [y]
        for w, b in zip(self.w, self.b):
            y = 1 / (1 + np.exp(-(np.dot(w, y) + b)))
            ys.append(y)
        return ys

    def step(self, x, target):
        ys = self.columns(x)
        rate = 2 * self.t.lr / self.t.layers[-1]
        error = np.array(target, np.float64, ndmin=2).T - ys[-1]
        for i in reversed(range(len(self.w))):
            delta = error * ys[i + 1] * (1 - ys[i + 1])
            error = np.dot(self.w[i].T, delta)
            self.w[i] += rate * np.dot(delta, ys[i].T)
            self.b[i] += rate * delta

    def forward(self, x):
        return self.columns(x)[-1].T


WAYS = {"in place": Network, "non-zero rows": NonZeroRows, "tutorial": Tutorial}


def can(way, t):
    if way == "non-zero rows":
        return t.batch == 1
    if way == "tutorial":
        return t.batch == 1 and t.act == "sigmoid" and t.loss == "mse"
    return True


def blas_name(info):
    name = "OpenBLAS" if info["internal_api"] == "openblas" else info["internal_api"]
    return f"{name} {info['version']}, {info.get('architecture', 'unnamed')} kernels"


class Run:
    def __init__(self, t, data, way):
        self.t, self.data = t, data
        self.rng = np.random.default_rng(t.seed)
        self.net = WAYS[way](t, common.first_weights(t, self.rng))
        self.x = np.empty((t.batch, data.train_x.shape[1]), np.float32)
        self.target = np.empty((t.batch, t.layers[-1]), np.float32)

    def steps(self, order):
        data, batch, step = self.data, self.t.batch, self.net.step
        if batch == 1:
            for i in order.tolist():
                step(data.train_x[i : i + 1], data.targets[i : i + 1])
            return
        for i in range(0, len(order), batch):
            rows = order[i : i + batch]
            n = len(rows)
            # In any other mode, take goes by way of a buffer.
            np.take(data.train_x, rows, axis=0, out=self.x[:n], mode="clip")
            np.take(data.targets, rows, axis=0, out=self.target[:n], mode="clip")
            step(self.x[:n], self.target[:n])

    def epoch(self):
        self.steps(self.rng.permutation(len(self.data.train_x)))


def trials(t, data):
    samples = len(data.train_x)
    ways = [t.way] if t.way else [w for w in WAYS if w != "tutorial" and can(w, t)]
    for way in ways:
        for threads in sorted({t.threads, 1}, reverse=True):
            with threadpoolctl.threadpool_limits(threads):
                run = Run(t, data, way)
                order = run.rng.permutation(samples)
                seconds = common.seconds_a_step(lambda n: run.steps(np.resize(order, n * t.batch)))
            yield way, threads, seconds * samples / t.batch


def main():
    t = common.parse(list(WAYS))
    if t.way and not can(t.way, t):
        raise SystemExit(f"numpy_mlp.py: {t.way!r} is for one sample at a time")
    data = common.Data(t.data, t.layers[-1])
    if t.trial:
        common.report_trials(trials(t, data))
        return
    run = Run(t, data, t.way)
    with threadpoolctl.threadpool_limits(t.threads):
        blas = next(p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas")
        seconds = common.timed_epochs(t, run.epoch)
        accuracy = run.net.accuracy(data.test_x, data.test_y)
    common.report(
        name=f"NumPy {np.__version__}",
        threads=blas["num_threads"],
        way=t.way,
        seconds=seconds,
        test_acc=accuracy,
        detail=blas_name(blas),
    )


if __name__ == "__main__":
    main()
