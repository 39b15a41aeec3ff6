"""Times shadegrad's CPU backend against NumPy and PyTorch and writes a table; README.md beside this file says how.

`make bench-peers` calls this. Standard library only: NumPy and PyTorch live in a virtual environment.
"""

import argparse
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import install
import table
from cases import CASES, make_data
from install import Failure, say

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "bin" / "peers"
SHADEGRAD = ROOT / "bin" / "shadegrad"
MNIST = ROOT / "testdata" / "mnist"
SCRIPTS = {"numpy": "numpy_mlp.py", "torch": "torch_mlp.py"}
TIME_LIMIT = 600  # seconds, for one run


def parse():
    p = argparse.ArgumentParser(
        prog="run.py", description=__doc__.split(";")[0], formatter_class=argparse.RawTextHelpFormatter
    )
    p.add_argument("--rounds", type=int, default=5, help="how often everything runs (default 5)")
    p.add_argument(
        "--cases", default=",".join(c.name for c in CASES), help="which, separated by commas (default\n%(default)s)"
    )
    p.add_argument(
        "--python",
        help="run the peers with this interpreter, which has NumPy,\n"
        "threadpoolctl and perhaps PyTorch, and install nothing",
    )
    p.add_argument("--without-torch", action="store_true", help="neither install nor run PyTorch")
    p.add_argument("--out", default="bin/bench-peers.md", help="write the table here, too (default %(default)s)")
    a = p.parse_args()
    if a.rounds < 1:
        p.error("--rounds must be at least 1")
    names = {c.name: c for c in CASES}
    if unknown := [n for n in a.cases.split(",") if n not in names]:
        p.error(f"no case is called {', '.join(unknown)}; there are {', '.join(names)}")
    a.cases = [names[n] for n in a.cases.split(",")]
    return a


def call(*command, env=None):
    """Runs a command and returns what it prints."""
    command = [str(c) for c in command]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"stopped after {TIME_LIMIT} s: {shlex.join(command)}") from None
    except OSError as e:
        raise Failure(f"{command[0]}: {e.strerror}") from None
    if done.returncode != 0:
        raise Failure(
            f"exit status {done.returncode} of {shlex.join(command)}\n{install.tail(done.stderr or done.stdout)}"
        )
    return done.stdout


class Shadegrad:
    """bin/shadegrad, each time in a process of its own."""

    def __init__(self):
        self.start = {}  # what it said of itself

    def events(self, *flags):
        lines = [json.loads(line) for line in call(SHADEGRAD, "train", "-backend=cpu", "-json", *flags).splitlines()]
        self.start = lines[0]
        return lines

    def train(self, case, data, seed):
        flags = [
            f"-hidden={','.join(map(str, case.layers[1:-1]))}",
            f"-act={case.act}",
            f"-loss={case.loss}",
            f"-batch={case.batch}",
            f"-epochs={case.epochs}",
            f"-lr={case.lr}",
            "-momentum=0",
            "-schedule=constant",
            f"-seed={seed}",
        ]
        if data != MNIST:
            flags.append(f"-data={data}")
        epochs = [e for e in self.events(*flags) if e["event"] == "epoch"]
        return {"seconds": [e["seconds"] for e in epochs], "test_acc": epochs[-1]["test_acc"]}

    def recipe(self):
        """Runs the command with the backend's flag alone, and returns the seconds by its own clock and by one
        outside, and the accuracy."""
        begin = time.perf_counter()
        done = self.events()[-1]
        return {"seconds": done["seconds"], "outside": time.perf_counter() - begin, "test_acc": done["test_acc"]}


