"""What gpu.py found, as Markdown. Standard library only."""

import datetime
import re
import shlex
import statistics
import sys

import bundle
import suite
import table
from table import digits, markdown, spread

# PyTorch's columns, and what their heads say.
FAMILIES = {"eager": "eager", "graphs": "CUDA graphs", "compiled": "compiled", "tf32": "fastest, TF32"}
NAMES = {"shadegrad": "shadegrad", **{f: f"PyTorch, {name}" for f, name in FAMILIES.items()}}
GOAL = 0.98


def own_peak(profile):
    """The highest rate, in GFLOP/s, that shadegrad's profile calls a peak, or 0."""
    found = [
        float(number) * {"G": 1, "T": 1000}[unit]
        for line in profile.splitlines()
        if "peak" in line.lower()
        for number, unit in re.findall(r"(\d+(?:\.\d+)?) ([GT])FLOP/s", line)
    ]
    return max(found, default=0.0)


def first_at(run, clock):
    """When a run's network first had GOAL, by one of its clocks, or None."""
    return next((t for t, accuracy in zip(run[clock], run["test_accs"]) if accuracy >= GOAL), None)


class Report(table.Runs):
    def __init__(self, arguments, results, torch, took):
        cases = [c for c in arguments.cases if any(results["cases"].get(c.name, {}).values())]
        super().__init__(cases, results["cases"], NAMES)
        self.arguments, self.results, self.torch, self.took = arguments, results, torch, took
        self.rounds = max((len(r) for runs in self.runs.values() for r in runs.values()), default=0)

    def peak(self):
        """The device's FP32 peak in GFLOP/s and how it was measured, or 0."""
        # PyTorch's products stand in only where they ran on what OpenGL runs on.
        same = self.torch.device == "cuda" or self.results["device"]["software"]
        products = [p["gflops"] for p in self.results["peak"]] if same else []
        theirs, ours = statistics.median(products or [0.0]), own_peak(self.results["profile"])
        if ours > theirs:
            return ours, "shadegrad's own measurement"
        return theirs, "PyTorch's fastest product of square matrices in float32, without TF32"

    def milliseconds(self, case, who):
        return [1000 * s for s in self.seconds(case, who)]

    def row(self, case):
        runs = self.runs[case.name]
        ours = statistics.median(self.seconds(case, "shadegrad")) if runs.get("shadegrad") else None
        cells = [case.title(), spread(self.milliseconds(case, "shadegrad")) if ours else ""]
        for family in FAMILIES:
            if runs.get(family):
                theirs = statistics.median(self.seconds(case, family))
                cells += [
                    spread(self.milliseconds(case, family)),
                    f"**{digits(theirs / ours)}×**" if ours else "",
                ]
            else:
                cells += ["", ""]
        gflops, (peak, _) = case.flops() / ours / 1e9 if ours else None, self.peak()
        cells.append(digits(gflops) if gflops else "")
        cells.append(f"{100 * gflops / peak:.0f}%" if gflops and peak else "")
        return cells + [" / ".join(f"{100 * self.accuracy(case, who):.2f}" for who in NAMES if runs.get(who))]

    def goal_row(self, case, who):
        runs = self.runs[case.name][who]
        cells = [case.title(), NAMES[who]]
        for clock in ("at", "after"):
            times = [t for t in (first_at(r, clock) for r in runs) if t is not None]
            cells.append(spread(times) if times else "not reached")
        reached = sum(first_at(r, "at") is not None for r in runs)
        return cells + [
            f"{reached} of {len(runs)}",
            f"{100 * statistics.median(max(r['test_accs']) for r in runs):.2f}",
        ]

    def way_rows(self, case):
        rows, ran = [], self.runs.get(case.name, {})
        for family, name in FAMILIES.items():
            tried = [t for t in self.results["trials"].get(case.name, []) if t["family"] == family]
            if not tried:
                continue
            texts = [f"{t['way']}: {digits(1000 * t['seconds'])}" for t in tried if "seconds" in t]
            if ran.get(family):
                texts[0] = f"**{texts[0]}**"
            for error in dict.fromkeys(t["error"] for t in tried if "error" in t):
                texts.append(f"{error} ({', '.join(t['way'] for t in tried if t.get('error') == error)})")
            rows.append([case.name, name, "; ".join(texts)])
        return rows

    def gpu_facts(self):
        """What NVIDIA's own tool says, where there is one."""
        query = "name,driver_version,clocks.max.sm,power.limit,utilization.gpu"
        lines = table.output("nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader").splitlines()
        return [f"nvidia-smi, now ({query}): {line}" for line in lines]

    def starts(self):
        """Seconds until the first step of shadegrad, the first time and later."""
        texts = []
        for case in self.cases:
            if later := [r["start"] for r in self.runs[case.name].get("shadegrad", [])]:
                texts.append(f"{case.name} {digits(self.results['starts'][case.name])}, then {spread(later)}")
        return texts

    def facts(self):
        device, torch, note = self.results["device"], self.results["torch"], bundle.note()
        commit = note.get("commit") or table.output("git", "describe", "--always", "--dirty") or "of no known commit"
        command = shlex.join(["sh", "run.sh", *sys.argv[1:]]) if note else table.command("bench-gpu")
        lines = [
            f"`{command}`, {datetime.date.today()}: {self.took / 60:.1f} minutes",
            f"shadegrad {commit}, on {device['device']}, {device['driver']}, {device['detail']}",
            *self.gpu_facts(),
        ]
        if torch["absent"]:
            lines.append(torch["absent"])
        else:
            lines.append(f"{torch['name']}, on {torch['device']} ({torch['detail']}), Python {self.python_version()}")
        value, how = self.peak()
        if value:
            lines.append(f"FP32 peak: {digits(value)} GFLOP/s, {how}")
        if tf32 := [p["tf32_gflops"] for p in self.results["peak"]]:
            if self.torch.device == "cuda":
                lines.append(f"With TF32 the same product runs at {digits(statistics.median(tf32))} GFLOP/s")
        if starts := self.starts():
            lines.append(
                "From the start of the process to shadegrad's first step, the first time in this run (which may tune "
                f"and compile) and later, in seconds: {'; '.join(starts)}"
            )
        lines += [f"Tests of {suite.sentence(n, r)}" for n, r in self.results["tests"].items()]
        return lines

    def python_version(self):
        return table.output(self.torch.python, "-c", "import platform; print(platform.python_version())")

    def warnings(self):
        """What a reader must know before the figures."""
        device, torch = self.results["device"], self.results["torch"]
        found = []
        if device["software"]:
            found.append("OpenGL was software here. These figures try the scripts; they say nothing of a GPU.")
        if not torch["absent"] and self.torch.device == "cpu":
            found.append("PyTorch ran on the CPU, in place of a GPU. CUDA graphs are not possible there.")
        if not torch["absent"] and self.torch.device == "cuda" and torch["device"] not in device["device"]:
            found.append(
                f"OpenGL's device is called {device['device']} and PyTorch's {torch['device']}: "
                "they may not be the same."
            )
        if self.arguments.images < 60000:
            found.append(f"A trial with the first {self.arguments.images:,} images; times are scaled to 60,000.")
        return found

    def text(self):
        paragraphs = [f"**{w}**" for w in self.warnings()]
        if self.results["first_look"]:
            paragraphs += ["The first look, with 784-128-10 and a batch of 64:", self.results["first_look"]]
        paragraphs.append("\n".join(f"* {fact}" for fact in self.facts()))
        if self.cases:
            paragraphs += self.tables()
        if self.results["profile"]:
            paragraphs += ["shadegrad's own profile:", f"```\n{self.results['profile'].strip()}\n```"]
        if self.results["failures"]:
            lines = [f"* {f.splitlines()[0]}" for f in self.results["failures"]]
            paragraphs += ["What failed:", "\n".join(lines)]
        return "\n\n".join(paragraphs) + "\n"

    def tables(self):
        heads = [cell for name in FAMILIES.values() for cell in (f"PyTorch {name}, ms", "ratio")]
        head = ["network", "shadegrad, ms", *heads, "GFLOP/s", "of FP32 peak", "test accuracy, %"]
        yield (
            f"Milliseconds an epoch of 60,000 images, training alone: the median of {self.rounds} interleaved "
            f"round{'s' * (self.rounds != 1)} (least–most). float32; TF32 is off but in the column that names it. "
            "GFLOP/s and share of the peak are shadegrad's, by the dense arithmetic. Accuracies are in the order of "
            "the columns."
        )
        yield markdown(head, [self.row(c) for c in self.cases])
        goal = [
            self.goal_row(c, who)
            for c in self.cases
            if c.schedule == "onecycle"
            for who in NAMES
            if self.runs[c.name].get(who)
        ]
        if goal:
            yield f"Seconds to a test accuracy of {GOAL:.0%}, by shadegrad's default recipe; rounds that reached it."
            yield markdown(
                ["network", "who", "from the start of the process", "training and testing", "reached", "best, %"], goal
            )
        if ways := [row for c in self.arguments.cases for row in self.way_rows(c)]:
            yield "PyTorch's ways in a short trial before, in milliseconds an epoch. The first of each took part."
            yield markdown(["case", "column", "ways"], ways)
