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

import common
from torch_nets import Autograd, ByHand, restored

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
            restored(self.net, self.compile)

    def compile(self):
        """Sends a batch of each size through."""
        for n in {self.batch, len(self.x) % self.batch or self.batch}:
            for _ in range(3):
                self.steps(torch.arange(n))

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
