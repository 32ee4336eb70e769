"""Named comparison: our solver of contact maps beside 3-D finite volumes.

The map is a thresholded Gaussian field on a periodic face, the electrolyte a slab as thick as that
of the paper's cell. Every solver runs in a fresh interpreter on one thread, and spectra of ours are
timed before and after each of finite volumes. There are two peers: what a laboratory would run, and
the strongest that we know how to make. Each is judged at its cheapest setting that is good enough.

Errors are held against one reference for both: the same geometry with its pixels split further than
any setting that is judged (as far at 512², and at 256² with gaps), extrapolated to pixels of no
size: at first order with perfect contact, else at the order observed between first and second. How
far first order or the order observed lead elsewhere is told as the reference's doubt. It is made by
our solver, so finite volumes are extrapolated too, on a map small enough, as a check of it. Two
errors are given. That of Z is a share of |Z|, most of which is the even slab that any solver gets
right. That of the interface is a share of |Z less slab|, which is what anybody wants to know. Both
are of the worst of all 30 frequencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from anodescope.bench.constriction_cases import (
    FREQUENCY,
    INTERFACES,
    REFERENCE,
    Row,
    asked,
    contact_map,
    judged,
    ours,
)
from anodescope.bench.constriction_volumes import LIMIT, PEERS, checks, volume_rows
from anodescope.bench.peers import Answer

FRACTIONS = (0.1, 0.3, 0.6)
ALLOWED = 0.01
GAP = "film and gap"

# Settings of ours, cheapest first.
SETTINGS: Mapping[str, tuple[int, ...]] = {
    "pixels as drawn": (1,),
    "pixels split in 2 × 2": (2,),
    "both, extrapolated": (1, 2),
}


@final
@dataclass(frozen=True, slots=True)
class Steps:
    """Iterations of both formulations at one frequency; −1 where a formulation cannot serve."""

    pixels: int
    interface: str
    frequency: float
    shifted: int
    recycled: int


@final
@dataclass(frozen=True, slots=True)
class Goal:
    """What was asked for, and what this run found."""

    goal: str
    wanted: str
    found: str
    met: str


def run_bench(
    *,
    sizes: Sequence[int] = (256, 512),
    largest: int = 1024,
    volumes: Sequence[int] = (64, 128, 256),
    check: int = 64,
    repeats: int = 5,
    limit: float = LIMIT,
) -> dict[str, list[Any]]:
    """Measure both sides in one run; the tables are "goals", "solvers", "iterations", "reference".

    Parameters
    ----------
    sizes : pixels along a side of the maps that ours is judged on.
    largest : one line of ours alone; 0 leaves it out.
    volumes : pixels along a side of the maps that finite volumes run on.
    check : pixels of the map on which finite volumes are extrapolated, as a check of the reference.
    repeats : of each timing of ours; the median is told.
    limit : seconds that one setting of finite volumes may take on one map.
    """
    references = {
        (pixels, fraction, interface): asked(
            "solved",
            pixels=pixels,
            fraction=fraction,
            interface=interface,
            factors=(1, 2, 4) if interface == GAP and pixels > 128 else REFERENCE[pixels],
            repeats=0,
        )
        for pixels, fraction, interface in _cases(sizes, volumes)
    }
    rows: list[Row] = []
    for case, reference in references.items():
        rows += [_our_row(case, setting, reference, repeats) for setting in SETTINGS]
    if largest:
        rows += [
            _our_row((largest, 0.3, interface), "pixels as drawn", None, repeats)
            for interface in ("perfect", "film")
        ]
    rows += volume_rows(volumes, references, ALLOWED, limit)
    return {
        "goals": goals(rows),
        "solvers": rows,
        "iterations": [step for pixels in sizes for step in steps(pixels)],
        "reference": checks(check),
    }


def _cases(sizes: Sequence[int], volumes: Sequence[int]) -> list[tuple[int, float, str]]:
    """Both interfaces of the goals, and on the smallest map of ours other fractions too."""
    maps, least = sorted({*sizes, *volumes}), min(sizes)
    found = [(pixels, 0.3, interface) for pixels in maps for interface in ("perfect", "film")]
    # Gaps are solved one frequency at a time: larger maps would only take long.
    found += [(pixels, 0.3, GAP) for pixels in maps if pixels <= least]
    others = [fraction for fraction in FRACTIONS if fraction != 0.3]
    return [*found, *((least, fraction, "perfect") for fraction in others)]


def _our_row(
    case: tuple[int, float, str], setting: str, reference: Answer | None, repeats: int
) -> Row:
    pixels, fraction, interface = case
    answer = asked(
        "solved",
        pixels=pixels,
        fraction=fraction,
        interface=interface,
        factors=SETTINGS[setting],
        # Gaps take seconds, and are in no goal.
        repeats=1 if interface == GAP else repeats,
    )
    row = Row("anodescope", setting, pixels, fraction, interface, answer.status)
    if not answer.ran:
        return row
    found = answer.arrays
    row = replace(
        row,
        seconds=float(np.median(found["seconds"])),
        iterations=int(found["iterations"].sum()),
        most=int(found["iterations"].max()),
        memory=float(found["peak_memory"]),
        residual=float(found["residual"].max()),
    )
    return judged(row, found, reference)


def steps(pixels: int, interfaces: Sequence[str] = tuple(INTERFACES)) -> list[Steps]:
    """Return the iterations of both formulations, frequency by frequency."""
    rows = []
    for interface in interfaces:
        counts = []
        for method in ("shifted", "recycled"):
            if method == "shifted" and interface == GAP:
                counts.append(np.full(FREQUENCY.size, -1))
                continue
            found = ours(contact_map(pixels), interface, method)
            counts.append(found["iterations"].values)
        rows += [
            Steps(pixels, interface, float(frequency), int(one), int(other))
            for frequency, one, other in zip(FREQUENCY, *counts, strict=True)
        ]
    return rows


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Return the goals of the issue beside what the rows hold, misses first."""
    found = [
        ratio([row for row in rows if row.interface == interface], peer, by)
        for by in ("interface_error", "error")
        for peer in PEERS
        for interface in INTERFACES
    ]
    found += [
        Goal(
            f"512², 30 frequencies, {row.interface}, {row.setting}",
            "≤ 10 s",
            f"{row.seconds:.2f} s, error of Z − slab {100 * row.interface_error:.2g} %",
            ("yes" if row.seconds <= 10.0 else "no") if row.status == "ran" else "–",
        )
        for row in rows
        if row.solver == "anodescope" and row.pixels == 512 and row.fraction == 0.3
    ]
    order = ("no", "–", "bound only", "yes")
    return sorted(found, key=lambda goal: order.index(goal.met))


