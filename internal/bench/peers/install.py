"""The peers' virtual environment: made once, and anew when the pinned versions change. Standard library only."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Failure(Exception):
    """What ends the benchmark; its text is for the user."""


# Who speaks: the target of the Makefile that runs.
target = "bench-peers"


def say(text):
    print(f"{target}: {text}", file=sys.stderr, flush=True)


def tail(text, lines=12):
    return "\n".join(text.strip().splitlines()[-lines:])


def succeeds(*command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(tail(done.stderr or done.stdout))


def _pip(python, requirements, *flags):
    flags = ["--quiet", "--disable-pip-version-check", *flags]
    _run(python, "-m", "pip", "install", *flags, "-r", str(HERE / requirements))


class _Installed:
    """Remembers in the environment which requirements were installed there."""

    def __init__(self, venv, requirements):
        self.stamp, self.wanted = venv / requirements, (HERE / requirements).read_text()

    def is_current(self):
        return self.stamp.exists() and self.stamp.read_text() == self.wanted

    def done(self):
        self.stamp.write_text(self.wanted)


def with_numpy(venv):
    """Returns the interpreter of the environment venv, which has NumPy."""
    python = str(venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    installed = _Installed(venv, "requirements.txt")
    if installed.is_current() and succeeds(python, "-c", "import numpy, threadpoolctl"):
        return python
    if sys.version_info < (3, 11):
        raise Failure(
            "the pinned NumPy needs Python 3.11 or newer, and this is "
            f"{sys.version_info.major}.{sys.version_info.minor}. Name another one "
            f"(make {target} PYTHON=python3.12), or one that has NumPy and threadpoolctl already "
            "(ARGS=--python=INTERPRETER)."
        )
    say(f"making a virtual environment in {venv}")
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(venv))
    except Failure as e:
        raise Failure(
            f"{e}\nThere is no virtual environment. On Debian and Ubuntu, apt-get install python3-venv; or name "
            "an interpreter that has NumPy and threadpoolctl (ARGS=--python=INTERPRETER)."
        ) from None
    try:
        _pip(python, "requirements.txt")
    except Failure as e:
        raise Failure(f"NumPy cannot be installed: {e}") from None
    installed.done()
    return python


def torch(venv, python, *more):
    """Installs PyTorch, too, and more requirements that go with it, and reports whether it works. If not, it has said
    why."""
    try:
        for requirements in ("requirements-torch.txt", *more):
            installed = _Installed(venv, requirements)
            if installed.is_current():
                continue
            if requirements == "requirements-torch.txt":
                say(
                    "installing PyTorch; on Linux its package wants CUDA's libraries even for the CPU, 2.5 GB in all "
                    "(ARGS=--without-torch does without)"
                )
            _pip(python, requirements, "--no-deps")
            installed.done()
        _run(python, "-c", "import torch")
    except Failure as e:
        say(f"PyTorch is left out, since it cannot be had here: {e}")
        return False
    return True
