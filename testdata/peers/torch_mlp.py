"""A perceptron trained by stochastic gradient descent in PyTorch on the CPU.

    autograd           as PyTorch's manual does it: backward() and torch.optim.SGD, the fused one
    autograd compiled  the same with the network and the loss through torch.compile
    by hand            the gradients written out, and each update one product that adds to the weights (addmm_)
    by hand compiled   the same step through torch.compile

Images, labels and the epoch's permutation are tensors in memory. There is no loader, and nothing is computed that
training does not need. Compiling is not counted.
"""

import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import common


class Autograd:
    def __init__(self, t, parameters, compiled):
        hidden = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[t.act]
        modules = []
        for w, b in parameters:
            linear = nn.Linear(*w.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w.T))
                linear.bias.copy_(torch.from_numpy(b))
            modules += [linear, hidden()]
        modules.pop()
        self.one_hot = t.loss == "mse"
        if self.one_hot:
            modules.append(nn.Sigmoid())
        self.net = nn.Sequential(*modules)
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=t.lr, fused=True)
        self.measure = functional.mse_loss if self.one_hot else functional.cross_entropy
        self.loss = torch.compile(self.loss_of, dynamic=False) if compiled else self.loss_of

    def parameters(self):
        return list(self.net.parameters())

    def loss_of(self, x, target):
        return self.measure(self.net(x), target)

    def step(self, x, target):
        self.loss(x, target).backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def outputs(self, x):
        return self.net(x)


def activate(z, f):
    """F(z), in place."""
    return {"relu": torch.relu_, "tanh": torch.tanh_, "sigmoid": torch.sigmoid_}[f](z)


def times_derivative(back, y, f):
    """back·F'(z), in terms of y = F(z)."""
    if f == "relu":
        return torch.ops.aten.threshold_backward(back, y, 0)
    if f == "tanh":
        return torch.ops.aten.tanh_backward(back, y)
    return torch.ops.aten.sigmoid_backward(back, y)


class ByHand:
    one_hot = True

    def __init__(self, t, parameters, compiled):
        # Units × inputs, as PyTorch keeps them.
        self.w = [torch.from_numpy(np.ascontiguousarray(w.T)) for w, _ in parameters]
        self.b = [torch.from_numpy(b) for _, b in parameters]
        self.t = t
        self.step = torch.compile(self.step_of, dynamic=False) if compiled else self.step_of

    def parameters(self):
        return self.w + self.b

    def layers(self, x):
        ys = [x]
        for w, b in zip(self.w[:-1], self.b[:-1]):
            ys.append(activate(torch.addmm(b, ys[-1], w.t()), self.t.act))
        z = torch.addmm(self.b[-1], ys[-1], self.w[-1].t())
        ys.append(torch.sigmoid_(z) if self.t.loss == "mse" else torch.softmax(z, 1))
        return ys

    def outputs(self, x):
        return self.layers(x)[-1]

    def step_of(self, x, target):
        n, classes = target.shape
        ys = self.layers(x)
        delta, rate = ys[-1] - target, self.t.lr / n
        if self.t.loss == "mse":
            delta, rate = times_derivative(delta, ys[-1], "sigmoid"), rate * 2 / classes
        for i in reversed(range(len(self.w))):
            back = times_derivative(torch.mm(delta, self.w[i]), ys[i], self.t.act) if i > 0 else None
            self.w[i].addmm_(delta.t(), ys[i], alpha=-rate)
            self.b[i].sub_(delta.sum(0), alpha=rate)
            delta = back


WAYS = {
    "autograd": (Autograd, False),
    "autograd compiled": (Autograd, True),
    "by hand": (ByHand, False),
    "by hand compiled": (ByHand, True),
}


class Run:
    def __init__(self, t, data, way, threads):
        kind, compiled = WAYS[way]
        torch.set_num_threads(threads)
        # Compiled code has the number of threads in it.
        torch._dynamo.reset()
        torch._inductor.config.cpp.threads = threads
        self.batch = t.batch
        self.net = kind(t, common.first_weights(t, np.random.default_rng(t.seed)), compiled)
        self.mode = torch.enable_grad if kind is Autograd else torch.inference_mode
        self.x = torch.from_numpy(data.train_x)
        self.target = torch.from_numpy(data.targets if self.net.one_hot else data.train_y)
        torch.manual_seed(t.seed)
        if compiled:
            self.compile()

    def compile(self):
        """Sends a batch of each size through, and puts the weights back."""
        first = [p.detach().clone() for p in self.net.parameters()]
        for n in {self.batch, len(self.x) % self.batch or self.batch}:
            for _ in range(3):
                self.steps(torch.arange(n))
        with torch.no_grad():
            for p, value in zip(self.net.parameters(), first):
                p.copy_(value)

    def steps(self, order):
        with self.mode():
            if self.batch == 1:
                for i in order.tolist():
                    self.net.step(self.x[i : i + 1], self.target[i : i + 1])
                return
            for rows in order.split(self.batch):
                self.net.step(self.x.index_select(0, rows), self.target.index_select(0, rows))

    def epoch(self):
        self.steps(torch.randperm(len(self.x)))

    def accuracy(self, x, labels):
        with torch.inference_mode():
            y = self.net.outputs(torch.from_numpy(x))
            return (y.argmax(1) == torch.from_numpy(labels)).double().mean().item()


def trials(t, data):
    samples = len(data.train_x)
    for way in [t.way] if t.way else WAYS:
        for threads in sorted({t.threads, 1}, reverse=True):
            try:
                run = Run(t, data, way, threads)
            except Exception as e:  # without a C++ compiler, for one, there is no torch.compile
                print(f"torch_mlp.py: {way!r} does not work here: {e}", file=sys.stderr)
                break
            order = torch.randperm(samples)
            pick = lambda n: order.repeat(1 + n * t.batch // samples)[: n * t.batch]
            yield way, threads, common.seconds_a_step(lambda n: run.steps(pick(n))) * samples / t.batch


def main():
    t = common.parse(list(WAYS))
    data = common.Data(t.data, t.layers[-1])
    if t.trial:
        common.report_trials(trials(t, data))
        return
    run = Run(t, data, t.way, t.threads)
    seconds = common.timed_epochs(t, run.epoch)
    accuracy = run.accuracy(data.test_x, data.test_y)
    common.report(
        name=f"PyTorch {torch.__version__}",
        threads=torch.get_num_threads(),
        way=t.way,
        seconds=seconds,
        test_acc=accuracy,
        detail=("MKL" if torch.backends.mkl.is_available() else "no MKL")
        + f", oneDNN, {torch.backends.cpu.get_cpu_capability()}",
    )


if __name__ == "__main__":
    main()
