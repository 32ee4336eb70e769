"""The side of finite volumes in the comparison of contact maps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.constriction_cases import (
    BETWEEN,
    CONDUCTIVITY,
    FACE,
    FIRST,
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

# Two peers: what a laboratory would run, and the strongest that we know how to make.
SCIPY = "3-D finite volumes, SciPy's own (CG, Jacobi)"
MULTIGRID = "3-D finite volumes, our multigrid"
PEERS: Mapping[str, str] = {SCIPY: "jacobi", MULTIGRID: "multigrid"}
# Seconds that a row may take.
LIMIT = 900.0


@final
@dataclass(frozen=True, slots=True)
class Cut:
    """A setting of finite volumes: pixels split in so many, the tolerance, the largest map."""

    factors: tuple[int, ...]
    tolerance: float
    largest: int = 256


# Cheap ones first: what comes after one that is good enough is not run. Larger maps than these take
# more than 6 GB with complex numbers.
CUTS: Mapping[str, Cut] = {
    "cells as pixels, tolerance 1e-3": Cut((1,), 1e-3),
    "cells as pixels, tolerance 1e-4": Cut((1,), 1e-4),
    "cells cut in 1, 2, extrapolated, tolerance 1e-3": Cut((1, 2), 1e-3),
    "cells cut in 1, 2, extrapolated, tolerance 1e-4": Cut((1, 2), 1e-4),
    "cells cut in 2, 3, extrapolated, tolerance 1e-4": Cut((2, 3), 1e-4, 128),
    "cells cut in 1, 2, 4, extrapolated, tolerance 1e-4": Cut((1, 2, 4), 1e-4, 128),
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
    asymptotic : whether the two last steps point one way and shrink with an order from 0.8 to 2.2.
        Elsewhere no extrapolation is to be trusted beyond its own step.
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
    asymptotic: bool = True


def _volumes(
    contact: Array,
    interface: str,
    places: Sequence[int],
    factor: int,
    tolerance: float,
    preconditioner: str = "multigrid",
) -> Volumes:
    films: dict[str, Any] = dict(INTERFACES[interface])
    return finite_volumes(
        contact,
        pixel=FACE / len(contact),
        thickness=THICKNESS,
        conductivity=CONDUCTIVITY,
        permittivity=PERMITTIVITY,
        # In the order given; each starts from the one before.
        frequency=FREQUENCY[list(places)],
        split=factor,
        tolerance=tolerance,
        preconditioner=preconditioner,
        **films,
    )


def in_turns(
    pixels: int,
    fraction: float,
    interface: str,
    factors: Sequence[int],
    tolerance: float,
    preconditioner: str,
) -> dict[str, Any]:
    """Solve by finite volumes from the highest frequency down, before and after it by ours.

    Returns
    -------
    frequency, impedance and iterations of each frequency, seconds of all, and `beside`, seconds of
    a spectrum of ours with its pixels as drawn before and after.
    """
    contact = contact_map(pixels, fraction)
    order = range(FREQUENCY.size)[::-1]
    ours(contact, interface)
    beside = [_timed(lambda: ours(contact, interface))]
    # The first call loads libraries, as ours did.
    _volumes(contact_map(16), interface, order, 1, tolerance, preconditioner)
    found: list[Volumes] = []
    seconds = _timed(
        lambda: found.extend(
            _volumes(contact, interface, order, factor, tolerance, preconditioner)
            for factor in factors
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
    sizes: Sequence[int],
    references: Mapping[tuple[int, float, str], Answer],
    allowed: float,
    limit: float = LIMIT,
) -> list[Row]:
    """Return the rows of both peers on all maps that have a reference, small maps first.

    On each map settings are tried cheap ones first, until one has no larger error of Z − slab than
    `allowed`. One that does not finish in `limit` seconds is not tried on larger maps, nor are the
    costlier ones on this.
    """
    rows = []
    for solver in PEERS:
        for interface in INTERFACES:
            late: set[str] = set()
            for pixels in sorted(sizes):
                case = (pixels, 0.3, interface)
                if case in references:
                    rows += _until_good(solver, case, references[case], late, allowed, limit)
    return rows


def _until_good(
    solver: str,
    case: tuple[int, float, str],
    reference: Answer,
    late: set[str],
    allowed: float,
    limit: float,
) -> list[Row]:
    rows: list[Row] = []
    for setting, cut in CUTS.items():
        blank = Row(solver, setting, *case, "ran")
        if case[0] > cut.largest:
            rows.append(replace(blank, status="not run: too large"))
            continue
        if setting in late:
            # What a smaller map did not do in the time, this one does not either.
            rows.append(replace(blank, status="not run: too slow on a smaller map", least=limit))
            break
        row = _volume_row(blank, cut, reference, limit)
        rows.append(row)
        if row.status.startswith("not finished"):
            late.add(setting)
            break
        if row.interface_error <= allowed:
            break
    return rows


def _volume_row(row: Row, cut: Cut, reference: Answer | None, limit: float) -> Row:
    answer = asked(
        "in_turns",
        module="constriction_volumes",
        limit=limit,
        pixels=row.pixels,
        fraction=row.fraction,
        interface=row.interface,
        factors=cut.factors,
        tolerance=cut.tolerance,
        preconditioner=PEERS[row.solver],
    )
    if answer.status.startswith("failed: not done after"):
        return replace(row, status=f"not finished in {limit:.0f} s", least=limit)
    if not answer.ran:
        return replace(row, status=answer.status)
    found = answer.arrays
    row = replace(
        row,
        seconds=float(found["seconds"]),
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
    cuts : splits of "anodescope" and of finite volumes with our multigrid.
    """
    cuts = cuts or {"anodescope": (2, 4, 8), MULTIGRID: (1, 2, 4)}
    contact = contact_map(pixels)
    rows: list[Check] = []
    for interface in ("perfect", "film"):
        mine = np.asarray(
            [ours(split(contact, cut), interface)["impedance"].values for cut in cuts["anodescope"]]
        )[:, list(places)]
        theirs = np.asarray(
            [_volumes(contact, interface, places, cut, 1e-7).impedance for cut in cuts[MULTIGRID]]
        )
        for at, place in enumerate(places):
            frequency = float(FREQUENCY[place])
            slab = THICKNESS / (CONDUCTIVITY + 2j * np.pi * frequency * PERMITTIVITY)
            first = NAN
            for solver, values in (("anodescope", mine), (MULTIGRID, theirs)):
                where = (solver, pixels, interface, frequency)
                row = _check(where, cuts[solver], values[:, at] - slab, first)
                first = row.extrapolated if np.isnan(first) else first
                rows.append(row)
    return rows


def _check(
    where: tuple[str, int, str, float], cuts: Sequence[int], values: Array, other: float
) -> Check:
    steps = np.diff(values)[-2:]
    before, after = np.abs(steps)
    orders = FIRST if where[2] == "perfect" else BETWEEN
    limit = float(np.abs(to_no_size(values[:, None], cuts, orders)[0]))
    order = float(np.log2(before / after)) if after > 0.0 else NAN
    # Less than 45° between the steps, as complex numbers.
    one_way = float((steps[0] * np.conj(steps[1])).real) > np.sqrt(0.5) * before * after
    return Check(
        *where,
        factors=", ".join(map(str, cuts)),
        values=", ".join(f"{abs(value):.4f}" for value in values),
        order=order,
        extrapolated=limit,
        apart=limit / other - 1.0,
        asymptotic=bool(one_way and 0.8 <= order <= 2.2),
    )
