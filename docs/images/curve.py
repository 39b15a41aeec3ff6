"""Draws the learning curve of a run from its JSON lines, as an SVG picture.

    bin/shadegrad train -json -test=each | python3 docs/images/curve.py > docs/images/curve.svg

It plots loss and accuracy by epoch, of the training set and of the set that the run evaluates after each epoch: the test
set with -test=each, the validation set with -validation=N.
"""

import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 380, 260, 52, 34, 40
SERIES = [("train", "training", "#1f6feb"), ("val", "validation", "#bf5700"), ("test", "test", "#bf5700")]


def ticks(low, high, count=5):
    """Returns round numbers between low and high, about count of them."""
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def panel(epochs, figure, title, x0, percent):
    """Draws one plot whose left edge is at x0."""
    curves = []
    for prefix, label, colour in SERIES:
        points = [(e["epoch"], e[f"{prefix}_{figure}"]) for e in epochs if f"{prefix}_{figure}" in e]
        if points:
            curves.append((label, colour, points))
    values = [v for _, _, points in curves for _, v in points]
    low, high = (math.floor(min(values) * 20) / 20, 1) if percent else (0, max(values) * 1.05)
    last = max(e["epoch"] for e in epochs)
    right, bottom = WIDTH - 16, HEIGHT - BOTTOM

    def x(epoch):
        return x0 + LEFT + (right - LEFT) * (epoch - 1) / max(1, last - 1)

    def y(value):
        return bottom - (bottom - TOP) * (value - low) / (high - low)

    out = [f'<text x="{x0 + LEFT}" y="20" font-weight="600">{title}</text>']
    for t in ticks(low, high):
        label = f"{100 * t:g}%" if percent else f"{t:g}"
        out.append(f'<line x1="{x0 + LEFT}" x2="{x0 + right}" y1="{y(t):.1f}" y2="{y(t):.1f}" stroke="#d8dee4"/>')
        out.append(f'<text x="{x0 + LEFT - 8}" y="{y(t) + 4:.1f}" text-anchor="end" fill="#57606a">{label}</text>')
    for epoch in range(1, last + 1, max(1, last // 5)):
        out.append(f'<text x="{x(epoch):.1f}" y="{bottom + 18}" text-anchor="middle" fill="#57606a">{epoch}</text>')
    out.append(f'<text x="{x0 + (LEFT + right) / 2}" y="{bottom + 34}" text-anchor="middle" fill="#57606a">epoch</text>')
    for i, (label, colour, points) in enumerate(curves):
        path = " ".join(f"{x(e):.1f},{y(v):.1f}" for e, v in points)
        dash = ' stroke-dasharray="6 3"' if i else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        out += [f'<circle cx="{x(e):.1f}" cy="{y(v):.1f}" r="3" fill="{colour}"/>' for e, v in points]
        at = (bottom - 30 if percent else TOP + 14) + 18 * i
        out.append(f'<line x1="{x0 + right - 88}" x2="{x0 + right - 64}" y1="{at - 4}" y2="{at - 4}" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<text x="{x0 + right - 58}" y="{at}" fill="#24292f">{label}</text>')
    return out


def main():
    epochs = [e for e in map(json.loads, sys.stdin) if e["event"] == "epoch"]
    if not epochs:
        sys.exit("curve.py: no epoch on standard input; pipe the output of shadegrad train -json into it")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" font-family="sans-serif" font-size="12">',
        "<title>Loss and accuracy after each epoch</title>",
        f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    out += panel(epochs, "loss", "Loss", 0, percent=False)
    out += panel(epochs, "acc", "Accuracy", WIDTH, percent=True)
    print("\n".join(out + ["</svg>"]))


if __name__ == "__main__":
    main()
