"""What a machine with a GPU but without a desktop may lack to open OpenGL, and how it is made up for. Standard library
only.

A GPU's driver brings libEGL_nvidia.so.0 and its like, but the libraries that programs link with (libGL, libX11, libEGL)
come with a desktop. bundle.py packs those, and here the ones that are missing are named to the loader. In some
containers libEGL cannot tell that there is NVIDIA's driver, for want of a file of one line.
"""

import ctypes
import json
import os
import pathlib
import sys

import install
from programs import ROOT, WORK

PACKED = ROOT / "bin" / "gpu-lib"
VENDORS = "glvnd/egl_vendor.d"
KNOWN = ("/etc", "/usr/share")  # where libEGL looks
OTHERS = ("/usr/local/nvidia/share", "/usr/local/share")


def loads(library):
    try:
        ctypes.CDLL(library)
        return True
    except OSError:
        return False


def missing(packed, can_load=loads):
    """Returns which of the packed libraries the machine lacks."""
    if not packed.is_dir():
        return []
    return sorted(p for p in packed.iterdir() if not can_load(p.name))


def vendor_file(known=KNOWN, others=OTHERS, can_load=loads):
    """Returns a file that tells libEGL of NVIDIA's driver where nothing below known does; None where something does, or
    where there is no such driver."""

    def files(roots):
        return [f for root in roots for f in sorted(pathlib.Path(root, VENDORS).glob("*nvidia*.json"))]

    if not can_load("libEGL_nvidia.so.0") or files(known):
        return None
    if found := files(others):
        return found[0]
    made = WORK / "nvidia_egl.json"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": {"library_path": "libEGL_nvidia.so.0"}}))
    return made


def prepare():
    """Returns the environment to run OpenGL in, having said what it adds."""
    env = dict(os.environ)
    if not sys.platform.startswith("linux"):
        return env
    if lacking := missing(PACKED):
        chosen = WORK / "gpu-lib"
        chosen.mkdir(parents=True, exist_ok=True)
        for old in chosen.iterdir():
            old.unlink()
        for library in lacking:
            (chosen / library.name).symlink_to(library)
        env["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [env.get("LD_LIBRARY_PATH"), str(chosen)]))
        install.say("not on this machine, taken from the archive: " + ", ".join(p.name for p in lacking))
    if "__EGL_VENDOR_LIBRARY_FILENAMES" not in env and "__EGL_VENDOR_LIBRARY_DIRS" not in env:
        if file := vendor_file():
            env["__EGL_VENDOR_LIBRARY_FILENAMES"] = str(file)
            install.say(f"libEGL is told of NVIDIA's driver by {file}")
    return env
