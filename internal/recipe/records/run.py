"""Trains presets with several seeds and writes a row of docs/results.md for each; README.md beside this file says how.

`make records` calls this. Standard library only.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

HEADER = (
    "| command | seeds | epochs | device | seconds | training loss | all training samples right | test error | least to most |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


class Failure(Exception):
    """What went wrong, for the user."""


def parse(argv):
    p = argparse.ArgumentParser(
        prog="run.py", description=__doc__.split(";")[0], epilog="What follows -- are flags of shadegrad train."
    )
    p.add_argument("presets", nargs="+", metavar="PRESET", help='a preset, which "shadegrad presets" lists')
    p.add_argument("--seeds", type=int, default=1, help="how many seeds, from 1 on (default 1)")
    p.add_argument("--binary", default=str(ROOT / "bin" / "shadegrad"), help="the program (default bin/shadegrad)")
    p.add_argument("--log", help="append what each run says, as JSON lines, to this file")
    own, flags = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    a = p.parse_args(own)
    if a.seeds < 1:
        p.error("--seeds must be at least 1")
    a.flags = flags
    return a


def train(binary, preset, seed, flags, log):
    """train runs a preset and returns the events of its start and of its end."""
    command = [binary, "train", f"-preset={preset}", f"-seed={seed}", "-json", *flags]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as e:
        raise Failure(f"{binary}: {e.strerror}; make build makes it") from e
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    if log:
        with open(log, "a", encoding="utf-8") as f:
            f.write(done.stdout)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    by_name = {e["event"]: e for e in events}
    return by_name["start"], by_name["done"]


def spread(values, scale=1.0, digits=2, unit=""):
    """spread writes mean and standard deviation, or the value where there is one."""
    mean = f"{scale * statistics.fmean(values):.{digits}f}"
    if len(values) > 1:
        mean += f" ± {scale * statistics.stdev(values):.{digits}f}"
    return mean + unit


def row(preset, flags, runs):
    """row writes a line of the table."""
    starts, ends = zip(*runs)
    errors = [1 - e["test_acc"] for e in ends]
    epochs = sorted({e["epoch"] for e in ends})
    seeds = "1" if len(runs) == 1 else f"1 to {len(runs)}"
    cells = [
        "`" + " ".join(["train", f"-preset={preset}", *flags]) + "`",
        seeds,
        str(epochs[0]) if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}",
        f"{starts[0]['backend']}: {starts[0]['device']}",
        spread([e["seconds"] for e in ends], digits=1 if ends[0]["seconds"] > 10 else 2),
        spread([e["train_loss"] for e in ends], digits=4),
        f"{sum(e['train_acc'] == 1 for e in ends)} of {len(ends)}",
        spread(errors, 100, unit="%"),
        f"{100 * min(errors):.2f}% to {100 * max(errors):.2f}%",
    ]
    return "| " + " | ".join(cells) + " |"


def main(argv):
    a = parse(argv)
    print(HEADER, flush=True)
    for preset in a.presets:
        runs = [train(a.binary, preset, seed, a.flags, a.log) for seed in range(1, a.seeds + 1)]
        print(row(preset, a.flags, runs), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failure as e:
        sys.exit(f"run.py: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
