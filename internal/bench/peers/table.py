"""What run.py measured, as Markdown. Standard library only."""

import datetime
import os
import platform
import shlex
import statistics
import subprocess
import sys

from programs import ROOT

NAMES = {"shadegrad": "shadegrad", "numpy": "NumPy", "torch": "PyTorch"}


def digits(x):
    """Three significant digits, without an exponent."""
    if x >= 100:
        return f"{x:.0f}"
    return f"{x:.2f}" if x >= 1 else f"{x:.3f}"


def spread(values):
    median = digits(statistics.median(values))
    return f"{median} ({digits(min(values))}–{digits(max(values))})" if len(values) > 1 else median


def output(*command):
    """What a command prints, or nothing where there is no such command or it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def command(target):
    """The command that was given."""
    arguments = shlex.join(sys.argv[1:])
    return f"make {target}" + (f" ARGS={shlex.quote(arguments)}" if arguments else "")


class Runs:
    """What came of the runs of cases: case → contestant → runs, one a round."""

    def __init__(self, cases, runs, names):
        self.cases, self.runs, self.names = cases, runs, names

    def seconds(self, case, who):
        """Seconds an epoch of 60,000 images, one value a round: the median of the round's epochs."""
        return [statistics.median(r["seconds"]) * 60000 / case.images for r in self.runs[case.name][who]]

    def accuracy(self, case, who):
        return statistics.median(r["test_acc"] for r in self.runs[case.name][who])

    def problems(self):
        """Where somebody did not learn what the others did."""
        found = []
        for case in self.cases:
            accuracies = {who: self.accuracy(case, who) for who, runs in self.runs[case.name].items() if runs}
            ours = accuracies.get("shadegrad")
            for who, theirs in accuracies.items():
                if theirs < case.least:
                    found.append(
                        f"{case.name}: {self.names[who]} has a test accuracy of {theirs:.2%}, less than "
                        f"{case.least:.2%}"
                    )
                if ours is not None and abs(theirs - ours) > case.tolerance:
                    found.append(
                        f"{case.name}: the test accuracy of {self.names[who]}, {theirs:.2%}, differs from shadegrad's, "
                        f"{ours:.2%}, by more than {100 * case.tolerance:.1f} points"
                    )
        return found


class Report(Runs):
    def __init__(self, arguments, results, start, peers, load, took):
        super().__init__(arguments.cases, results["cases"], NAMES)
        self.arguments, self.results, self.start = arguments, results, start
        self.peers, self.load, self.took = peers, load, took
        self.peak = [p["gflops"] for p in results["peak"]]
        self.torch_ran = any("torch" in runs for runs in results["cases"].values())

    def problems(self):
        found = super().problems()
        worst = min(r["test_acc"] for r in self.results["recipe"])
        if worst < 0.98:
            found.append(f"the default recipe has a test accuracy of {worst:.2%}, less than 98%")
        return found

    def row(self, case):
        runs = self.runs[case.name]
        ours = statistics.median(self.seconds(case, "shadegrad"))
        cells = [case.title(), spread(self.seconds(case, "shadegrad"))]
        for peer in ("numpy", "torch"):
            if peer in runs:
                theirs = self.seconds(case, peer)
                cells += [spread(theirs), f"**{statistics.median(theirs) / ours:.1f}×**"]
            else:
                cells += ["", ""]
        gflops = case.flops() / ours / 1e9
        accuracies = " / ".join(f"{100 * self.accuracy(case, who):.2f}" for who in runs)
        return cells + [f"{gflops:.0f}", f"{100 * gflops / statistics.median(self.peak):.0f}%", accuracies]

    def way_row(self, case, peer):
        tried = self.peers.choices[case.name, peer]
        texts = [f"{t['way']}, {t['threads']} thread{'s' * (t['threads'] > 1)}: {digits(t['seconds'])}" for t in tried]
        return [case.name, NAMES[peer], f"**{texts[0]}**", "; ".join(texts[1:])]

    def facts(self):
        own, recipe, peak = self.start, self.results["recipe"], self.results["peak"][0]
        commit = output("git", "describe", "--always", "--dirty") or "of no known commit"
        compiler = output(os.environ.get("GO", "go"), "env", "GOVERSION")
        programs = [
            f"shadegrad {commit} ({own['driver']}, {own['detail']}, {compiler})",
            *(self.peers.about[p] for p in sorted(self.peers.about)),
            f"Python {platform.python_version()}",
        ]
        return [
            f"`{command('bench-peers')}`, {datetime.date.today()}: {self.took / 60:.1f} minutes, "
            f"load before {self.load:.1f}",
            f"Machine: {own['device']}, {peak['threads']} cores used, {platform.system()} {platform.release()}",
            "Programs: " + "; ".join(programs),
            f"FMA peak of all cores together ({peak['level']}, float32): {spread(self.peak)} GFLOP/s",
            "The default recipe, `shadegrad train -backend=cpu`, from the start of the process: test accuracy "
            f"{min(r['test_acc'] for r in recipe):.2%} after {spread([r['seconds'] for r in recipe])} s by its own "
            f"clock, {spread([r['outside'] for r in recipe])} s by one outside, data reading included",
        ]

    def text(self):
        head = "network|shadegrad, s|NumPy, s|ratio|PyTorch, s|ratio|GFLOP/s|of FMA peak|test accuracy, %".split("|")
        rows = [self.row(c) for c in self.arguments.cases]
        ways = [
            self.way_row(c, p)
            for c in self.arguments.cases
            for p in ("numpy", "torch")
            if (c.name, p) in self.peers.choices
        ]
        rounds = self.arguments.rounds
        paragraphs = [
            "\n".join(f"* {fact}" for fact in self.facts()),
            f"Seconds an epoch of 60,000 images, training alone: the median of {rounds} interleaved "
            f"round{'s' * (rounds > 1)} (least–most). GFLOP/s and share of the peak are shadegrad's, by the dense "
            "arithmetic. Its first layer skips zeros, which are 81% of MNIST's pixels, so that the share can exceed "
            "100%; in rows with no pixel zero it cannot. Accuracies are in the order of the columns.",
            markdown(head, rows),
        ]
        if not self.torch_ran:
            paragraphs.append("PyTorch did not take part.")
        if ways:
            paragraphs += [
                "How the peers did it: the fastest of their ways in a short trial before, and what the others took "
                "in it, in seconds an epoch.",
                markdown(["case", "peer", "fastest", "others"], ways),
            ]
        return "\n\n".join(paragraphs) + "\n"


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
