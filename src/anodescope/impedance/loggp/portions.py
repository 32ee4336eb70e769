"""Which rows of a stretch are inverted together, and on which of its frequencies.

Sweeps of one series need not all reach as far. Frequencies that most of a stretch has are smoothed,
and the sweeps without any others are inverted on these. Sweeps with all frequencies are a stretch
of their own where there are enough of them. A sweep that lacks something for which its neighbours
do not stand in, such as the latest one of a stream, is inverted with the others on what it has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.cuts import noise_of, smoothable
from anodescope.impedance.loggp.grids import ENOUGH
from anodescope.impedance.loggp.series import Stretch, known_points, supported
from anodescope.impedance.loggp.smoothing import FEWEST, gaps_of, logarithm

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


# Sweeps with gaps of their own are smoothed for up to so many kinds of gaps in a stretch.
KINDS = 4


@final
@dataclass(frozen=True, slots=True)
class Portion:
    """Rows that are inverted together.

    Attributes
    ----------
    stretch : what smoothing sees, on `points` only.
    points : frequencies of the whole stretch that are taken, shape (F,).
    places : of the portion's wanted rows among those of the whole stretch, shape (N,).
    chosen : which of them are to be inverted, shape (N,).
    """

    stretch: Stretch
    points: Bools
    places: Ints
    chosen: Bools


def portions(stretch: Stretch) -> list[Portion]:
    """Take a stretch apart; a wanted row is chosen in one portion at most."""
    known = known_points(stretch.missing)
    first, end, _ = stretch.wanted.indices(len(stretch.time))
    missing, places = stretch.missing[first:end], np.arange(end - first)
    found = []
    left = np.ones(places.size, np.bool_)
    whole = None if known.all() else _whole(stretch)
    if whole is not None:
        rows = places[~missing.any(axis=1)]
        found.append(Portion(whole, np.ones_like(known), rows, np.ones(rows.size, np.bool_)))
        left[rows] = False
    kinds = {row.tobytes(): ~row for row in missing[left & missing.any(axis=1)]}
    for points in [known, *list(kinds.values())[:KINDS]]:
        if (points & ~known).any() or points.sum() < ENOUGH * points.size:
            continue
        part = _on(stretch, points)
        # A sweep that has further frequencies knows more than these.
        chosen = left & missing[:, ~points].all(axis=1) & supported(part)
        found.append(Portion(part, points, places, chosen))
        left &= ~chosen
    return [portion for portion in found if portion.chosen.any() and smoothable(portion.stretch)]


def _on(stretch: Stretch, points: Bools) -> Stretch:
    if points.all():
        return stretch
    return replace(
        stretch,
        impedance=stretch.impedance[:, points],
        missing=stretch.missing[:, points],
        instants=None if stretch.instants is None else stretch.instants[:, points],
        profile=stretch.profile[np.concatenate([points, points])],
    )


def _whole(stretch: Stretch) -> Stretch | None:
    """The sweeps that lack nothing, if they are enough to be smoothed."""
    there = np.asarray(~stretch.missing.any(axis=1))
    if there.sum() < FEWEST:
        return None
    before = int(there[: stretch.wanted.start].sum())
    wanted = slice(before, before + int(there[stretch.wanted].sum()))
    impedance, time = stretch.impedance[there], stretch.time[there]
    values = logarithm(impedance)
    noise = noise_of(values, gaps_of(time), np.zeros(values.shape, np.bool_))
    return Stretch(
        impedance,
        stretch.missing[there],
        time,
        None if stretch.instants is None else stretch.instants[there],
        noise.profile,
        noise.sigma,
        wanted,
    )
