"""How often recognition is right, how far its boundaries are off, and what its confidence is worth.

``python -m tests.protocol.statistics_recognition [--cases N]`` prints three tables: per protocol,
per perturbation, and the calibration of the confidence. Each case is a record of the generator
with random settings, perturbed at random: noise (up to 0.5 % of the largest current), lost rows
(up to 30 %, and whole runs), range glitches (up to ten, half of them flagged), a restart (10 to
1000 s, in a new file), or all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr

from anodescope.protocol import Protocol, recognise
from tests.generator import Made, paper, perturb
from tests.generator.record import Record

Maker = Callable[[np.random.Generator, int], Made]
Random = np.random.Generator


def _sgeis(random: Random, seed: int) -> Made:
    return paper.sgeis(
        sign=int(random.choice([1, -1])), start=0.05,
        stop=float(random.choice([0.5, 1.0])), step=float(random.choice([0.01, 0.02, 0.05])),
        hold=float(random.choice([5.0, 10.0])), rest=float(random.choice([0.0, 350.0])), seed=seed,
    )  # fmt: skip


def _ccd(random: Random, seed: int) -> Made:
    return paper.ccd(
        half_cycle=float(random.choice([350.0, 600.0])), geis=bool(random.random() < 0.5),
        short=str(random.choice(["hard", "soft", "reversible"])),
        short_level=int(random.integers(4, 8)), seed=seed,
    )  # fmt: skip


def _na_na(random: Random, seed: int) -> Made:
    return paper.na_na_ccd(time=300.0, ccd=float(random.choice([1.0, 2.0, 3.2])), seed=seed)


def _pulsed(random: Random, seed: int) -> Made:
    samples = (int(random.choice([5, 10])), int(random.choice([5, 10])))
    return paper.pulsed(
        rest=float(random.choice([0.1, 1.0, 2.0, 5.0, 10.0])), count=int(random.integers(20, 400)),
        samples=samples, seed=seed,
    )  # fmt: skip


def _series(random: Random, seed: int) -> Made:
    """Two or three series of pulses that differ in their rests only, one after the other."""
    record = Record()
    current = 1e-3 * record.area
    many = int(random.choice([3, 5, 10]))
    rests = random.permutation([0.1, 1.0, 2.0, 5.0, 10.0])[: int(random.integers(2, 4))]
    for rest in rests.tolist():
        record.block("pulsed", "GCPL")
        on = np.full((int(random.integers(20, 300)), many), 0.14)
        record.pulses(current, 1.0, rest, on, np.zeros_like(on))
    return record.made()


def _hold(random: Random, seed: int) -> Made:
    return paper.hold(time=float(random.choice([60.0, 300.0])), seed=seed)


def _constant(random: Random, seed: int) -> Made:
    return paper.constant_current(
        float(random.choice([-1.0, 1.0])) * float(random.choice([0.05, 0.25])), 3600.0,
        geis=bool(random.random() < 0.5), seed=seed,
    )  # fmt: skip


def _rest(random: Random, seed: int) -> Made:
    return paper.rest(float(random.choice([600.0, 3600.0])), seed=seed)


def _rest_with_peis(random: Random, seed: int) -> Made:
    return paper.rest_with_peis(float(random.choice([350.0, 1400.0])), seed=seed)


def _cycling(random: Random, seed: int) -> Made:
    return paper.cycling(
        time=600.0, cycles=int(random.integers(2, 8)),
        pause=float(random.choice([0.0, 60.0])), seed=seed,
    )  # fmt: skip


def _impedance(random: Random, seed: int) -> Made:
    return paper.impedance_only(int(random.integers(1, 6)), seed=seed)


def _steady(volts: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda t: np.full(t.size, volts)


def _amps(record: Record, *choices: float) -> list[float]:
    return [1e-3 * record.area * value for value in choices]


def _holds(random: Random, seed: int) -> Made:
    """Two holds of one current with a rest between them: no pulses."""
    record = Record(seed=seed)
    lasts, rest = float(random.choice([120.0, 600.0])), float(random.choice([60.0, 600.0]))
    (amps,) = _amps(record, float(random.choice([-0.5, 0.25, 1.0])))
    for current, time in ((amps, lasts), (0.0, rest), (amps, lasts)):
        record.block("constant_current" if current else "rest", "CP" if current else "OCV")
        record.level()
        record.hold(current, time, _steady(300.0 * current), 2.0)
    return record.made()


def _two_ccds(random: Random, seed: int) -> Made:
    """A test of the critical current and another one after it."""
    record = Record(seed=seed)
    currents = _amps(record, 0.05, 0.1, 0.2, 0.4, 0.8)[: int(random.integers(3, 6))]
    lasts = float(random.choice([120.0, 600.0]))
    for _ in range(2):
        record.block("ccd", "GCPL")
        for current in currents:
            for amps in (current, -current):
                record.level(sequence=True)
                record.hold(amps, lasts, _steady(300.0 * amps), 5.0)
    return record.made()


def _two_rates(random: Random, seed: int) -> Made:
    """A charge at one rate and then at another one."""
    record = Record(seed=seed)
    rates = _amps(record, 0.1, 0.2, 0.5)
    for current in random.permutation(rates)[:2].tolist():
        record.block("constant_current", "GCPL")
        record.level()
        record.hold(current, float(random.choice([600.0, 1800.0])), _steady(300.0 * current), 5.0)
    return record.made()


def _cycles_of_two_rates(random: Random, seed: int) -> Made:
    """Cycles that charge at two rates and discharge at one or two."""
    record = Record(seed=seed)
    low, high = _amps(record, 0.1, float(random.choice([0.2, 0.5])))
    back = (-low, -high) if random.random() < 0.5 else (-high,)
    record.block("cycling", "GCPL")
    for _ in range(int(random.integers(2, 6))):
        for amps in (low, high, *back):
            record.level(sequence=True)
            record.hold(amps, 600.0, _steady(300.0 * amps), 5.0)
    return record.made()


def _interrupted(random: Random, seed: int) -> Made:
    """One current, interrupted each half hour for a sweep at rest."""
    record = Record(seed=seed)
    (amps,) = _amps(record, float(random.choice([-0.5, 0.25, 1.0])))
    record.block("constant_current", "GCPL")
    for k in range(int(random.integers(2, 8))):
        if k:
            record.level()
            record.sweep(0.0, 35.0, _steady(1e-3), paper.cell(paper.R_INT))
        record.level()
        record.hold(amps, 1800.0, _steady(300.0 * amps), 10.0)
    return record.made()


MAKERS: dict[str, Maker] = {
    "SGEIS (then rest with PEIS)": _sgeis,
    "CCD (with or without GEIS)": _ccd,
    "CCD of Na": _na_na,
    "pulsed (then rest)": _pulsed,
    "pulses, rests change": _series,
    "staircase": _hold,
    "constant current": _constant,
    "rest": _rest,
    "rest with PEIS (after a current)": _rest_with_peis,
    "cycling": _cycling,
    "impedance only": _impedance,
    "hold, rest, hold": _holds,
    "CCD twice": _two_ccds,
    "charge at two rates": _two_rates,
    "cycles of two rates": _cycles_of_two_rates,
    "hold with sweeps at rest": _interrupted,
}


def _noise(made: Made, random: Random, seed: int) -> Made:
    return perturb.noise(made, current=float(random.choice([1e-3, 2e-3, 5e-3])), seed=seed)


def _drop(made: Made, random: Random, seed: int) -> Made:
    return perturb.drop_rows(
        made, float(random.uniform(0, 0.3)), runs=int(random.integers(0, 3)), seed=seed
    )


def _glitch(made: Made, random: Random, seed: int) -> Made:
    return perturb.glitch_ranges(made, int(random.integers(1, 11)), seed=seed)


def _restart(made: Made, random: Random, seed: int) -> Made:
    return perturb.restart(
        made, float(random.uniform(0.05, 0.95)), gap=float(10 ** random.uniform(1, 3))
    )


def _all(made: Made, random: Random, seed: int) -> Made:
    for one in (_noise, _glitch, _restart, _drop):
        made = one(made, random, seed)
    return made


PERTURBATIONS: dict[str, Callable[[Made, Random, int], Made]] = {
    "noise": _noise,
    "missing rows": _drop,
    "range glitches": _glitch,
    "restart": _restart,
    "all of them": _all,
}


@dataclass(frozen=True)
class Case:
    """One case: what was made of it, and how far off (samples) the boundaries are."""

    maker: str
    perturbation: str
    right: bool
    count_right: bool
    confidence: float
    off: np.ndarray
    found: tuple[str, ...]


def truth_counts(protocol: xr.Dataset) -> list[int]:
    """Half-cycles, stairs, pulses or sweeps of each block, from its phases."""
    counts = []
    for k, kind in enumerate(protocol["kind"].values.tolist()):
        mine = protocol["block"].values == k
        mode = protocol["mode"].values[mine].astype(object)
        level, current = (protocol[name].values[mine] for name in ("level", "current"))
        if kind in ("impedance_only", "rest_with_peis"):
            counts.append(int(np.count_nonzero(mode == "sweep")))
        elif kind in ("rest", "constant_current"):
            counts.append(1)
        elif kind == "cycling":
            sign = np.sign(current[current != 0])
            counts.append(1 + int(np.count_nonzero(np.diff(sign))))
        else:
            counts.append(len(set(level[current != 0].tolist())))
    return counts


def boundaries_off(protocol: xr.Dataset, found: Protocol, time: np.ndarray) -> np.ndarray:
    """Distance of every true boundary from the nearest one found, in samples beside it."""
    true = protocol["time_start"].values[1:]
    edges = found.boundaries
    if not true.size or not edges.size or time.size < 3:
        return np.empty(0)
    place = np.clip(np.searchsorted(edges, true), 1, edges.size - 1) if edges.size > 1 else None
    near = edges[:1] if place is None else np.where(
        np.abs(edges[place] - true) < np.abs(edges[place - 1] - true), edges[place],
        edges[place - 1],
    )  # fmt: skip
    at = np.clip(np.searchsorted(time, true), 1, time.size - 2)
    interval = np.maximum(time[at] - time[at - 1], time[at + 1] - time[at])
    return np.abs(near - true) / np.maximum(interval, 1e-9)


def run_case(maker: str, perturbation: str, seed: int) -> Case:
    random = np.random.default_rng([seed, len(maker)])
    clean = MAKERS[maker](random, seed)
    made = PERTURBATIONS[perturbation](clean, random, seed)
    campaign = made.campaign
    series = campaign["timeseries"]
    found = recognise(series, campaign["spectra"] if "spectra" in campaign.nodes else None)
    kinds = tuple(made.protocol["kind"].values.tolist())
    right = found.kinds == kinds
    counts = truth_counts(made.protocol)
    # intervals of the clean record: what the instrument would have resolved
    return Case(
        maker, perturbation, right,
        right and [block.count for block in found.blocks] == counts, found.confidence,
        boundaries_off(made.protocol, found, series["time"].values) if right else np.empty(0),
        found.kinds,
    )  # fmt: skip


# Seeds below were looked at while recognition was written or mended; these were not.
FRESH = 90_000


def run(cases: int, *, first: int = FRESH) -> list[Case]:
    """Run `cases` cases per protocol, the perturbations in turn."""
    turns = list(PERTURBATIONS)
    return [
        run_case(maker, turns[k % len(turns)], first + k) for maker in MAKERS for k in range(cases)
    ]


def _row(name: str, cases: list[Case]) -> str:
    right = [case for case in cases if case.right]
    wrong = [case for case in cases if not case.right]
    off = np.concatenate([case.off for case in right]) if right else np.empty(0)
    median, p95 = np.percentile(off, [50, 95]) if off.size else (np.nan, np.nan)
    mean = [
        f"{np.mean([case.confidence for case in some]):.3f}" if some else "–"
        for some in (right, wrong)
    ]
    counts = sum(case.count_right for case in cases)
    return (
        f"| {name} | {len(cases)} | {len(right)} | {len(wrong)} | {counts} | {median:.2f} | "
        f"{p95:.2f} | {mean[0]} | {mean[1]} |"
    )


HEAD = (
    "| {} | cases | right | wrong | counts right too | off, median (samples) | off, p95 | "
    "confidence, right | confidence, wrong |"
)
BINS = (0.0, 0.5, 0.7, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0 + 1e-9)


def calibration(cases: list[Case]) -> list[tuple[float, float, int, float, float]]:
    """Per bin of confidence: edges, cases, mean confidence, share right."""
    confidence = np.array([case.confidence for case in cases])
    right = np.array([case.right for case in cases])
    rows = []
    for low, high in pairwise(BINS):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            rows.append(
                (low, high, int(inside.sum()), confidence[inside].mean(), right[inside].mean())
            )
    return rows


def report(cases: list[Case]) -> str:
    lines = [HEAD.format("protocol"), "|---|" + "---|" * 8]
    lines += [_row(maker, [case for case in cases if case.maker == maker]) for maker in MAKERS]
    lines += ["", HEAD.format("perturbation"), "|---|" + "---|" * 8]
    lines += [
        _row(name, [case for case in cases if case.perturbation == name]) for name in PERTURBATIONS
    ]
    lines += ["", "| confidence | cases | mean confidence | share right |", "|---|---|---|---|"]
    for low, high, count, mean, share in calibration(cases):
        lines.append(f"| {low:g} to {min(high, 1):g} | {count} | {mean:.4f} | {share:.3f} |")
    wrong = [case for case in cases if not case.right]
    lines += ["", f"wrong: {len(wrong)} of {len(cases)}"]
    for case in wrong[:12]:
        short = " + ".join(case.found[:4]) + (" …" if len(case.found) > 4 else "")
        lines.append(f"- {case.maker}, {case.perturbation}: {short} ({case.confidence:.3f})")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200, help="cases per protocol")
    parser.add_argument("--first", type=int, default=FRESH, help="first seed")
    options = parser.parse_args(arguments)
    sys.stdout.write(report(run(options.cases, first=options.first)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
