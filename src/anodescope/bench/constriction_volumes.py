"""The side of finite volumes in the comparison of contact maps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.constriction_cases import (
    CONDUCTIVITY,
    FACE,
    FREQUENCY,
    INTERFACES,
    NAN,
    PERMITTIVITY,
    THICKNESS,
    Row,
    asked,
    contact_map,
    judged,
    ours,
    split,
    to_no_size,
)
from anodescope.bench.finite_volumes import Volumes, finite_volumes
from anodescope.bench.peers import Answer

Array = npt.NDArray[Any]

SOLVER = "3-D finite volumes"
# Places in FREQUENCY: all, and neighbours about the worst where each takes long. Neighbours, since
# each starts from the one before; perfect contact is one solve for all, so it is never scaled.
ALL, FEW = tuple(range(FREQUENCY.size)), tuple(range(20, 26))


@final
@dataclass(frozen=True, slots=True)
class Cut:
    """A setting of finite volumes: pixels split in so many, the tolerance, the frequencies."""

    factors: tuple[int, ...]
    tolerance: float
    places: tuple[int, ...]


CUTS: Mapping[str, Cut] = {
    "cells as pixels, tolerance 1e-3": Cut((1,), 1e-3, ALL),
    "cells as pixels, tolerance 1e-5": Cut((1,), 1e-5, ALL),
    "cells as pixels and halved, extrapolated, tolerance 1e-5": Cut((1, 2), 1e-5, FEW),
}


@final
@dataclass(frozen=True, slots=True)
class Check:
    """What a reference rests on: |Z − slab| (Ω·cm²) as pixels are split, and of no size.

    Attributes
    ----------
    factors : pixels split in so many, along a side.
    values : |Z − slab| of each.
    order : observed on the last three.
    extrapolated : to pixels of no size.
    apart : from that of ours, over it.
    """

    solver: str
    pixels: int
    interface: str
    frequency: float
    factors: str
    values: str
    order: float
    extrapolated: float
    apart: float = NAN


def _volumes(
    contact: Array, interface: str, places: Sequence[int], factor: int, tolerance: float
) -> Volumes:
    films: dict[str, Any] = dict(INTERFACES[interface])
    return finite_volumes(
        contact,
        pixel=FACE / len(contact),
        thickness=THICKNESS,
        conductivity=CONDUCTIVITY,
        permittivity=PERMITTIVITY,
        # From the highest down, as ours; each starts from the one before.
        frequency=FREQUENCY[list(places)],
        split=factor,
        tolerance=tolerance,
        **films,
    )


def in_turns(
    pixels: int,
    fraction: float,
    interface: str,
    factors: Sequence[int],
    tolerance: float,
    places: Sequence[int],
) -> dict[str, Any]:
    """Solve by finite volumes, before and after it by ours.

    Returns
    -------
    frequency, impedance and iterations of each frequency, seconds of all, and `beside`, seconds of
    a spectrum of ours with its pixels as drawn before and after.
    """
    contact = contact_map(pixels, fraction)
    order = sorted(places, reverse=True)
    ours(contact, interface)
    beside = [_timed(lambda: ours(contact, interface))]
    found: list[Volumes] = []
    seconds = _timed(
        lambda: found.extend(
            _volumes(contact, interface, order, factor, tolerance) for factor in factors
        )
    )
    beside.append(_timed(lambda: ours(contact, interface)))
    return {
        "frequency": FREQUENCY[order],
        "impedance": to_no_size(np.asarray([one.impedance for one in found]), factors),
        "iterations": np.sum([one.iterations for one in found], axis=0),
        "seconds": seconds,
        "beside": np.asarray(beside),
    }


def _timed(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def volume_rows(
    pixels: int,
    references: Mapping[tuple[int, float, str], Answer],
    interfaces: Sequence[str] = ("perfect", "film"),
) -> list[Row]:
    """Return the rows of finite volumes on one map, seconds scaled to 30 frequencies."""
    return [
        _volume_row((pixels, 0.3, interface), setting, references.get((pixels, 0.3, interface)))
        for interface in interfaces
        for setting in CUTS
    ]


def _volume_row(case: tuple[int, float, str], setting: str, reference: Answer | None) -> Row:
    pixels, fraction, interface = case
    cut = CUTS[setting]
    places = ALL if interface == "perfect" else cut.places
    answer = asked(
        "in_turns",
        module="constriction_volumes",
        pixels=pixels,
        fraction=fraction,
        interface=interface,
        factors=cut.factors,
        tolerance=cut.tolerance,
        places=places,
    )
    row = Row(SOLVER, setting, pixels, fraction, interface, answer.status)
    if not answer.ran:
        return row
    found = answer.arrays
    row = replace(
        row,
        frequencies=len(places),
        seconds=float(found["seconds"]) * FREQUENCY.size / len(places),
        beside=float(found["beside"].mean()),
        iterations=int(found["iterations"].sum()),
        most=int(found["iterations"].max()),
        memory=float(found["peak_memory"]),
    )
    return judged(row, found, reference)


def checks(
    pixels: int,
    places: Sequence[int] = (29, 20, 0),
    cuts: Mapping[str, Sequence[int]] | None = None,
) -> list[Check]:
    """Extrapolate both sides on a small map: what the reference and its check rest on.

    Parameters
    ----------
    cuts : splits of "anodescope" and of finite volumes.
    """
    cuts = cuts or {"anodescope": (2, 4, 8), SOLVER: (1, 2, 4)}
    contact = contact_map(pixels)
    rows: list[Check] = []
    for interface in ("perfect", "film"):
        mine = np.asarray(
            [ours(split(contact, cut), interface)["impedance"].values for cut in cuts["anodescope"]]
        )[:, list(places)]
        theirs = np.asarray(
            [_volumes(contact, interface, places, cut, 1e-7).impedance for cut in cuts[SOLVER]]
        )
        for at, place in enumerate(places):
            frequency = float(FREQUENCY[place])
            slab = THICKNESS / (CONDUCTIVITY + 2j * np.pi * frequency * PERMITTIVITY)
            first = NAN
            for solver, values in (("anodescope", mine), (SOLVER, theirs)):
                where = (solver, pixels, interface, frequency)
                row = _check(where, cuts[solver], values[:, at] - slab, first)
                first = row.extrapolated if np.isnan(first) else first
                rows.append(row)
    return rows


def _check(
    where: tuple[str, int, str, float], cuts: Sequence[int], values: Array, other: float
) -> Check:
    before, after = np.abs(np.diff(values))[-2:]
    limit = float(np.abs(to_no_size(values[:, None], cuts)[0]))
    return Check(
        *where,
        factors=", ".join(map(str, cuts)),
        values=", ".join(f"{abs(value):.4f}" for value in values),
        order=float(np.log2(before / after)) if after > 0.0 else NAN,
        extrapolated=limit,
        apart=limit / other - 1.0,
    )
