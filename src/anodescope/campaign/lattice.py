"""The lattice of relaxation times: log10 τ = k/n, anchored at 1 s, so that any two rows align."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import SchemaError

TOLERANCE = 1e-6  # of one lattice step


def steps_per_decade(tau: NDArray[np.float64]) -> int | None:
    """Return n of the lattice log10 τ = k/n; None where fewer than two points leave it open.

    Raises
    ------
    SchemaError
        when `tau` (s) is not positive and increasing, not uniform in log10, or not anchored at 1 s.
    """
    if not np.all(np.isfinite(tau) & (tau > 0)):
        raise SchemaError("Node drt, variable tau: expected positive finite times.")
    if tau.size < 2:
        return None
    logs = np.log10(tau)
    n = round(float((tau.size - 1) / (logs[-1] - logs[0]))) if logs[-1] > logs[0] else 0
    if n < 1 or not np.allclose(np.diff(logs) * n, 1.0, rtol=0, atol=TOLERANCE):
        raise SchemaError(
            "Node drt, variable tau: expected times that increase uniformly in log10, "
            "a whole number of them per decade."
        )
    if not np.allclose(logs * n, np.round(logs * n), rtol=0, atol=TOLERANCE):
        raise SchemaError(
            f"Node drt, variable tau: expected {n} times per decade anchored at 1 s "
            f"(log10 τ · {n} an integer), found {tau[0]:.6g} s as the first."
        )
    return n


def union(taus: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], list[int]]:
    """Return the lattice that holds all of `taus`, and the place of each one's first point.

    Raises
    ------
    SchemaError
        when the lattices have different numbers of points per decade.
    """
    filled = [tau for tau in taus if tau.size]
    if not filled:
        return np.empty(0), [0] * len(taus)
    if all(np.array_equal(tau, filled[0]) for tau in filled):
        return filled[0], [0] * len(taus)
    known = {n for tau in filled if (n := steps_per_decade(tau)) is not None}
    if len(known) != 1:
        found = " and ".join(str(n) for n in sorted(known)) or "an unknown number of"
        raise SchemaError(
            f"Node drt, variable tau: expected one lattice, found {found} points per decade; "
            "compute the distributions on the same lattice."
        )
    n = known.pop()
    firsts = [round(float(np.log10(tau[0])) * n) if tau.size else None for tau in taus]
    low = min(k for k in firsts if k is not None)
    high = max(k + tau.size for k, tau in zip(firsts, taus, strict=True) if k is not None)
    lattice = 10.0 ** (np.arange(low, high) / n)
    places = [0 if k is None else k - low for k in firsts]
    for tau, place in reversed(list(zip(taus, places, strict=True))):
        # The bits as given; where rows overlap, those of the first.
        lattice[place : place + tau.size] = tau
    return lattice, places
