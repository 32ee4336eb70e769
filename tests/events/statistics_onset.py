"""How well onsets are found: bias, spread and coverage against knees that are known exactly.

`python -m tests.events.statistics_onset --cases 200` prints the tables. Two families of V(i): a
slope that changes (softplus), and a diverging overpotential R·i/(1 − i/i_l); and straight lines,
for false alarms. Noise 0.05–5 mV per stair, steps of 0.01, 0.02 or 0.05 mA/cm², stairs missing in
every fifth case, R_Ω known, half known, or not subtracted.

The truth follows the stated criterion: the initial slope is that of the line through the first
stairs of the exact curve. `gap` is how far this lies above the knee by the derivative at the first
stair, which is no error of the estimate but the price of the definition; `of derivative` is how
often the interval holds that knee.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome
from anodescope.events.finding import Finding, Phases, Record
from anodescope.events.onset.find import OnsetSettings, find_onsets

Floats = npt.NDArray[np.float64]
AREA = 0.385
FAMILIES = ("softplus", "diverging", "straight")
FACTORS = (1.5, 2.0, 2.5, 4.0)
SUBTRACTED = ("nothing", "half of R_Ω", "R_Ω")
HOLD, SWEEP = 5.0, 35.0


@dataclass(frozen=True)
class Curve:
    """An exact V(i) (A, V, Ω): ohmic part, and an overpotential whose slope is known."""

    family: str
    ohmic: float
    initial: float
    place: float
    width: float
    gain: float

    def overpotential(self, i: Floats) -> Floats:
        if self.family == "straight":
            return self.initial * i
        if self.family == "diverging":
            return self.initial * i / (1 - i / self.place)
        bend = self.width * np.logaddexp(0, (i - self.place) / self.width)
        return self.initial * (i + (self.gain - 1) * bend)

    def slope(self, i: Floats) -> Floats:
        if self.family == "straight":
            return np.full_like(i, self.initial)
        if self.family == "diverging":
            return self.initial / (1 - i / self.place) ** 2
        x = np.clip((i - self.place) / self.width, -500, 500)
        return self.initial * (1 + (self.gain - 1) / (1 + np.exp(-x)))

    def knee(self, initial: float, left: float, k: float, start: float) -> float:
        """Current at which slope + `left` exceeds k·initial; infinity: nowhere."""
        limit = 0.9999 * self.place if self.family == "diverging" else 1e-2
        low, high = start, limit
        wanted = k * initial - left
        if self.slope(np.array([high]))[0] <= wanted:
            return np.inf
        if self.slope(np.array([low]))[0] > wanted:
            return start
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = self.slope(np.array([middle]))[0] > wanted
            low, high = (low, middle) if above else (middle, high)
        return high


@dataclass(frozen=True)
class Case:
    curve: Curve
    current: Floats
    noise: float
    step: float
    record: Record


def make(family: str, seed: int, noise: float | None = None) -> Case:
    """One staircase with one sample per hold and sweep, as plain arrays."""
    random = np.random.default_rng([FAMILIES.index(family), seed])
    step = float(random.choice([0.01, 0.02, 0.05]))
    current = np.arange(0.05, 1.0 + step / 2, step)
    if random.random() < 0.2:
        current = current[np.sort(random.permutation(current.size)[: int(0.9 * current.size)])]
    unit = 1e-3 * AREA
    limits = (1.05, 2.5) if family == "diverging" else (0.2, 1.1)
    curve = Curve(
        family,
        ohmic=float(random.uniform(100, 1000)) / AREA,
        initial=float(random.uniform(60, 300)) / AREA,
        place=float(random.uniform(*limits)) * unit,
        width=float(random.uniform(0.005, 0.06)) * unit,
        gain=float(random.uniform(6, 20)),
    )
    sigma = 10 ** random.uniform(np.log10(5e-5), np.log10(5e-3)) if noise is None else noise
    return Case(curve, current * unit, float(sigma), step * unit,
                record(curve, current * unit, float(sigma), random))  # fmt: skip


def record(curve: Curve, current: Floats, noise: float, random: np.random.Generator) -> Record:
    n = current.size
    begin = np.arange(n) * (HOLD + SWEEP)
    start = np.stack([begin, begin + HOLD], axis=1).ravel()
    end = np.stack([begin + HOLD, begin + HOLD + SWEEP], axis=1).ravel()
    volts = np.repeat(curve.ohmic * current + curve.overpotential(current), 2)
    volts = volts + noise * random.standard_normal(2 * n)
    phases = Phases(
        start, end, np.tile(np.array(["current", "sweep"], object), n), np.repeat(current, 2),
        np.zeros(2 * n, np.int64), np.repeat(np.arange(n), 2), np.full(2 * n, -1),
        ("staircase_geis",),
    )  # fmt: skip
    return Record(
        end - 0.01, volts, volts, np.repeat(current, 2), None, np.zeros(2 * n, np.bool_), phases,
        None, None, None, None, None, np.empty(0, np.intp), AREA, True,
    )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One case under one window, one subtraction and one factor."""

    family: str
    window: str
    subtracted: str
    factor: float
    noise: float
    step: float
    top: float
    truth: float
    derivative: float
    finding: Finding


