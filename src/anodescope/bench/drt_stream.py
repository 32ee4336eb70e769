"""Named measurement: what a stream costs per sweep, and how far it revises what it said at first.

Sweeps of set A come one by one. The first estimate of each is held against its final one, and the
final one against the method on the whole series at once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.metrics import relative_l2
from anodescope.bench.peers import ask_ourselves
from anodescope.bench.spectra import sets_a_and_b
from anodescope.impedance import DrtStream, drt
from anodescope.impedance.loggp.stream import FULL_LAG

Floats = npt.NDArray[np.float64]

SWEEPS, LAGS = 150, (2, 8, FULL_LAG)
NAN = float("nan")
_PREPARE = "from anodescope.bench.drt_stream import measure"
_WORK = "result.update(measure(given))"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One lag.

    Attributes
    ----------
    lag : K: sweeps after which an estimate is final.
    sweeps, status : how many came, and how it went.
    ms_median, ms_p99 : processor time of one `append`.
    ms_sweep : processor time of all, `finish` included, per sweep.
    revision_l2, revision_p90 : ‖first − final‖/‖final‖ of γ, median and 90th percentile.
    final_l2 : largest ‖final − batch‖/‖batch‖ of sweeps that had `lag` sweeps after them.
    peak_memory : largest resident size (MB).
    """

    lag: int
    sweeps: int
    status: str
    ms_median: float = NAN
    ms_p99: float = NAN
    ms_sweep: float = NAN
    revision_l2: float = NAN
    revision_p90: float = NAN
    final_l2: float = NAN
    peak_memory: float = NAN


def run_stream(*, sweeps: int = SWEEPS) -> list[Row]:
    """Feed a stream at several lags, each in a fresh interpreter."""
    rows = []
    for lag in LAGS:
        answer = ask_ourselves(_PREPARE, _WORK, {"lag": lag, "sweeps": sweeps})
        numbers = {name: float(value) for name, value in answer.arrays.items()}
        rows.append(Row(lag, sweeps, answer.status, **numbers))
    return rows


def measure(given: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.ArrayLike]:
    """Feed one stream; runs in its own process.

    Parameters
    ----------
    given : `lag` and `sweeps`.
    """
    lag, sweeps = int(given["lag"]), int(given["sweeps"])
    made = sets_a_and_b(sweeps)["A"]
    batch = drt((made.frequency, made.impedance))["gamma"].values
    stream = DrtStream(lag=lag)
    first, last = np.full(batch.shape, np.nan), np.full(batch.shape, np.nan)
    took = []
    begin = time.process_time()
    for row, impedance in enumerate(made.impedance):
        before = time.process_time()
        update = stream.append(made.frequency, impedance)
        took.append(time.process_time() - before)
        first[row] = update.newest.gamma
        for estimate in update.revised:
            last[estimate.index] = estimate.gamma
    live = np.isfinite(last[:, 0])
    for estimate in stream.finish():
        last[estimate.index] = estimate.gamma
    whole = time.process_time() - begin
    revision = relative_l2(first, last)
    return {
        "ms_median": 1e3 * float(np.median(took)),
        "ms_p99": 1e3 * float(np.percentile(took, 99)),
        "ms_sweep": 1e3 * whole / sweeps,
        "revision_l2": float(np.median(revision)),
        "revision_p90": float(np.percentile(revision, 90)),
        "final_l2": float(relative_l2(last, batch)[live].max()) if live.any() else NAN,
    }
