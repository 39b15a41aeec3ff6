"""What to know first of a GPU: its cold start, the kernels that tuning chooses, the times of the first epochs, the output
layer's kernel, and the cost of robust access. Standard library only.

Each run is a process of shadegrad with a cache of its own, so nothing is remembered from before.
"""

import json
import os
import re
import shutil
import statistics

from install import Failure
from programs import MNIST, SHADEGRAD, WORK, locate, timed_lines
from table import digits

CACHE = WORK / "first-look"
TUNING_RUNS = 5  # at most; a run times kernels for a limited time, and the next one continues
ROUNDS = 3  # of robust access on and off

_KERNEL = re.compile(r"^ +\d+\. (\w+), ")


def cold_environment(env):
    """Returns an environment whose caches, shadegrad's and the drivers', are empty."""
    shutil.rmtree(CACHE, ignore_errors=True)
    names = {"SHADEGRAD_CACHE": "kernels", "__GL_SHADER_DISK_CACHE_PATH": "nvidia", "MESA_SHADER_CACHE_DIR": "mesa"}
    for name in names.values():
        (CACHE / name).mkdir(parents=True)
    return dict(env, **{variable: str(CACHE / name) for variable, name in names.items()})


def parse(lines):
    """Reads a run: seconds to the first step, seconds of each epoch, the kernels of a step, and the times of the kernels of
    the output layer."""
    found = {"start": 0.0, "seconds": [], "kernels": [], "head": []}
    for line in lines:
        if line.startswith("{"):
            event = json.loads(line)
            if event["event"] == "start":
                found["start"] = event["seconds"]
            elif event["event"] == "epoch":
                found["seconds"].append(event["seconds"])
            elif event["event"] == "profile":
                for k in event["kernels"]:
                    if k["kernel"].startswith("head_"):
                        microseconds = 1e6 * k["seconds"] / k["calls"]
                        found["head"].append(f"{k['kernel']} {digits(microseconds)} µs a call, {k['calls']} calls")
        elif m := _KERNEL.match(line):
            found["kernels"].append(m[1])
    return found


class FirstLook:
    """Runs the case on the GPU. facts has an entry for each question that was answered."""

    def __init__(self, case, env):
        self.case, self.env, self.facts = case, env, {}

    def train(self, env, epochs, *flags):
        case, data = self.case, locate(self.case.data)
        flags = ["-json", "-v", f"-epochs={epochs}", f"-batch={case.batch}", f"-lr={case.lr}", "-momentum=0", *flags]
        flags += [f"-hidden={','.join(map(str, case.layers[1:-1]))}", f"-act={case.act}", "-schedule=constant"]
        if data != MNIST:
            flags.append(f"-data={data}")
        lines = timed_lines("sh", "-c", 'exec "$0" "$@" 2>&1', SHADEGRAD, "train", "-backend=gpu", *flags, env=env)
        return parse(line for _, line in lines)

    def run(self, say):
        """Answers the questions in order. A question that fails does not prevent the others."""
        env = cold_environment(self.env)
        for question in (self.cold_start, self.tuning, self.epochs, self.head, self.robust):
            name = question.__name__.replace("_", " ")
            say(f"first look: {name}")
            try:
                question(env)
            except Failure as e:
                self.facts[name] = f"failed: {e}".splitlines()[0]

    def cold_start(self, env):
        first = self.train(env, 1)
        self.kernels = first["kernels"]
        again = self.train(env, 1, "-tune=off")
        self.facts["cold start"] = (
            f"{digits(first['start'])} s from the start of the process to the first step with empty caches, then "
            f"{digits(again['start'])} s without tuning; kernels: {', '.join(self.kernels)}"
        )

    def tuning(self, env):
        shutil.rmtree(env["SHADEGRAD_CACHE"], ignore_errors=True)
        os.mkdir(env["SHADEGRAD_CACHE"])
        seen = []
        for _ in range(TUNING_RUNS):
            seen.append(self.train(env, 1)["kernels"])
            if len(seen) > 1 and seen[-1] == seen[-2]:
                break
        same = "the same as at the cold start" if seen[-1] == self.kernels else "other ones than at the cold start"
        self.facts["tuning"] = f"after {len(seen)} runs from an empty cache the kernels are {same}: {', '.join(seen[-1])}"

    def epochs(self, env):
        seconds = [1000 * s for s in self.train(env, 3)["seconds"]]
        texts = ", ".join(digits(s) for s in seconds)
        self.facts["epochs"] = f"{texts} ms for epochs 1 to {len(seconds)} (a slow second one: buffers moved to the host)"

    def head(self, env):
        found = self.train(env, 1, "-profile")["head"]
        self.facts["head"] = "; ".join(found) or "the profile has no such kernel"

    def robust(self, env):
        switches = {"on": env, "off": dict(env, SHADEGRAD_ROBUST="off")}
        seconds = {name: [] for name in switches}
        for _ in range(ROUNDS):
            for name, e in switches.items():
                seconds[name] += self.train(e, 2)["seconds"][1:]
        on, off = (statistics.median(seconds[name]) for name in switches)
        self.facts["robust"] = f"{digits(1000 * on)} ms an epoch with robust access, {digits(1000 * off)} without: {on / off:.2f}×"

    def text(self):
        return "\n".join(f"* {name}: {fact}" for name, fact in self.facts.items())
