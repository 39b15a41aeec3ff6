"""A perceptron trained by stochastic gradient descent in PyTorch on a GPU.

Ways are every combination of

    autograd, by hand    backward() and the fused SGD, or the gradients written out
    compiled             through torch.compile, or not
    graph of a step      a step captured as a CUDA graph and replayed: the batch's row numbers are copied into a tensor
                         that the graph reads
    graph of an epoch    all steps of an epoch captured as one CUDA graph, replayed once an epoch, after the new
                         permutation is written to the tensor that it reads

Images, targets, permutations and rates are tensors on the device; a step takes its rows by index. Nothing is read back
but what the test needs. Warming up, compiling and capturing are not counted as training.
"""

import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import numpy as np
import torch

import common
import schedule
from torch_nets import Autograd, ByHand, restored

# Name → network, compiled, and what a CUDA graph holds.
WAYS = {
    name + compiled + (f", graph of {'a' if graph == 'step' else 'an'} {graph}" if graph else ""): (
        kind,
        bool(compiled),
        graph,
    )
    for compiled in ("", " compiled")
    for graph in ("", "step", "epoch")
    for name, kind in (("autograd", Autograd), ("by hand", ByHand))
}


def family(way):
    """The column that a way belongs to."""
    _, compiled, graph = WAYS[way]
    return "compiled" if compiled else "graphs" if graph else "eager"


class Run:
    def __init__(self, t, data, way):
        kind, compiled, self.graph = WAYS[way]
        if self.graph and t.device != "cuda":
            raise ValueError("CUDA graphs need CUDA")
        if compiled:
            torch._dynamo.reset()  # whose import takes seconds
        torch.set_float32_matmul_precision("high" if t.tf32 else "highest")
        self.random = torch.Generator(t.device).manual_seed(t.seed)
        self.t, self.device, samples = t, t.device, len(data.train_x)
        # A rate that changes is a tensor, one that does not is part of the step.
        self.rate = torch.tensor(t.lr, device=t.device) if t.momentum else None
        parameters = common.first_weights(t, np.random.default_rng(t.seed))
        self.net = kind(t, parameters, compiled, t.device, self.rate, t.momentum)
        self.mode = torch.enable_grad if kind is Autograd else torch.inference_mode
        self.x = torch.from_numpy(data.train_x).to(t.device)
        self.target = torch.from_numpy(data.targets if self.net.one_hot else data.train_y).to(t.device)
        self.test_x, self.test_y = (torch.from_numpy(a).to(t.device) for a in (data.test_x, data.test_y))
        self.order = torch.arange(samples, device=t.device)
        self.batches = self.order.split(t.batch)
        steps = len(self.batches)
        total = t.epochs * steps
        rates = [schedule.rate(t.schedule, t.lr, i, total) for i in range(total)]
        self.rates = torch.tensor(rates, device=t.device).split(steps)  # of each epoch
        self.current = self.rates[0].clone()  # of the epoch's steps
        self.done = 0
        self.graphs = {}  # a batch's size → graph and the row numbers it reads
        with self.mode():
            restored(self.net, self.prepare)

    def prepare(self):
        """Sends batches of each size through, and captures what is to be replayed."""
        sizes = [self.batches[0], self.batches[-1]]
        if self.device != "cuda":
            for rows in sizes:
                self.step(rows)
            return
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for rows in sizes * 3:
                self.step(rows)
        torch.cuda.current_stream().wait_stream(beside)
        torch.cuda.synchronize()
        if self.graph == "step":
            for rows in sizes:
                kept = rows.clone()
                self.graphs[len(rows)] = self.capture(lambda: self.step(kept)), kept
        elif self.graph == "epoch":
            self.graphs["epoch"] = self.capture(self.every_step)
        torch.cuda.synchronize()

    def capture(self, work):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
        return graph

    def step(self, rows):
        self.net.step(self.x.index_select(0, rows), self.target.index_select(0, rows))

    def set_rate(self, i):
        if self.rate is not None:
            self.rate.copy_(self.current[i])

    def every_step(self):
        for i, rows in enumerate(self.batches):
            self.set_rate(i)
            self.step(rows)

    def epoch(self):
        """Trains for an epoch and waits for the device."""
        torch.randperm(len(self.order), generator=self.random, device=self.device, out=self.order)
        self.current.copy_(self.rates[self.done % len(self.rates)])
        self.done += 1
        with self.mode():
            if self.graph == "step":
                for i, rows in enumerate(self.batches):
                    graph, kept = self.graphs[len(rows)]
                    kept.copy_(rows)
                    self.set_rate(i)
                    graph.replay()
            elif self.graph == "epoch":
                self.graphs["epoch"].replay()
            else:
                self.every_step()
        self.wait()

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def accuracy(self):
        with torch.inference_mode():
            return (self.net.outputs(self.test_x).argmax(1) == self.test_y).double().mean().item()


