"""How well the critical stripping capacity is found, measured.

    python -m tests.events.statistics_capacity --cases 200

Cells of `tests.generator`: pulses (on 0.2 to 5 s, rest 0.1 to 10 s), one current with and without
sweeps; 0.1 to 2 mA/cm², capacities of 0.02 to 5 mAh/cm², curves of |V| that turn up slowly or
steeply, noise of 0.1 to 10 mV, with and without a column of the current, lost rows, glitches.
*Without iR* has the limit within the curve (1 to 2 V, so that the cut-off at 3 V lies beyond it).
Bias and spread are in per cent of the truth; *censored right*: of the records that end before the
limit, those that are called so, with a lower bound below the truth.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.capacity.find import CapacitySettings, find_capacity
from anodescope.events.finding import Finding, Record
from tests.generator import Made, paper, perturb

KINDS = ("pulsed", "constant current", "with sweeps", "censored", "without iR")
AREA = 0.385


@dataclass
class Row:
    """One row of the table."""

    kind: str
    error: list[float] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    covered: int = 0
    missed: int = 0
    right: int = 0  # censored ones
    cases: int = 0

    def add(self, found: Finding, truth: float) -> None:
        self.cases += 1
        if not np.isfinite(truth):
            good = found.outcome is Outcome.censored and np.isinf(found.high)
            self.right += good
            self.missed += not good
        elif found.outcome not in (Outcome.determined, Outcome.not_resolved):
            self.missed += 1
        else:
            self.error.append(100 * (found.value - truth) / truth)
            self.width.append(100 * (found.high - found.low) / truth)
            self.covered += found.low * (1 - 1e-12) <= truth <= found.high * (1 + 1e-12)

    @property
    def coverage(self) -> float:
        return self.covered / max(len(self.error), 1)

    def line(self) -> str:
        if not self.error:
            right = f"{self.right / max(self.cases, 1):.1%}"
            return f"| {self.kind} | {self.cases} | {self.missed} | – | – | – | – | {right} |"
        error = np.array(self.error)
        spread = 0.5 * (np.quantile(error, 0.84) - np.quantile(error, 0.16))
        return (
            f"| {self.kind} | {self.cases} | {self.missed} | {np.median(error):+.4f} "
            f"| {spread:.4f} | {np.median(self.width):.4f} | {self.coverage:.1%} | – |"
        )


def make(kind: str, random: np.random.Generator) -> tuple[Made, CapacitySettings, float]:
    """Make one case: the campaign, the settings, the truth (C; infinity: not reached)."""
    current = float(10 ** random.uniform(-1, 0.3))
    common = {
        "current": current,
        "shape": float(random.choice([3.0, 6.0, 20.0])),
        "voltage_noise": float(10 ** random.uniform(-4, -2)),
        "seed": int(random.integers(2**31)),
    }
    if kind == "pulsed" or (kind in ("censored", "without iR") and random.random() < 0.5):
        on = float(10 ** random.uniform(-0.7, 0.7))
        pulses = float(10 ** random.uniform(1, 3.5))
        pulsed = {**common, "on": on, "rest": float(10 ** random.uniform(-1, 1)),
                  "samples": (int(random.integers(3, 12)), int(random.integers(3, 8)))}  # fmt: skip
        if kind == "censored":
            pulsed["count"] = max(int(pulses / 2), 1)
        made = paper.pulsed(capacity=pulses * on * current / 3600, **pulsed)
    else:
        capacity = float(10 ** random.uniform(-1.7, 0.7))
        lasts = capacity * 3600 / current
        longer = 0.6 if kind == "censored" else 1.2
        made = paper.constant_current(
            time=longer * lasts,
            capacity=capacity,
            geis=kind == "with sweeps" and lasts < 7200,
            interval=lasts / float(10 ** random.uniform(1.5, 3.5)),
            **common,
        )
    settings, truth = CapacitySettings(), float(made.truth["capacity"])
    if kind == "without iR":
        ohmic = float(made.truth["r_ohmic"])
        settings = CapacitySettings(limit=float(random.uniform(1, 2)), series_resistance=ohmic)
        truth = _crossing(made, settings.limit + current * 1e-3 * AREA * ohmic, common["shape"])
    return _spoiled(made, random), settings, truth


def _crossing(made: Made, volts: float, shape: float) -> float:
    """Return the charge (C) at which the generated curve passes a voltage."""
    amps, total = float(made.truth["current"]), float(made.truth["capacity"])
    base = amps * (made.truth["r_ohmic"] + paper.R_INT)
    return total * float(((volts - base) / (made.truth["limit"] - base)) ** (1 / shape))


def _spoiled(made: Made, random: np.random.Generator) -> Made:
    """Let half of the records suffer."""
    seed, what = int(random.integers(2**31)), random.random()
    if what < 0.15:
        return perturb.drop_rows(made, 0.05, seed=seed)
    if what < 0.3:
        return perturb.glitch_ranges(made, 5, seed=seed)
    if what < 0.45:
        series = made.campaign["timeseries"].drop_vars(["current", "current_density", "charge"])
        return Made(made.campaign.with_node("timeseries", series), made.protocol, made.truth)
    return made


def measure(cases: int, seed: int = 1) -> list[Row]:
    """Measure all rows."""
    random = np.random.default_rng(seed)
    rows = []
    for kind in KINDS:
        row = Row(kind)
        for _ in range(cases):
            made, settings, truth = make(kind, random)
            basis = "voltage_minus_ohmic" if kind == "without iR" else "voltage"
            found = [
                one
                for one in find_capacity(Record.of(made.campaign, made.protocol), settings)
                if one.basis == basis
            ]
            row.add(found[0], truth)
        rows.append(row)
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.perf_counter()
    lines = [
        "| case | cases | missed | bias (%) | spread (%) | width of the interval (%) | covered "
        "| censored right |",
        "|" + "---|" * 8,
        *(row.line() for row in measure(given.cases, given.seed)),
        "",
        f"{time.perf_counter() - began:.1f} s",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
