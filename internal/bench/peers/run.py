"""Times shadegrad's CPU backend against NumPy and PyTorch and writes a table; README.md beside this file says how.

`make bench-peers` calls this. Standard library only: NumPy and PyTorch live in a virtual environment.
"""

import argparse
import json
import os
import signal
import sys
import time

sys.dont_write_bytecode = True

import install
import table
from cases import CASES
from install import Failure, say
from programs import HERE, ROOT, WORK, Shadegrad, call, locate, peer_arguments, peer_environment

SCRIPTS = {"numpy": "numpy_mlp.py", "torch": "torch_mlp.py"}


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


class Peers:
    """NumPy and PyTorch, each time in a process of their own."""

    def __init__(self, python):
        self.python = python
        self.env = peer_environment()
        self.choices = {}  # (case, peer) → what the trial found, fastest first
        self.about = {}  # peer → version and libraries

    def call(self, peer, case, data, *flags):
        return json.loads(
            call(
                self.python,
                HERE / SCRIPTS[peer],
                *peer_arguments(case, data),
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
    data = {c.data: locate(c.data) for c in a.cases}

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
        call(os.environ.get("GO", "go"), "build", "-o", WORK / "peak", "./internal/bench/peers/peak")
        if load > 1:
            say(f"the machine is busy (load {load:.1f}): the figures will be worse than they should be, unequally")
        shadegrad, peers = Shadegrad("cpu"), Peers(python)
        results = measure(a, peers, shadegrad, with_torch)
    except Failure as e:
        say(str(e))
        return 1
    except KeyboardInterrupt:
        say("interrupted; there is no table")
        return 130
    (WORK / "results.json").write_text(json.dumps(results, indent=1))
    report = table.Report(a, results, shadegrad.start, peers, load, time.monotonic() - begin)
    text = report.text()
    print(text, end="")
    (ROOT / a.out).write_text(text)
    for problem in report.problems():
        say(problem)
    return 1 if report.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