def seconds_of(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def trials(t, data):
    """Yields what each way takes for an epoch when nothing disturbs it, or why it does not work here."""
    for way in WAYS:
        if t.without_compile and family(way) == "compiled":
            continue
        try:
            run = Run(t, data, way)
            run.epoch()
            yield {"way": way, "family": family(way), "seconds": min(seconds_of(run.epoch) for _ in range(3))}
        except Exception as e:  # there may be no compiler for torch.compile, say
            why = (str(e).strip() or type(e).__name__).splitlines()[0]
            yield {"way": way, "family": family(way), "error": why}


def peak(device):
    """The rate, in GFLOP/s, of the fastest product of two square matrices of several sizes, in float32 without and
    with TF32."""

    def rate(precision):
        torch.set_float32_matmul_precision(precision)
        best = 0.0
        for n in (2048, 4096, 8192) if device == "cuda" else (1024, 2048):
            a, b = torch.randn(2, n, n, device=device).unbind()
            c = torch.empty(n, n, device=device)

            def products():
                for _ in range(5):
                    torch.mm(a, b, out=c)
                if device == "cuda":
                    torch.cuda.synchronize()

            products()
            best = max(best, 5 * 2 * n**3 / min(seconds_of(products) for _ in range(3)) / 1e9)
        return best

    return {"gflops": rate("highest"), "tf32_gflops": rate("high")}


def about(device):
    found = {"name": f"PyTorch {torch.__version__}", "cuda": torch.cuda.is_available()}
    if device == "cuda" and found["cuda"]:
        p = torch.cuda.get_device_properties(0)
        version = f"HIP {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
        found |= {"device": p.name, "detail": f"{version}, {p.multi_processor_count} multiprocessors"}
    elif device == "cpu":
        found |= {"device": "the CPU", "detail": f"{torch.get_num_threads()} threads"}
    return found


def train(t, data):
    run = Run(t, data, t.way)
    ready = time.time()
    seconds, accuracies, at = [], [], []
    for _ in range(t.epochs):
        seconds.append(seconds_of(run.epoch))
        accuracies.append(run.accuracy())
        at.append(time.time())
    started = t.started or ready
    return {
        "way": t.way,
        "seconds": seconds,
        "test_acc": accuracies[-1],
        "test_accs": accuracies,
        "at": [x - started for x in at],  # from the start of the process
        "after": [x - ready for x in at],  # of training and testing alone
    }


def parse():
    p = common.parser(list(WAYS))
    p.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    p.add_argument("--tf32", action="store_true", help="let products round their factors to TF32")
    p.add_argument("--without-compile", action="store_true", help="do not try torch.compile")
    p.add_argument("--momentum", type=float, default=0.0)
    p.add_argument("--schedule", default="constant", choices=["constant", "onecycle"])
    p.add_argument("--started", type=float, help="when the process was started, in seconds of Unix time")
    return common.checked(p)


def main():
    if len(sys.argv) == 3 and sys.argv[1] in ("--about", "--peak"):
        print(json.dumps((about if sys.argv[1] == "--about" else peak)(sys.argv[2])))
        return
    t = parse()
    data = common.Data(t.data, t.layers[-1])
    print(json.dumps(list(trials(t, data)) if t.trial else train(t, data)))


if __name__ == "__main__":
    main()
