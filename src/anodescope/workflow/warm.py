"""Compile every kernel once, so that no measurement waits: ``python -m anodescope.workflow.warm``.

Small made-up data go through each analysis that has kernels. Machine code is kept (see
`anodescope.compiling`), so a second call only loads it. Byte code is kept as well, which some
installers and PYTHONDONTWRITEBYTECODE leave out: without it, each process compiles half a million
lines of Python of NumPy, Numba and xarray before it begins.
"""

from __future__ import annotations

import py_compile
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from anodescope.campaign import Campaign, build_node
from anodescope.cell.cell import Cell
from anodescope.cell.kinetics import ButlerVolmer
from anodescope.cell.simulate import simulate
from anodescope.contact.wetting import NAK, press
from anodescope.events import evaluate
from anodescope.events.onset.knee import knees
from anodescope.impedance import drt, track_peaks, validate
from anodescope.protocol import protocols

Floats = npt.NDArray[np.float64]


def warm() -> None:
    """Run each analysis on data that take all of its branches."""
    frequency = np.geomspace(1e5, 1e-1, 31)
    omega = 2j * np.pi * frequency
    plain = 5 + 20 / (1 + (1e-4 * omega) ** 0.9) + 50 / (1 + (0.1 * omega) ** 0.8)
    shares = 1 + 0.01 * np.arange(6)
    rows = plain[None, :] * shares[:, None]
    series = (np.tile(frequency, (len(rows), 1)), rows)
    validate(series)
    for method in ("auto", "drttools"):
        track_peaks(drt(series, method))
    drt((frequency, plain - 8 / (1 + omega)))
    _short_circuit()
    _knee()
    rest = protocols.rest_with_peis(70.0)
    simulate(Cell(kinetics=ButlerVolmer()), protocols.hold(0.1, 1.0) + rest)
    press(np.cos(np.arange(64.0)).reshape(8, 8), pixel=1.0, liquid=NAK, pressure=1.0)


def _short_circuit() -> None:
    """Evaluate half-cycles of which the fourth falls to a tenth."""
    edges = np.arange(7) * 100.0
    time = np.arange(0.5, 600.0, 1.0)
    half = (time // 100).astype(int)
    current = np.where(half % 2 == 0, 1e-3, -1e-3)
    voltage = 1e2 * current * (1 + 1e-3 * np.sin(time))
    voltage[(time > 350) & (time < 380)] *= 0.1
    voltage[time > 550] *= 0.05
    timeseries = build_node("timeseries", {"time": time, "voltage": voltage, "current": current})
    protocol = build_node(
        "protocol",
        {
            "time_start": edges[:-1], "time_end": edges[1:],
            "current": np.where(np.arange(6) % 2 == 0, 1e-3, -1e-3), "mode": ["current"] * 6,
            "block": np.zeros(6, int), "level": np.arange(6),
            "kind": ["cycling"], "confidence": [1.0], "count": [6],
        },
    )  # fmt: skip
    nodes = {"timeseries": timeseries, "protocol": protocol}
    evaluate(Campaign(nodes, {"current_sign": "strips"}))


def _knee() -> None:
    current = np.linspace(1e-4, 1e-3, 20)
    voltage = 100 * current + 1e9 * np.maximum(current - 6e-4, 0) ** 3
    knees(current, voltage, np.array([0.0, 50.0]), np.array([1.5, 2.0]))


def keep_byte_code(modules: Iterable[ModuleType] | None = None) -> int:
    """Compile the source of all modules that are imported, where that was not done before.

    Parameters
    ----------
    modules : of these only.

    Returns
    -------
    number of files written; where nothing can be written it is 0, and nothing else is lost.
    """
    written = 0
    for module in list(sys.modules.values() if modules is None else modules):
        spec = getattr(module, "__spec__", None)
        source, target = getattr(spec, "origin", None), getattr(spec, "cached", None)
        if not source or not target or not source.endswith(".py") or Path(target).exists():
            continue
        try:
            py_compile.compile(source, cfile=target, doraise=True, quiet=1)
        except (OSError, py_compile.PyCompileError):
            continue
        written += 1
    return written


if __name__ == "__main__":
    warm()
    keep_byte_code()
