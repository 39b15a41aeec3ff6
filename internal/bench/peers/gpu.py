"""Tests shadegrad's GPU backend and times it against PyTorch on the same GPU; README.md beside this file says how.

`make bench-gpu` calls this. Standard library only: PyTorch lives in a virtual environment, or in the interpreter that
--python names.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import signal
import sys
import time

sys.dont_write_bytecode = True

import bundle
import gl_environment
import gpu_table
import install
import suite
from cases import GPU_CASES
from firstlook import FirstLook
from install import Failure, say
from programs import HERE, ROOT, SHADEGRAD, TIME_LIMIT, WORK, Shadegrad, call, locate, peer_arguments, peer_environment

RESULTS = WORK / "results-gpu.json"
TORCH = HERE / "torch_gpu.py"
FEW_IMAGES = 3000  # where OpenGL is software
QUICK_CASES = ("128", "recipe")
QUICK_ROUNDS = 3
QUICK_SECONDS = 450  # of 8 minutes, the rest is for unpacking
SOFTWARE = re.compile("llvmpipe|softpipe|swrast|SwiftShader", re.IGNORECASE)


def parse():
    p = argparse.ArgumentParser(
        prog="gpu.py", description=__doc__.split(";")[0], formatter_class=argparse.RawTextHelpFormatter
    )
    p.add_argument(
        "--quick",
        action="store_true",
        help=f"for a machine that is rented by the minute: first answer the first questions about a GPU, then\n"
        f"compare {len(QUICK_CASES)} cases, then run the short tests, all within {QUICK_SECONDS / 60:g} minutes",
    )
    p.add_argument("--rounds", type=int, help="how often everything runs (default 5; 1 where OpenGL is software)")
    p.add_argument(
        "--cases",
        help=f"which, separated by commas (default\n{','.join(c.name for c in GPU_CASES)}); none for the tests alone",
    )
    p.add_argument(
        "--images",
        type=int,
        help=f"train on the first so many alone, and for 3 epochs at most, as a trial\n"
        f"(default all; {FEW_IMAGES} where OpenGL is software)",
    )
    p.add_argument("--minutes", type=float, help="begin no further round after so many minutes (default no limit)")
    p.add_argument(
        "--python",
        help="run PyTorch with this interpreter, which has it and NumPy, and install\n"
        "nothing (default where there is no Go: the one that runs this)",
    )
    p.add_argument("--without-torch", action="store_true", help="neither install nor run PyTorch")
    p.add_argument(
        "--torch-device",
        default="auto",
        choices=["auto", "cuda", "cpu"],
        help="what PyTorch computes on; cpu stands in for a GPU to try the scripts\n(default auto: cuda, or nothing)",
    )
    p.add_argument("--without-compile", action="store_true", help="do not try torch.compile, which takes minutes")
    p.add_argument("--without-tests", action="store_true", help="do not run the tests, nor pack them")
    p.add_argument(
        "--bundle",
        metavar="FILE",
        nargs="?",
        const="bin/shadegrad-gpu.tar.xz",
        help="measure nothing; pack all of it for another machine, which needs neither\n"
        "Go nor a network (default FILE %(const)s)",
    )
    p.add_argument("--out", default="bin/bench-gpu.md", help="write the table here, too (default %(default)s)")
    a = p.parse_args()
    if a.rounds is not None and a.rounds < 1:
        p.error("--rounds must be at least 1")
    if a.images is not None and not 500 <= a.images <= 60000:
        p.error("--images must be from 500 to 60000")
    if a.quick:
        a.without_compile = True
        a.rounds = a.rounds or QUICK_ROUNDS
    names = {c.name: c for c in GPU_CASES}
    wanted = list(QUICK_CASES if a.quick else names)
    if a.cases:
        wanted = [] if a.cases == "none" else a.cases.split(",")
    if unknown := [n for n in wanted if n not in names]:
        p.error(f"no case is called {', '.join(unknown)}; there are {', '.join(names)}, and none")
    a.cases = [names[n] for n in wanted]
    return a


class Late(BaseException):
    """The time of --quick is over. No part of the benchmark takes it for a failure of its own."""


def late(*_):
    raise Late


class Torch:
    """PyTorch, each time in a process of its own. absent says why it does not take part, if it does not."""

    def __init__(self, a, software):
        self.python, self.about = a.python, {}
        self.trial_flags = ["--trial", *["--without-compile"] * a.without_compile]
        self.device = "cpu" if a.torch_device == "cpu" else "cuda"
        self.env = peer_environment()
        self.absent = self.why_not(a, software)
        if self.absent:
            say(self.absent)

    def why_not(self, a, software):
        if a.without_torch:
            return "PyTorch is left out, as --without-torch asks"
        stand_in = "; --torch-device=cpu has the CPU stand in for one, to try the scripts"
        if a.torch_device == "auto" and software:
            return "PyTorch is left out, since OpenGL finds no GPU here" + stand_in
        if not self.python and not bundle.can_build():
            self.python = sys.executable
        if self.python:
            if not install.succeeds(self.python, "-c", "import numpy, torch"):
                return (
                    f"PyTorch is left out: {self.python} does not have it, or NumPy; --python names another interpreter"
                )
        else:
            venv = WORK / "venv"
            try:
                self.python = install.with_numpy(venv)
            except Failure as e:
                return f"PyTorch is left out: {e}"
            if not install.torch(venv, self.python, *["requirements-triton.txt"] * (self.device == "cuda")):
                return "PyTorch is left out, since it cannot be installed"
        try:
            self.about = json.loads(call(self.python, TORCH, "--about", self.device, env=self.env))
        except Failure as e:
            return f"PyTorch is left out: {e}"
        if self.device == "cuda" and not self.about["cuda"]:
            return f"PyTorch is left out: {self.about['name']} finds no GPU that it can use" + stand_in
        return ""

    def call(self, case, data, *flags, limit=TIME_LIMIT):
        flags = [f"--device={self.device}", f"--momentum={case.momentum}", f"--schedule={case.schedule}", *flags]
        return json.loads(call(self.python, TORCH, *peer_arguments(case, data), *flags, env=self.env, limit=limit))

    def peak(self):
        return json.loads(call(self.python, TORCH, "--peak", self.device, env=self.env))

    def trial(self, case, data):
        """Tries every way and returns what came of each, the fastest first, those that do not work last."""
        found = self.call(case, data, *self.trial_flags, limit=3 * TIME_LIMIT)  # it compiles much
        for f in found:
            if "seconds" in f:
                f["seconds"] *= 60000 / case.images
        return sorted(found, key=lambda f: f.get("seconds", float("inf")))

    def train(self, case, data, seed, way, tf32):
        flags = [f"--epochs={case.epochs}", f"--seed={seed}", f"--way={way}", f"--started={time.time()}"]
        return self.call(case, data, *flags, *["--tf32"] * tf32)


class NoTorch:
    """PyTorch before the benchmark has looked for it."""

    device, python, absent = "cuda", sys.executable, "PyTorch was not tried"


def fastest_ways(trials, device):
    """Returns the fastest way of each family: eager, graphs, compiled, and tf32, which is any."""
    ways = {}
    for t in trials:
        if "seconds" in t:
            ways.setdefault(t["family"], t["way"])
            if device == "cuda":
                ways.setdefault("tf32", t["way"])
    return {f: ways[f] for f in gpu_table.FAMILIES if f in ways}


class Bench:
    """A run of the benchmark. results is all that it found, and is written after each round."""

    def __init__(self, a, env):
        self.a, self.env, self.begin = a, env, time.monotonic()
        self.shadegrad = Shadegrad("gpu", env)
        self.results = {"first_look": "", "tests": {}, "cases": {}, "trials": {}, "peak": [], "starts": {}, "profile": "", "failures": []}
        self.torch = NoTorch()
        self.results["torch"] = {"absent": self.torch.absent}

    def failed(self, what, e):
        self.results["failures"].append(f"{what}: {e}")
        say(f"{what}: {e}")

    def identify(self):
        """Opens the device, and takes the measure that suits it."""
        a = self.a
        self.shadegrad.events("-epochs=1", "-hidden=16", f"-data={locate('mnist-1000')}")
        start = self.shadegrad.start
        self.software = bool(SOFTWARE.search(start["device"]))
        self.results["device"] = {**start, "software": self.software}
        say(f"{start['device']}, {start['driver']}, {start['detail']}")
        if self.software:
            say("OpenGL is software here: what is measured says nothing of a GPU, and is kept short")
        a.images = a.images or (FEW_IMAGES if self.software else 60000)
        a.rounds = a.rounds or (1 if self.software else 5)
        if a.images < 60000:
            a.cases = [c.only(a.images) for c in a.cases]

    def test(self):
        for name in suite.PACKAGES:
            say(f"testing {suite.PACKAGES[name]}")
            found = self.results["tests"][name] = suite.run(name, self.env, short=self.a.quick)
            say(suite.sentence(name, found))
            if found["failed"]:
                self.failed(f"the tests of {suite.PACKAGES[name]}", f"failed, see {found['log']}")

    def first_look(self):
        case = {c.name: c for c in GPU_CASES}["128"]
        look = FirstLook(case.only(self.a.images) if self.a.images < 60000 else case, self.env)
        try:
            look.run(say)
        finally:
            self.results["first_look"] = look.text()
            self.write()

    def prepare(self):
        """Warms caches up, and finds PyTorch's fastest ways."""
        for case in self.a.cases:
            data = locate(case.data)
            say(f"{case.name}: warming up")
            try:
                first = self.shadegrad.train(dataclasses.replace(case, epochs=1), data, 1)
                self.results["starts"][case.name] = first["start"]
            except Failure as e:
                self.failed(f"{case.name}, shadegrad", e)
                continue
            self.results["cases"][case.name] = {"shadegrad": []}
        if self.torch.absent:
            return
        for case in self.a.cases:
            say(f"{case.name}: looking for PyTorch's fastest ways")
            try:
                self.results["trials"][case.name] = self.torch.trial(case, locate(case.data))
            except Failure as e:
                self.failed(f"{case.name}, PyTorch", e)

    def round(self, seed):
        if not self.torch.absent:
            try:
                self.results["peak"].append(self.torch.peak())
            except Failure as e:
                self.failed("the peak", e)
        for case in self.a.cases:
            say(f"round {seed} of {self.a.rounds}: {case.name}")
            data, runs = locate(case.data), self.results["cases"].setdefault(case.name, {})
            work = {}
            if "shadegrad" in runs:
                work["shadegrad"] = lambda: self.shadegrad.train(case, data, seed)
            ways = fastest_ways(self.results["trials"].get(case.name, []), self.torch.device)
            for family, way in ways.items():
                work[family] = lambda f=family, w=way: self.torch.train(case, data, seed, w, f == "tf32")
            for who, train in work.items():
                try:
                    runs.setdefault(who, []).append(train())
                except Failure as e:
                    self.failed(f"{case.name}, {gpu_table.NAMES[who]}, round {seed}", e)

    def profile(self):
        """Keeps what shadegrad says of its own kernels, where it can."""
        if "-profile" not in call(SHADEGRAD, "train", "-h", env=self.env):
            return
        for case in self.a.cases:
            if case.schedule != "constant":
                continue
            flags = [f"-hidden={','.join(map(str, case.layers[1:-1]))}", f"-act={case.act}", f"-batch={case.batch}"]
            flags += ["-epochs=1", f"-lr={case.lr}", "-momentum=0", f"-data={locate(case.data)}", "-profile"]
            try:
                said = call("sh", "-c", 'exec "$0" "$@" 2>&1', SHADEGRAD, "train", "-backend=gpu", *flags, env=self.env)
                self.results["profile"] += f"{case.title()}:\n{said}\n"
            except Failure as e:
                self.failed(f"{case.name}, -profile", e)

    def report(self):
        return gpu_table.Report(self.a, self.results, self.torch, time.monotonic() - self.begin)

    def write(self):
        """Writes what there is."""
        WORK.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(self.results, indent=1))
        out = ROOT / self.a.out
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(self.report().text())

    def late(self):
        return self.a.minutes is not None and time.monotonic() - self.begin > 60 * self.a.minutes

    def run(self):
        self.identify()
        if self.a.quick:
            self.first_look()
        elif not self.a.without_tests:
            self.test()
        self.torch = Torch(self.a, self.software)
        self.results["torch"] = {"absent": self.torch.absent, "device": self.torch.device, **self.torch.about}
        self.prepare()
        self.write()
        for seed in range(1, self.a.rounds + 1 if self.a.cases else 1):
            if seed > 1 and self.late():
                say(f"{self.a.minutes:g} minutes are over after {seed - 1} of {self.a.rounds} rounds")
                break
            self.round(seed)
            self.write()
        self.profile()
        self.write()
        if self.a.quick and not self.a.without_tests:
            self.test()
            self.write()


def main():
    install.target = "bench-gpu"
    a = parse()
    # Whoever ends this ends the run under way with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if a.bundle and not bundle.can_build():
            raise Failure("--bundle needs the sources, and Go")
        if bundle.can_build() and not a.without_tests:
            bundle.build_tests()
        if a.bundle:
            bundle.pack(pathlib.Path(ROOT, a.bundle), not a.without_tests)
            return 0
        bench = Bench(a, gl_environment.prepare())
        if a.quick:
            signal.signal(signal.SIGALRM, late)
            signal.alarm(QUICK_SECONDS)
        bench.run()
        signal.alarm(0)
    except Failure as e:
        say(str(e))
        return 1
    except Late:
        say(f"the {QUICK_SECONDS} seconds of --quick are over; the report has what was measured until then")
    except KeyboardInterrupt:
        say(f"interrupted; {a.out} has the rounds that were complete, if there were any")
        return 130
    report = bench.report()
    print(report.text(), end="")
    problems = report.problems()
    for problem in problems:
        say(problem)
    say(f"the table is in {a.out}, all runs are in {RESULTS.relative_to(ROOT)}")
    return 1 if problems or bench.results["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
