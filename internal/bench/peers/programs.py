"""The programs that are timed, each time in a process of its own. Standard library only."""

import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import threading
import time

import install
from cases import make_data
from install import Failure, say

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "bin" / "peers"
SHADEGRAD = ROOT / "bin" / "shadegrad"
MNIST = ROOT / "testdata" / "mnist"
TIME_LIMIT = 600  # seconds, for one run

# Set on some machines; each would keep a peer from its best.
HINDRANCES = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "CUDA_LAUNCH_BLOCKING",
)


def timed_lines(*command, env=None, limit=TIME_LIMIT):
    """Runs a command and returns the lines that it prints, each with the seconds after the start when it came."""
    command = [str(c) for c in command]
    with tempfile.TemporaryFile("w+") as errors:
        begin = time.perf_counter()
        try:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=errors, text=True)
        except OSError as e:
            raise Failure(f"{command[0]}: {e.strerror}") from None
        late = threading.Event()
        timer = threading.Timer(limit, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            lines = [(time.perf_counter() - begin, line) for line in process.stdout]
            status = process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        if late.is_set():
            raise Failure(f"stopped after {limit} s: {shlex.join(command)}")
        if status != 0:
            errors.seek(0)
            said = install.tail(errors.read() or "".join(line for _, line in lines))
            raise Failure(f"exit status {status} of {shlex.join(command)}\n{said}")
        return lines


def call(*command, env=None, limit=TIME_LIMIT):
    """Runs a command and returns what it prints."""
    return "".join(line for _, line in timed_lines(*command, env=env, limit=limit))


def locate(data):
    """Returns where the variant of MNIST called data is, and makes it if need be."""
    return MNIST if data == "mnist" else make_data(MNIST, WORK / "data", data)


class Shadegrad:
    """bin/shadegrad train with a backend."""

    def __init__(self, backend, env=None):
        self.backend, self.env = backend, env
        self.start = {}  # what it said of itself

    def events(self, *flags):
        """Returns the events of a run, each with the seconds after the start of the process when it came, at."""
        command = [SHADEGRAD, "train", f"-backend={self.backend}", "-json", *flags]
        events = [dict(json.loads(line), at=at) for at, line in timed_lines(*command, env=self.env)]
        self.start = events[0]
        return events

    def train(self, case, data, seed):
        flags = [
            f"-hidden={','.join(map(str, case.layers[1:-1]))}",
            f"-act={case.act}",
            f"-loss={case.loss}",
            f"-batch={case.batch}",
            f"-epochs={case.epochs}",
            f"-lr={case.lr}",
            f"-momentum={case.momentum:g}",
            f"-schedule={case.schedule}",
            f"-seed={seed}",
            "-test=each",
        ]
        if data != MNIST:
            flags.append(f"-data={data}")
        start, *events = self.events(*flags)
        epochs = [e for e in events if e["event"] == "epoch"]
        return {
            "start": start["seconds"],
            "seconds": [e["seconds"] for e in epochs],
            "test_acc": epochs[-1]["test_acc"],
            "test_accs": [e["test_acc"] for e in epochs],
            "at": [e["at"] for e in epochs],
            "after": [e["at"] - start["at"] for e in epochs],
        }

    def recipe(self):
        """Runs the command with the backend's flag alone, and returns the seconds by its own clock and by one
        outside, and the accuracy."""
        done = self.events()[-1]
        return {"seconds": done["seconds"], "outside": done["at"], "test_acc": done["test_acc"]}


def peer_environment():
    """Returns the environment of the peers, without what would keep them from their best."""
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", TORCHINDUCTOR_CACHE_DIR=str(WORK / "inductor"))
    for name in HINDRANCES:
        if env.pop(name, None) is not None:
            say(f"{name} is unset for the peers")
    return env


def peer_arguments(case, data):
    """Returns the flags that tell a peer of a case."""
    return [
        f"--data={data}",
        f"--layers={','.join(map(str, case.layers))}",
        f"--act={case.act}",
        f"--loss={case.loss}",
        f"--batch={case.batch}",
        f"--lr={case.lr}",
    ]
