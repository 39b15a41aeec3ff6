"""Runs the GPU's tests from binaries built beforehand, so that a machine without Go can, too. Standard library only.

With SHADEGRAD_REQUIRE_GPU=1 a test that finds no OpenGL fails instead of being skipped. The tests of glctx that need a
display would then fail on a machine that has none; there that package runs without the variable, and a test of it that
is skipped for any other reason than the display counts as failed.
"""

import re
import subprocess
import time

from programs import ROOT, WORK

PACKAGES = {
    "glctx": "internal/glctx",
    "opengl": "compute/opengl",
    "backends": "internal/backends",
    "cli": "internal/cli",
}
BINARIES = ROOT / "bin" / "gpu-tests"
MINUTES = 30  # for one package

_OUTCOME = re.compile(r"^ *--- (PASS|FAIL|SKIP): (\S+)")
_NAME = re.compile(r"^=== (?:RUN|NAME|CONT) +(\S+)")
_LOG = re.compile(r"^ *\w+\.go:\d+: (.*)")


def outcomes(text):
    """Reads what `go test -v` prints and returns how each test ended, name → PASS, FAIL or SKIP, and the last line that
    each logged."""
    ended, said, current = {}, {}, ""
    for line in text.splitlines():
        if m := _NAME.match(line):
            current = m[1]
        elif m := _OUTCOME.match(line):
            ended[m[2]] = m[1]
        elif m := _LOG.match(line):
            said[current] = m[1]
    return ended, said


def has_display(env):
    return bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def judge(text, status, display_needed):
    """Returns what came of a package's tests. display_needed: they may be skipped for want of a display, and for
    nothing else that the machine lacks."""
    ended, said = outcomes(text)
    failed = [name for name, how in ended.items() if how == "FAIL"]
    skipped = [(name, said.get(name, "")) for name, how in ended.items() if how == "SKIP"]
    if display_needed:
        failed += [name for name, why in skipped if why.startswith("no OpenGL") and "DISPLAY" not in why]
    if status != 0 and not failed:
        failed = ["the test binary itself"]
    return {
        "passed": sum(how == "PASS" for how in ended.values()),
        "failed": failed,
        "skipped": skipped,
        "output": text[-4000:] if failed else "",
    }


def run(name, env, short=False):
    """Runs a package's tests, or a sample of them, and returns what came of them, and where the log is."""
    require = name != "glctx" or has_display(env)
    env = dict(env, SHADEGRAD_REQUIRE_GPU="1" if require else "0")
    directory = ROOT / PACKAGES[name]
    directory.mkdir(parents=True, exist_ok=True)  # an archive has no sources
    log = WORK / "gpu-tests" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    with open(log, "w") as out:
        try:
            done = subprocess.run(
                [str(BINARIES / f"{name}.test"), "-test.v", f"-test.timeout={MINUTES}m", *["-test.short"] * short],
                cwd=directory,
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=60 * MINUTES + 60,
                check=False,
            )
            status = done.returncode
        except OSError as e:
            out.write(f"{e}\n")
            status = 1
        except subprocess.TimeoutExpired:
            status = 1
    found = judge(log.read_text(errors="replace"), status, not require)
    return dict(found, log=str(log.relative_to(ROOT)), seconds=time.monotonic() - begin)


def sentence(name, result):
    """What came of a package's tests, for people."""
    text = f"{PACKAGES[name]}: {result['passed']} passed"
    if result["failed"]:
        text += f", {len(result['failed'])} failed ({', '.join(result['failed'][:5])}; {result['log']})"
    for why in dict.fromkeys(why for _, why in result["skipped"]):
        tests = [test for test, reason in result["skipped"] if reason == why]
        text += f"; {len(tests)} skipped since {why} ({', '.join(tests)})"
    return text