def rows(family: str, seed: int, noise: float | None = None) -> Iterator[Row]:
    """Every answer to one case, with its truth."""
    case = make(family, seed, noise)
    curve, current = case.curve, case.current
    settings = OnsetSettings(FACTORS, series_resistances=(0.5 * curve.ohmic, curve.ohmic))
    few = current[: max(5, int(np.ceil(settings.initial_share * current.size)))]
    dx = few - few.mean()
    line = float((dx * curve.overpotential(few)).sum() / (dx**2).sum())
    for one in find_onsets(case.record, settings):
        if one.outcome in (Outcome.needs_spectra, Outcome.needs_peaks):
            continue
        k = float(one.criterion.split("exceeds ")[1].split(" times")[0])
        which = 0
        if "as given" in one.criterion:
            given = float(one.criterion.split("R_Ω: ")[1].split(" Ω")[0])
            which = 1 if given < 0.75 * curve.ohmic else 2
        left = curve.ohmic * (1 - 0.5 * which)
        start = float(current[0])
        yield Row(
            family, "sweep" if "of the sweep" in one.criterion else "hold", SUBTRACTED[which], k,
            case.noise, case.step, float(current[-1]),
            curve.knee(line + left, left, k, start),
            curve.knee(float(curve.slope(current[:1])[0]) + left, left, k, start), one,
        )  # fmt: skip


@dataclass(frozen=True)
class Score:
    """What a set of rows says; lengths in steps of the staircase."""

    cases: int
    undecided: float
    determined: int
    bias: float
    spread: float
    coverage: float
    strict: float
    width: float
    missed: int
    invented: int
    gap: float


def score(many: list[Row]) -> Score:
    """Coverage counts every interval that was given: of onsets found and of censored ones."""
    told = (Outcome.determined, Outcome.censored)
    decided = [r for r in many if r.finding.outcome in told]
    found = [r for r in decided if r.finding.outcome is Outcome.determined]
    off = np.array([(r.finding.value - r.truth) / r.step for r in found if r.truth <= r.top])
    width = [(r.finding.high - r.finding.low) / r.step for r in found]
    inside = [r.finding.low <= r.truth <= r.finding.high for r in decided]
    strict = [r.finding.low <= r.derivative <= r.finding.high for r in decided]
    # within one step of the top, neither answer is wrong
    clear = [r for r in decided if abs(r.truth - r.top) > 1.5 * r.step]
    censored = Outcome.censored
    gap = [(r.truth - r.derivative) / r.step for r in many if r.truth <= r.top]
    return Score(
        len(many),
        1 - len(decided) / len(many) if many else np.nan,
        len(found),
        float(np.median(off)) if off.size else np.nan,
        float(1.4826 * np.median(np.abs(off - np.median(off)))) if off.size else np.nan,
        float(np.mean(inside)) if inside else np.nan,
        float(np.mean(strict)) if strict else np.nan,
        float(np.median(width)) if width else np.nan,
        sum(r.truth < r.top and r.finding.outcome is censored for r in clear),
        sum(r.truth > r.top and r.finding.outcome is not censored for r in clear),
        float(np.median(gap)) if gap else np.nan,
    )


def line(head: list[str], s: Score) -> str:
    cells = [*head, f"{s.cases}", f"{s.undecided:.0%}", f"{s.determined}", f"{s.bias:+.2f}",
             f"{s.spread:.2f}", f"{s.width:.1f}", f"{s.coverage:.3f}", f"{s.strict:.3f}",
             f"{s.missed}", f"{s.invented}", f"{s.gap:+.2f}"]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


COLUMNS = ["cases", "not decidable", "found", "bias", "spread", "width", "coverage",
           "of derivative", "missed", "invented", "gap"]  # fmt: skip


def header(names: list[str]) -> str:
    head = "| " + " | ".join([*names, *COLUMNS]) + " |"
    return head + "\n" + "|---" * (len(names) + len(COLUMNS)) + "|"


def table(many: list[Row]) -> str:
    """Per family, window, subtraction and factor; bias, spread, width and gap in steps."""
    lines = [header(["family", "window", "subtracted", "k"])]
    for family in FAMILIES:
        for window in ("hold", "sweep"):
            for what in SUBTRACTED:
                for k in FACTORS:
                    some = [r for r in many if (r.family, r.window, r.subtracted, r.factor)
                            == (family, window, what, k)]  # fmt: skip
                    lines.append(line([family, window, what, f"{k:g}"], score(some)))
    return "\n".join(lines)


NOISES = (5e-5, 2e-4, 5e-4, 1e-3, 5.01e-3)


def by_noise(many: list[Row]) -> str:
    """The headline criterion, per family and class of noise."""
    lines = [header(["family", "noise (mV)"])]
    for family in FAMILIES:
        for low, high in pairwise(NOISES):
            some = [r for r in many if r.family == family and low <= r.noise < high
                    and r.factor == 2.5 and r.subtracted == "R_Ω"]  # fmt: skip
            lines.append(line([family, f"{low * 1e3:g}–{high * 1e3:.1f}"], score(some)))
    return "\n".join(lines)


def measure(cases: int, first: int = 0) -> list[Row]:
    seeds = range(first, first + cases)
    return [row for family in FAMILIES for seed in seeds for row in rows(family, seed)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="first seed: others are fresh cases")
    asked = parser.parse_args()
    many = measure(asked.cases, asked.first)
    headline = "Headline (k = 2.5, R_Ω subtracted, both windows) by noise:"
    sys.stdout.write("\n".join([table(many), "", headline, "", by_noise(many), ""]))


if __name__ == "__main__":
    main()
