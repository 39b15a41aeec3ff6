"""The learning rate of each step, as shadegrad's default recipe has it. Standard library only."""

import math


def rate(schedule, peak, step, total):
    """Returns the rate of a step, counted from 0, of total ones. constant is peak. onecycle rises from 1/25 of peak to
    peak over the first 30% of the steps and falls to 1e-5 of it over the rest, each along half a cosine: Smith and
    Topin, "Super-convergence" (2019)."""
    if schedule == "constant" or total <= 1:
        return peak
    along = step / (total - 1)
    a, b, x = (1 / 25, 1, along / 0.3) if along < 0.3 else (1, 1e-5, (along - 0.3) / 0.7)
    return peak * (b + (a - b) * (1 + math.cos(math.pi * x)) / 2)
