"""How well recovery is found: time constants between 0.05 s and 20 h against the sampling.

`python -m tests.events.statistics_recovery --cases 200` prints the tables. One exponential, two, or
a stretched one, sampled every 0.02 s for 10 s (a rest between pulses), every 35 s or 600 s for 15 h
(impedance at rest), or every hour for 15 h; noise of 0.1–5 % of the amplitude. A time constant is
`fast` below half the first sample and `slow` above twice the record: there only a bound should be
given, and the bound should hold.

Then the times at which 1/e and 5 % are left, and half is done of what happens from the first sample
to the last: 400 samples or 60, with white noise and with noise whose neighbouring samples are
correlated by 0.6. Besides the offered models there are relaxations that none of them describes:
three exponentials far apart, a power of time, two stretched exponentials. How often is that said,
and how often do the bounds hold where it is not?
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.recovery.relaxation import relax, resolved

# name: first sample and interval (s), record (s)
SAMPLINGS = {
    "0.02 s for 10 s": (0.02, 10.0),
    "35 s for 1 h": (35.0, 3600.0),
    "35 s for 15 h": (35.0, 54000.0),
    "1 h for 15 h": (3600.0, 54000.0),
}
RANGE = (0.05, 72000.0)
CLASSES = ("fast", "between", "slow")


@dataclass(frozen=True)
class Row:
    """One time constant of one case, and what was said of it."""

    sampling: str
    kind: str
    ratio_first: float
    ratio_record: float
    tau: float
    value: float
    low: float
    high: float
    outcome: Outcome
    chosen: str

    @property
    def place(self) -> str:
        if self.ratio_first < 0.5:
            return "fast"
        return "slow" if self.ratio_record > 2.0 else "between"


def one(sampling: str, seed: int) -> Row:
    """A single exponential, τ drawn evenly in ln τ from 0.05 s to 20 h."""
    first, record = SAMPLINGS[sampling]
    random = np.random.default_rng([1, list(SAMPLINGS).index(sampling), seed])
    low, high = max(RANGE[0], 0.05 * first), min(RANGE[1], 20.0 * record)
    tau = float(np.exp(random.uniform(np.log(low), np.log(high))))
    noise = 10 ** random.uniform(-3, -1.3)
    time = np.arange(first, record + 0.5 * first, first)
    amplitude = random.choice([-1.0, 1.0])
    values = 3.0 + amplitude * np.exp(-time / tau) + noise * random.standard_normal(time.size)
    result = relax(time, values)
    if result.outcome is not Outcome.determined:
        return Row(sampling, "one", tau / first, tau / record, tau, np.nan, np.nan, np.nan,
                   result.outcome, "none")  # fmt: skip
    # of several time constants, the one with the largest amplitude stands for it
    k = int(np.argmax(np.abs(result.amplitude)))
    outcome, value, _ = resolved(result.tau[k], result.low[k], result.high[k], "")
    return Row(sampling, "one", tau / first, tau / record, tau, value, float(result.low[k]),
               float(result.high[k]), outcome, result.model)  # fmt: skip


def two(sampling: str, seed: int) -> Iterator[Row]:
    """Two exponentials within the sampling, 5 to 30 times apart (less in a short record)."""
    first, record = SAMPLINGS[sampling]
    random = np.random.default_rng([2, list(SAMPLINGS).index(sampling), seed])
    most = min(30.0, 0.2 * record / first)
    apart = np.exp(random.uniform(np.log(5), np.log(most)))
    fast = np.exp(random.uniform(np.log(2 * first), np.log(0.5 * record / apart)))
    taus = [float(fast), float(fast * apart)]
    noise = 10 ** random.uniform(-3, -1.3)
    time = np.arange(first, record + 0.5 * first, first)
    share = random.uniform(0.3, 0.7)
    values = share * np.exp(-time / taus[0]) + (1 - share) * np.exp(-time / taus[1])
    result = relax(time, values + noise * random.standard_normal(time.size))
    for k, tau in enumerate(taus):
        there = result.model == "two"
        low, high = (float(result.low[k]), float(result.high[k])) if there else (np.nan, np.nan)
        value = float(result.tau[k]) if there else np.nan
        outcome = resolved(value, low, high, "")[0] if there else Outcome.not_found
        yield Row(sampling, ("fast of two", "slow of two")[k], tau / first, tau / record, tau,
                  value, low, high, outcome, result.model)  # fmt: skip


def stretched(sampling: str, seed: int) -> Row:
    """A stretched exponential within the sampling, β from 0.4 to 0.8."""
    first, record = SAMPLINGS[sampling]
    random = np.random.default_rng([3, list(SAMPLINGS).index(sampling), seed])
    tau = float(np.exp(random.uniform(np.log(3 * first), np.log(0.2 * record))))
    beta, noise = random.uniform(0.4, 0.8), 10 ** random.uniform(-3, -1.3)
    time = np.arange(first, record + 0.5 * first, first)
    values = np.exp(-((time / tau) ** beta)) + noise * random.standard_normal(time.size)
    result = relax(time, values)
    there = result.model == "stretched"
    value, low, high = (
        (float(result.tau[0]), float(result.low[0]), float(result.high[0]))
        if there
        else (np.nan,) * 3
    )
    outcome = resolved(value, low, high, "")[0] if there else Outcome.not_found
    return Row(sampling, "stretched", tau / first, tau / record, tau, value, low, high, outcome,
               result.model)  # fmt: skip


@dataclass(frozen=True)
class Passed:
    """The time at which a share is left, in one case."""

    kind: str
    noise: str
    points: int
    share: str
    true: float
    low: float
    high: float
    outcome: Outcome


DESCRIBED = ("one", "two", "stretched")
UNDESCRIBED = ("three", "power", "two stretched")
KINDS = (*DESCRIBED, *UNDESCRIBED)
NOISES = {"white": 0.0, "correlated": 0.6}
POINTS = (400, 60)
SHARES = {"1/e": 1.0 / np.e, "5 %": 0.05, "half": 0.5}


def course(kind: str, random: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """A relaxation from 1 to 0 that happens between 1 and 400 s, or mostly so."""
    if kind == "stretched":
        tau, beta = random.uniform(5.0, 30.0), random.uniform(0.5, 0.8)
        return lambda t: np.exp(-((t / tau) ** beta))
    if kind == "power":
        start, power = np.exp(random.uniform(np.log(1.0), np.log(30.0))), random.uniform(0.3, 2.0)
        return lambda t: (1.0 + t / start) ** -power
    if kind == "two stretched":
        share, betas = random.uniform(0.3, 0.7), random.uniform(0.5, 0.8, 2)
        fast = random.uniform(2.0, 8.0)
        slow = fast * random.uniform(8.0, 20.0)
        return lambda t: (
            share * np.exp(-((t / fast) ** betas[0]))
            + (1 - share) * np.exp(-((t / slow) ** betas[1]))
        )
    fast = random.uniform(3.0, 10.0)
    taus = {
        "one": (random.uniform(5.0, 80.0),),
        "two": (fast, fast * random.uniform(6.0, 12.0)),
        "three": (1.5, 15.0, 120.0),
    }[kind]
    parts = random.uniform(0.3, 0.7, len(taus))
    parts /= parts.sum()
    return lambda t: sum(a * np.exp(-t / tau) for a, tau in zip(parts, taus, strict=True))


def passed(kind: str, noise: str, points: int, seed: int) -> Iterator[Passed]:
    """One relaxation over 400 s, sampled evenly, and the times at which shares of it are left."""
    random = np.random.default_rng([4, KINDS.index(kind), list(NOISES).index(noise), points, seed])
    time = np.linspace(400.0 / points, 400.0, points)
    decay = course(kind, random)
    size = 10 ** random.uniform(-3, -1.7)
    white = size * random.standard_normal(time.size)
    rough = white.copy()
    for k in range(1, time.size):
        rough[k] = NOISES[noise] * rough[k - 1] + white[k]
    result = relax(time, decay(time) + rough)
    fine = np.geomspace(time[0], 1e5, 40001)
    left = decay(fine)
    first, last = decay(time[[0, -1]])
    for share, level, name in (
        ("1/e", first / np.e, "decay"), ("5 %", 0.05 * first, "plateau"),
        ("half", 0.5 * (first + last), "half"),
    ):  # fmt: skip
        true = float(np.interp(-level, -left, fine))
        value = getattr(result, name, np.nan)
        low, high = getattr(result, f"{name}_bounds", (0.0, np.inf))
        outcome = result.outcome
        if name == "half" and outcome is Outcome.not_decidable:
            outcome = Outcome.determined
        if outcome is Outcome.determined and not (
            value <= time[-1] and low > 0.0 and high < np.inf
        ):
            outcome = Outcome.not_resolved
        yield Passed(kind, noise, points, share, true, low, high, outcome)


def measure_passed(cases: int, first: int = 0) -> list[Passed]:
    return [
        row
        for kind in KINDS
        for noise in NOISES
        for points in POINTS
        for seed in range(first, first + cases)
        for row in passed(kind, noise, points, seed)
    ]


def covered(rows: list[Passed]) -> float:
    """Share of the determined times whose bounds hold the true one; NaN: none determined."""
    fixed = [r for r in rows if r.outcome is Outcome.determined]
    return float(np.mean([r.low <= r.true <= r.high for r in fixed])) if fixed else np.nan


def table_passed(rows: list[Passed]) -> str:
    columns = ["relaxation", "noise", "samples", "left", "cases", "determined", "no model",
               "coverage", "wrong (%)", "width/true (%)"]  # fmt: skip
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for share in SHARES:
        for kind, noise, points in product(KINDS, NOISES, POINTS):
            key = (kind, noise, points, share)
            some = [r for r in rows if (r.kind, r.noise, r.points, r.share) == key]
            fixed = [r for r in some if r.outcome is Outcome.determined]
            odd = sum(r.outcome is Outcome.not_decidable for r in some)
            wide = np.median([(r.high - r.low) / r.true for r in fixed]) if fixed else np.nan
            lines.append(
                f"| {kind} | {noise} | {points} | {share} | {len(some)} | {len(fixed)} | {odd} | "
                f"{covered(some):.3f} | {100 * wrong(some):.1f} | {100 * wide:.1f} |"
            )
    return "\n".join(lines)


def wrong(rows: list[Passed]) -> float:
    """Share of all cases in which a time is said to be determined that its bounds do not hold."""
    fixed = [r for r in rows if r.outcome is Outcome.determined]
    return sum(not r.low <= r.true <= r.high for r in fixed) / len(rows)


def summary(head: list[str], rows: list[Row]) -> str:
    """Counts of what was said, and of what of it holds; bias and spread of ln τ in per cent."""
    told = [r for r in rows if np.isfinite(r.low)]
    fixed = [r for r in told if r.outcome is Outcome.determined]
    bound = [r for r in told if r.outcome is Outcome.not_resolved]
    off = np.array([np.log(r.value / r.tau) for r in fixed])
    middle = float(np.median(off)) if off.size else np.nan
    spread = float(1.4826 * np.median(np.abs(off - middle))) if off.size else np.nan
    cells = [
        *head, f"{len(rows)}", f"{len(fixed)}", f"{len(bound)}", f"{len(rows) - len(told)}",
        f"{100 * middle:+.1f}", f"{100 * spread:.1f}", _share(fixed), _share(bound),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _share(rows: list[Row]) -> str:
    return f"{held(rows):.3f}" if rows else "–"


def held(rows: list[Row]) -> float:
    """Share of the intervals that hold the true value."""
    return float(np.mean([r.low <= r.tau <= r.high for r in rows]))


COLUMNS = ["cases", "determined", "bound only", "none", "bias (%)", "spread (%)", "coverage",
           "bounds that hold"]  # fmt: skip


def header(names: list[str]) -> str:
    head = "| " + " | ".join([*names, *COLUMNS]) + " |"
    return head + "\n" + "|---" * (len(names) + len(COLUMNS)) + "|"


def measure(cases: int, first: int = 0) -> list[Row]:
    rows = []
    seeds = range(first, first + cases)
    for sampling in SAMPLINGS:
        rows += [one(sampling, seed) for seed in seeds]
        if sampling != "1 h for 15 h":
            rows += [row for seed in seeds for row in two(sampling, seed)]
            rows += [stretched(sampling, seed) for seed in seeds]
    return rows


def tables(rows: list[Row]) -> str:
    lines = ["One exponential:", "", header(["sampling", "τ is"])]
    for sampling in SAMPLINGS:
        for place in CLASSES:
            some = [r for r in rows if (r.sampling, r.kind, r.place) == (sampling, "one", place)]
            lines.append(summary([sampling, place], some))
    lines += ["", "More than one (none: another model was chosen):", ""]
    lines.append(header(["sampling", "what"]))
    for sampling in SAMPLINGS:
        for kind in ("fast of two", "slow of two", "stretched"):
            some = [r for r in rows if (r.sampling, r.kind) == (sampling, kind)]
            if some:
                lines.append(summary([sampling, kind], some))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--only", choices=["taus", "times"], help="one of the two parts")
    parser.add_argument("--first", type=int, default=0, help="first seed: others are fresh cases")
    asked = parser.parse_args()
    if asked.only != "times":
        sys.stdout.write(tables(measure(asked.cases, asked.first)) + "\n\n")
    if asked.only != "taus":
        sys.stdout.write("Times at which a share is left:\n\n")
        sys.stdout.write(table_passed(measure_passed(asked.cases, asked.first)) + "\n")


if __name__ == "__main__":
    main()
