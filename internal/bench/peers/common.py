"""What the peers have in common: command line, data, first weights, clock and report.

A peer trains one network by plain stochastic gradient descent and prints what came of it as JSON. It knows several
ways of doing so; --trial tries them all for a moment and prints how fast they are.
"""

import argparse
import gzip
import json
import math
import os
import time

import numpy as np


def cores():
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parser(ways):
    """Returns the parser of what all peers are told."""
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True, help="directory with the four IDX files")
    p.add_argument(
        "--layers",
        required=True,
        type=lambda s: [int(n) for n in s.split(",")],
        help="sizes of all layers, such as 784,128,10",
    )
    p.add_argument("--act", required=True, choices=["relu", "tanh", "sigmoid"], help="of the hidden layers")
    p.add_argument(
        "--loss",
        required=True,
        choices=["cross-entropy", "mse"],
        help="cross-entropy of softmax outputs, or mean squared error of sigmoid ones",
    )
    p.add_argument("--batch", required=True, type=int)
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--lr", required=True, type=float)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=cores())
    p.add_argument("--way", choices=ways)
    p.add_argument("--trial", action="store_true", help="find the fastest way, and number of threads")
    return p


def checked(p):
    t = p.parse_args()
    if not t.way and not t.trial:
        p.error("--way or --trial is needed")
    return t


def parse(ways):
    return checked(parser(ways))


def read_idx(directory, name):
    """Returns the array of bytes in an IDX file, gzipped or not."""
    path = os.path.join(directory, name)
    if os.path.exists(path):
        with open(path, "rb") as f:
            raw = f.read()
    else:
        with gzip.open(path + ".gz", "rb") as f:
            raw = f.read()
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">i4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


class Data:
    """Images as float32 rows of pixels p/255, labels, and targets: 1 for the label's class and 0 for the others."""

    def __init__(self, directory, classes):
        self.train_x, self.train_y = self.pair(directory, "train")
        self.test_x, self.test_y = self.pair(directory, "t10k")
        self.targets = np.eye(classes, dtype=np.float32)[self.train_y]

    @staticmethod
    def pair(directory, prefix):
        x = read_idx(directory, prefix + "-images-idx3-ubyte")
        x = x.reshape(len(x), -1).astype(np.float32)
        x /= 255
        return x, read_idx(directory, prefix + "-labels-idx1-ubyte").astype(np.int64)


def first_weights(t, rng):
    """Draws (weights, bias) of each layer, weights as inputs × units: He's normal ones for ReLU, Glorot's uniform
    ones for the others, and biases of zero. These are shadegrad's defaults."""
    parameters = []
    for inputs, units in zip(t.layers, t.layers[1:]):
        if t.act == "relu":
            w = rng.standard_normal((inputs, units), np.float32) * np.float32(math.sqrt(2 / inputs))
        else:
            limit = math.sqrt(6 / (inputs + units))
            w = rng.uniform(-limit, limit, (inputs, units)).astype(np.float32)
        parameters.append((w, np.zeros(units, np.float32)))
    return parameters


def timed_epochs(t, epoch):
    """Returns the seconds that each epoch takes."""
    seconds = []
    for _ in range(t.epochs):
        begin = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - begin)
    return seconds


def seconds_a_step(steps):
    """Returns what a step takes when nothing disturbs it, where steps(n) does n of them."""
    steps(10)

    def timed(n):
        begin = time.perf_counter()
        steps(n)
        return time.perf_counter() - begin

    n = 10
    while timed(n) < 0.1:
        n *= 2
    return min(timed(n) for _ in range(5)) / n


def report_trials(trials):
    """Prints what --trial found: (way, threads, seconds an epoch) of each, in order of time."""
    print(json.dumps([{"way": w, "threads": n, "seconds": s} for w, n, s in sorted(trials, key=lambda x: x[2])]))


def report(**what):
    print(json.dumps(what))