class Peers:
    """NumPy and PyTorch, each time in a process of their own."""

    def __init__(self, python):
        self.python = python
        self.env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", TORCHINDUCTOR_CACHE_DIR=str(WORK / "inductor"))
        # Set on some machines; each would keep a peer from its best.
        for name in (
            "OPENBLAS_CORETYPE",
            "OPENBLAS_L2_SIZE",
            "OPENBLAS_NUM_THREADS",
            "OMP_NUM_THREADS",
            "MKL_NUM_THREADS",
        ):
            if self.env.pop(name, None) is not None:
                say(f"{name} is unset for the peers")
        self.choices = {}  # (case, peer) → what the trial found, fastest first
        self.about = {}  # peer → version and libraries

    def call(self, peer, case, data, *flags):
        return json.loads(
            call(
                self.python,
                HERE / SCRIPTS[peer],
                f"--data={data}",
                f"--layers={','.join(map(str, case.layers))}",
                f"--act={case.act}",
                f"--loss={case.loss}",
                f"--batch={case.batch}",
                f"--lr={case.lr}",
                *flags,
                env=self.env,
            )
        )

    def trial(self, peer, case, data):
        """Finds the peer's fastest way, and number of threads."""
        flags = [f"--way={case.numpy_way}"] if peer == "numpy" and case.numpy_way else []
        found = self.call(peer, case, data, "--trial", *flags)
        for f in found:
            f["seconds"] *= 60000 / case.images
        self.choices[case.name, peer] = found

    def train(self, peer, case, data, seed):
        best = self.choices[case.name, peer][0]
        result = self.call(
            peer,
            case,
            data,
            f"--epochs={case.epochs}",
            f"--seed={seed}",
            f"--way={best['way']}",
            f"--threads={best['threads']}",
        )
        self.about[peer] = f"{result['name']} ({result['detail']})"
        return result


def measure(a, peers, shadegrad, with_torch):
    """Runs everything and returns the results: case → contestant → runs, peaks, and runs of the default recipe."""
    data = {c.data: MNIST if c.data == "mnist" else make_data(MNIST, WORK / "data", c.data) for c in a.cases}

    def contestants(case):
        return [p for p in case.peers if with_torch or p != "torch"]

    for case in a.cases:
        for peer in contestants(case):
            say(f"{case.name}: looking for the fastest way of {peer}")
            peers.trial(peer, case, data[case.data])
    results = {
        "cases": {c.name: {n: [] for n in ["shadegrad", *contestants(c)]} for c in a.cases},
        "peak": [],
        "recipe": [],
    }
    for seed in range(1, a.rounds + 1):
        for case in a.cases:
            say(f"round {seed} of {a.rounds}: {case.name}")
            results["peak"].append(json.loads(call(WORK / "peak")))
            runs = results["cases"][case.name]
            runs["shadegrad"].append(shadegrad.train(case, data[case.data], seed))
            for peer in contestants(case):
                runs[peer].append(peers.train(peer, case, data[case.data], seed))
        results["recipe"].append(shadegrad.recipe())
    return results


def main():
    a = parse()
    # Whoever ends this ends the run under way with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    begin = time.monotonic()
    try:
        if a.python:
            python = a.python
            call(python, "-c", "import numpy, threadpoolctl")
            with_torch = not a.without_torch and install.succeeds(python, "-c", "import torch")
        else:
            python = install.with_numpy(WORK / "venv")
            with_torch = not a.without_torch and install.torch(WORK / "venv", python)
        call(os.environ.get("GO", "go"), "build", "-o", WORK / "peak", "./testdata/peers/peak")
        if load > 1:
            say(f"the machine is busy (load {load:.1f}): the figures will be worse than they should be, unequally")
        shadegrad, peers = Shadegrad(), Peers(python)
        results = measure(a, peers, shadegrad, with_torch)
    except Failure as e:
        say(str(e))
        return 1
    except KeyboardInterrupt:
        say("interrupted; there is no table")
        return 130
    (WORK / "results.json").write_text(json.dumps(results, indent=1))
    report = table.Report(a, ROOT, results, shadegrad.start, peers, load, time.monotonic() - begin)
    text = report.text()
    print(text, end="")
    (ROOT / a.out).write_text(text)
    for problem in report.problems():
        say(problem)
    return 1 if report.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