def ratio(rows: Sequence[Row], peer: str, by: str) -> Goal:
    """Times of the cheapest settings of both sides that meet the error, on the same map.

    It is taken on the largest map on which both have such a setting. Where the peer has none on any
    map, the time that it spent without finishing is a bound only, and nothing is decided.

    Parameters
    ----------
    rows : of one interface.
    peer : whose time is divided by ours.
    by : "interface_error" or "error".
    """
    name = {"interface_error": "of Z − slab", "error": "of Z"}[by]
    interface = rows[0].interface if rows else "–"
    goal = f"{interface}: times faster than {peer}, both with an error {name} ≤ 1 %"
    maps = sorted({row.pixels for row in rows if row.solver == peer}, reverse=True)
    if not maps:
        return Goal(goal, "≥ 100", "finite volumes did not run", "–")
    bounds: list[str] = []
    for pixels in maps:
        here = [row for row in rows if (row.pixels, row.fraction) == (pixels, 0.3)]
        mine = _cheapest(here, "anodescope", by)
        if mine is None:
            bounds.append(f"{pixels}²: no setting of ours reached 1 %")
            continue
        theirs = _cheapest(here, peer, by)
        if theirs is not None:
            times = theirs.seconds / mine.seconds
            text = "; ".join(
                [f"{times:,.3g} ({_said(theirs, by)}; ours: {_said(mine, by)})", *bounds]
            )
            return Goal(goal, "≥ 100", text, "yes" if times >= 100.0 else "no")
        bounds += [
            f"{pixels}²: no setting that ran reached 1 %, {row.setting}: {row.status}, a bound of "
            f"{row.least / mine.seconds:,.3g}"
            for row in here
            if row.solver == peer and row.least > 0.0
        ] or [f"{pixels}²: no setting that ran reached 1 %"]
    text = "; ".join(bounds)
    if all("of ours" in bound for bound in bounds):
        return Goal(goal, "≥ 100", text, "no")
    return Goal(goal, "≥ 100", text, "bound only" if "a bound of" in text else "–")


def _cheapest(rows: Sequence[Row], solver: str, by: str) -> Row | None:
    good = [
        row
        for row in rows
        if row.solver == solver and row.status == "ran" and getattr(row, by) <= ALLOWED
    ]
    return min(good, key=lambda row: row.seconds, default=None)


def _said(row: Row, by: str) -> str:
    return (
        f"{row.pixels}², {row.setting}, {row.seconds:,.3g} s, {100 * getattr(row, by):.2g} %, "
        f"reference ± {100 * row.doubt:.1g} % of Z − slab"
        if by == "interface_error"
        else f"{row.pixels}², {row.setting}, {row.seconds:,.3g} s, {100 * getattr(row, by):.2g} %"
    )
