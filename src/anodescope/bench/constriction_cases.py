"""Maps, settings and single measurements of the comparison of contact maps."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.peers import LIMIT, Answer, ask
from anodescope.contact import constriction
from anodescope.contact.maps import gaussian_field

Array = npt.NDArray[Any]

FREQUENCY = np.logspace(-1, 7, 30)  # Hz
FACE, THICKNESS, CORRELATION = 5e-2, 0.15, 2.5e-3  # cm
CONDUCTIVITY, PERMITTIVITY = 5e-4, 30 * 8.854e-14  # S/cm, F/cm
# Ω·cm², F/cm² of the film, and F/cm² of voids 100 nm deep.
INTERFACES: Mapping[str, Mapping[str, float]] = {
    "perfect": {},
    "film": {"film_resistance": 20.0, "film_capacitance": 1e-5},
    "film and gap": {
        "film_resistance": 20.0,
        "film_capacitance": 1e-5,
        "gap_capacitance": 8.854e-9,
    },
}
# How finely the reference splits the pixels of each map.
REFERENCE: dict[int, tuple[int, ...]] = {
    64: (2, 4, 8),
    128: (2, 4, 8),
    256: (2, 4, 8),
    512: (1, 2, 4),
}
# Orders that are believed: of singular edges; of films, up to that of smooth currents; any seen.
FIRST, BETWEEN, SEEN = (1.0, 1.0), (1.0, 2.0), (0.7, 2.0)
SEED = 5
NAN = float("nan")

_WORK = "result.update(work(**{name: value.tolist() for name, value in given.items()}))"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One solver with one setting on one map.

    Attributes
    ----------
    solver, setting : whose, and how pixels were split.
    pixels, fraction, interface : the map, the share in contact, a name of `INTERFACES`.
    status : "ran", "not finished in N s", "not run: …" or "failed: …".
    least : seconds that were spent where it did not finish: a bound from below, no more.
    seconds : processor time for 30 frequencies, the median of repeats.
    beside : of a spectrum of ours, pixels as drawn, timed before and after finite volumes.
    iterations, most : of all frequencies together as the solver counts them, and of the worst;
        where a setting solves on several grids, these are added.
    memory : largest resident size of the process (MB).
    residual : largest rms miss of the potential per mean current (Ω·cm²), which ours tells.
    error, interface_error : largest |ΔZ| over |Z| and over |Z − slab|.
    worst : frequency (Hz) of the latter.
    doubt : of the reference, largest over |Z − slab|: see `solved`.
    """

    solver: str
    setting: str
    pixels: int
    fraction: float
    interface: str
    status: str
    seconds: float = NAN
    least: float = NAN
    beside: float = NAN
    iterations: int = 0
    most: int = 0
    memory: float = NAN
    residual: float = NAN
    error: float = NAN
    interface_error: float = NAN
    worst: float = NAN
    doubt: float = NAN


def contact_map(pixels: int, fraction: float = 0.3) -> Array:
    """Return the map (y, x) of so many pixels along a side; each number has its own blobs."""
    return np.asarray(
        gaussian_field(
            (pixels, pixels),
            fraction=fraction,
            correlation=CORRELATION,
            pixel=FACE / pixels,
            seed=SEED,
        )
    )


def split(contact: Array, factor: int) -> Array:
    """Return the same geometry with each pixel cut into factor × factor."""
    return np.repeat(np.repeat(contact, factor, axis=0), factor, axis=1)


def solved(
    pixels: int,
    fraction: float = 0.3,
    interface: str = "perfect",
    factors: Sequence[int] = (1,),
    method: str = "auto",
    repeats: int = 1,
) -> dict[str, Any]:
    """Solve a map by our solver, in this process; with several factors, extrapolated to none.

    Returns
    -------
    impedance, slab, residual, iterations of each frequency, and seconds of each repeat. With three
    factors also `doubt` (Ω·cm²): how far first order or the order observed lead elsewhere. Perfect
    contact is extrapolated at first order, which its singular edges are known to have, other faces
    at the order observed between first and second.
    """
    contact = contact_map(pixels, fraction)
    seconds, found = [], []
    # The first call loads libraries and is not counted.
    for _ in range(repeats + 1):
        begin = time.process_time()
        found = [ours(split(contact, factor), interface, method) for factor in factors]
        seconds.append(time.process_time() - begin)
    values = np.asarray([one["impedance"].values for one in found])
    limit = to_no_size(values, factors, FIRST if interface == "perfect" else BETWEEN)
    others = [to_no_size(values, factors, orders) for orders in (FIRST, SEEN)]
    return {
        "impedance": limit,
        "doubt": np.max([np.abs(limit - other) for other in others], axis=0),
        "slab": found[0]["slab"].values,
        "residual": np.max([one["residual"].values for one in found], axis=0),
        "iterations": np.sum([one["iterations"].values for one in found], axis=0),
        "seconds": np.asarray(seconds[1:]),
    }


def ours(contact: Array, interface: str, method: str = "auto") -> Any:
    """Return what the verb says about a map at all 30 frequencies."""
    films: dict[str, Any] = dict(INTERFACES[interface])
    return constriction(
        contact,
        pixel=FACE / len(contact),
        thickness=THICKNESS,
        conductivity=CONDUCTIVITY,
        permittivity=PERMITTIVITY,
        frequency=FREQUENCY,
        fields=False,
        method=method,
        **films,
    )


def to_no_size(
    values: Array, factors: Sequence[int], orders: tuple[float, float] = BETWEEN
) -> Array:
    """One setting as it is, two extrapolated at first order, three at the order observed.

    Parameters
    ----------
    orders : the least and the largest that are believed, of three.
    """
    if len(factors) == 1:
        return np.asarray(values[0])
    coarse, fine = values[-2], values[-1]
    ratio = np.full(fine.shape, factors[-1] / factors[-2])
    if len(factors) == 3:
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = np.abs((values[0] - values[1]) / (values[1] - values[2]))
        # Where nothing changes any more there is no order, and none is needed.
        ratio = np.clip(np.nan_to_num(seen, nan=2.0), 2.0 ** orders[0], 2.0 ** orders[1])
    return np.asarray(fine + (fine - coarse) / (ratio - 1.0))


def judged(row: Row, found: Mapping[str, Array], reference: Answer | None) -> Row:
    """Return a row with its errors, where there is a reference.

    Parameters
    ----------
    found : `impedance`; and `frequency` where they are not all 30, or in another order.
    """
    if reference is None or not reference.ran:
        return row
    at = np.searchsorted(FREQUENCY, 0.999 * found.get("frequency", FREQUENCY))
    whole = np.abs(reference.arrays["impedance"] - reference.arrays["slab"])
    missed = np.abs(found["impedance"] - reference.arrays["impedance"][at])
    slab = reference.arrays["slab"][at]
    share = missed / np.abs(reference.arrays["impedance"][at] - slab)
    return replace(
        row,
        error=float((missed / np.abs(reference.arrays["impedance"][at])).max()),
        interface_error=float(share.max()),
        worst=float(FREQUENCY[at[int(share.argmax())]]),
        doubt=float((reference.arrays["doubt"] / whole).max()),
    )


def asked(
    function: str, *, module: str = "constriction_cases", limit: float = LIMIT, **given: Any
) -> Answer:
    """Run a function of this package in a fresh interpreter; it returns arrays by name.

    Parameters
    ----------
    limit : seconds after which it is stopped.
    """
    prepare = f"from anodescope.bench.{module} import {function} as work"
    return ask(("anodescope",), prepare, _WORK, given, python=Path(sys.executable), limit=limit)
