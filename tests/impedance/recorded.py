"""Series of sweeps as an instrument would have recorded them, with drifts whose size is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anodescope.campaign import Campaign, build_node

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

GAP = 2.0  # s between two sweeps


def point_times(frequency: Floats) -> Floats:
    """Instants (s) in the middle of each point: three periods and 50 ms per point."""
    lasts = 3 / frequency + 0.05
    return np.cumsum(lasts) - lasts / 2


def duration(frequency: Floats) -> float:
    """Seconds from the first to the last point of a sweep."""
    times = point_times(frequency)
    return float(times[-1] - times[0])


def sweep_starts(frequency: Floats, count: int, gap: float = GAP) -> Floats:
    """Return when each of `count` sweeps starts (s)."""
    return np.arange(count) * (float(np.sum(3 / frequency + 0.05)) + gap)


def sweeps(
    frequency: Floats,
    impedance: Callable[[Floats], Complexes],
    count: int,
    *,
    noise: float = 0.0,
    generator: np.random.Generator | None = None,
    gap: float = GAP,
    bias: Floats | float = 0.0,
    dc: Callable[[Floats], Floats] | None = None,
    dc_noise: float = 0.0,
    amplitude: float = 0.005,
    technique: str = "GEIS",
) -> dict[str, npt.NDArray[Any]]:
    """Record `count` sweeps; each point sees the cell at its own instant.

    Parameters
    ----------
    impedance : Z (Ω) at each frequency when measured at these instants (s, shape (F,)).
    bias : dc current (A), one or one per sweep.
    dc : dc voltage (V) at these instants; None: none is recorded.
    dc_noise : of each dc voltage (V).
    amplitude : of the voltage at the lowest frequency of the first sweep (V).
    """
    rng = generator or np.random.default_rng(0)
    times = sweep_starts(frequency, count, gap)[:, None] + point_times(frequency)
    z = np.array([impedance(row) for row in times])
    z = z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    current = amplitude / np.abs(z[0, -1])
    values = {
        "impedance": z,
        "frequency": np.broadcast_to(frequency, z.shape),
        "time": times,
        "valid": np.ones(z.shape, dtype=bool),
        "grid": np.zeros(count, dtype=int),
        "time_start": times[:, 0],
        "time_end": times[:, -1],
        "electrode": np.full(count, "cell", dtype=object),
        "technique": np.full(count, technique, dtype=object),
        "current_amplitude": np.full(z.shape, current),
        "bias_current": np.broadcast_to(np.asarray(bias, float), count),
    }
    if dc is not None:
        values["voltage"] = dc(times) + dc_noise * rng.standard_normal(times.shape)
    return values


def series(*args: Any, **kwargs: Any) -> Campaign:
    """Return a campaign of `sweeps`."""
    return Campaign({"spectra": build_node("spectra", sweeps(*args, **kwargs))})


def many(cases: Sequence[dict[str, npt.NDArray[Any]]]) -> Campaign:
    """Return one campaign of several series, so far apart that none is another's neighbour."""
    for place, values in enumerate(cases):
        for name in ("time", "time_start", "time_end"):
            values[name] = values[name] + 1e7 * place
    joined = {name: np.concatenate([values[name] for values in cases]) for name in cases[0]}
    return Campaign({"spectra": build_node("spectra", joined)})
