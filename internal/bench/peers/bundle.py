"""Builds the GPU's tests as programs, and packs all that bench-gpu needs into one archive. Standard library only.

The archive runs on a machine that has no Go and no network: it holds the program, the tests, these scripts, the data,
and the libraries of a desktop that the program is linked with.
"""

import datetime
import io
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tarfile

import cases
import gl_environment
import suite
from install import Failure, say, tail
from programs import ROOT

NAME = "shadegrad-gpu"
NOTE = "bundle.json"  # what the archive was made of
FILES = [
    "LICENSE",
    "bin/shadegrad",
    "bin/gpu-lib",
    "shaders",
    "testdata/digits",
    *(f"testdata/mnist/{name}.gz" for pair in cases.FILES.values() for name in pair),
    "internal/bench/peers",
]
TESTS = "bin/gpu-tests"
# Every Linux has these, and they must not be mixed.
_OF_THE_SYSTEM = re.compile(
    r"^(linux-vdso|ld-linux|libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+)[.-]"
)
_START = """#!/bin/sh
# Measures the GPU of this machine; the flags are listed by "sh run.sh -h".
cd "$(dirname "$0")" && exec "${PYTHON:-python3}" internal/bench/peers/gpu.py ${QUICK:+--quick} "$@"
"""


def can_build():
    """Reports whether there are sources and a Go. Where not, what is in bin is taken as it is."""
    return (ROOT / "go.mod").exists() and shutil.which(os.environ.get("GO", "go")) is not None


def _run(*command, env=None):
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    except OSError as e:
        raise Failure(f"{command[0]}: {e.strerror}") from None
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}:\n{tail(done.stderr or done.stdout)}")
    return done.stdout


def build_tests():
    """Builds the test binaries."""
    go = os.environ.get("GO", "go")
    tags = _run("sh", ".ci/setup.sh", "tags").strip()
    if "nogl" in tags.split(","):
        raise Failure("this would build for the CPU alone; `sh .ci/setup.sh install-build` installs what the GPU needs")
    suite.BINARIES.mkdir(parents=True, exist_ok=True)
    for name, package in suite.PACKAGES.items():
        say(f"building the tests of {package}")
        flags = ["-tags", tags] if tags else []
        out = suite.BINARIES / f"{name}.test"
        _run(go, "test", "-c", *flags, "-trimpath", "-ldflags=-s -w", "-o", str(out), f"./{package}")


def libraries(listing):
    """Reads what ldd prints and returns the paths of the libraries that a desktop brings."""
    found = {}
    for line in listing.splitlines():
        m = re.match(r"\s*(\S+) => (/\S+)", line)
        if m and not _OF_THE_SYSTEM.match(m[1]):
            found[m[1]] = pathlib.Path(m[2])
    return found


def collect_libraries():
    """Copies the libraries that the program loads to where they are packed: those it is linked with, and libEGL."""
    found = libraries(_run("ldd", str(ROOT / "bin" / "shadegrad")))
    m = re.search(r"libEGL\.so\.1 .*=> (/\S+)", _run("/sbin/ldconfig", "-p"))
    if m:
        found["libEGL.so.1"] = pathlib.Path(m[1])
        found |= libraries(_run("ldd", m[1]))
    shutil.rmtree(gl_environment.PACKED, ignore_errors=True)
    gl_environment.PACKED.mkdir(parents=True)
    for name, path in found.items():
        shutil.copy(path, gl_environment.PACKED / name)


def note():
    """Returns what the archive was made of, or nothing where this is none."""
    file = ROOT / NOTE
    return json.loads(file.read_text()) if file.exists() else {}


def pack(file, with_tests):
    """Writes the archive."""
    made = {
        "commit": _run("git", "describe", "--always", "--dirty").strip() if (ROOT / ".git").exists() else "",
        "go": _run(os.environ.get("GO", "go"), "env", "GOVERSION").strip(),
        "made": datetime.date.today().isoformat(),
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}",
    }

    def kept(entry):
        return None if entry.name.endswith((".pyc", "__pycache__")) else entry

    if platform.system() == "Linux":
        collect_libraries()
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:xz") as archive:
        for name in FILES + [TESTS] * with_tests:
            if (ROOT / name).exists():
                archive.add(ROOT / name, f"{NAME}/{name}", filter=kept)
        for name, text in ((NOTE, json.dumps(made)), ("run.sh", _START)):
            _add_text(archive, f"{NAME}/{name}", text)
    say(
        f"{file} has {file.stat().st_size / 1e6:.0f} MB. On the machine with the GPU, which needs its driver, and "
        f"Python with PyTorch and NumPy:\n    tar xf {file.name} && sh {NAME}/run.sh"
    )


def _add_text(archive, name, text):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), 0o755
    archive.addfile(entry, io.BytesIO(text.encode()))
