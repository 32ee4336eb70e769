"""The verb `validate`: are the conditions under which impedance means anything fulfilled?

Three questions, three answers, each `consistent`, `inconsistent` or `not_decidable`:

* `verdict`: does the sweep, all of its points, fulfil the Kramers–Kronig relations
  (`anodescope.impedance.validation.kk`)?
* `stationary`: did the cell stay the same meanwhile (`anodescope.impedance.validation.drift`)?
* `linear`: was the amplitude small enough (`anodescope.impedance.validation.linearity`)?

The masks `inductive` and `drifting` mark the points at the two ends that are trimmed on record
(`anodescope.impedance.validation.trim`); what computes with the campaign leaves them out. How they
read together: the verdict always judges the whole sweep as it was measured, and the residual is
shown for all of its points. Inconsistent with marked points means that an end violates the
relations and the rest fulfils them; inconsistent without means that no cut of an end, up to the
stated share, mends it; consistent with marked points means that the clock, or the shape of the
inductive end, speaks against points that a Kramers–Kronig test cannot judge.

What the three miss is measured by tests/impedance/statistics_validation.py and tabulated in
docs/validation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import build_node
from anodescope.citations import cited_by, relies_on
from anodescope.errors import Outcome
from anodescope.impedance.lattice import group
from anodescope.impedance.sweeps import Source, Sweeps, blocks, parameters_of
from anodescope.impedance.validation.aligned import Aligned
from anodescope.impedance.validation.conditions import Conditions
from anodescope.impedance.validation.drift import Stationarity, find_drift
from anodescope.impedance.validation.kk import Judged, LinearKK, judge
from anodescope.impedance.validation.linearity import Linearity, find_linearity
from anodescope.impedance.validation.trim import Cuts, Trimming, find_cuts, with_harmed
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

BLOCK = 50
READING = (
    "The verdict judges all points of a sweep; points marked inductive or drifting are trimmed and "
    "left out by what computes with this campaign."
)


@relies_on("boukamp1995", "schoenleber2014")
def validate(
    source: Source,
    test: LinearKK | None = None,
    *,
    stationarity: Stationarity | None = None,
    linearity: Linearity | None = None,
    trimming: Trimming | None = None,
    run: Run | None = None,
) -> xr.Dataset:
    """Test every spectrum: Kramers–Kronig, stationarity, linearity; mark the ends to trim.

    Parameters
    ----------
    source : a Campaign with a `spectra` node, or a pair (frequency (Hz), impedance (Ω)) of shape
        (P,) or (S, P). Bare arrays have no clock and no amplitude: stationarity and linearity are
        not decidable then.
    test, stationarity, linearity, trimming : settings; None: their defaults.
    run : how to run; None is serial. Results have the same bits for any number of workers.

    Returns
    -------
    the node `validation`: verdict, stationary and linear (consistent, inconsistent, not_decidable)
    with the numbers behind each, the residual of every point, and the trimmed points.

    Raises
    ------
    SchemaError
        for arrays that do not fit each other.
    Cancelled
        when `run` says so.
    """
    settings = test or LinearKK()
    steady, small = stationarity or Stationarity(), linearity or Linearity()
    cutting = trimming or Trimming()
    sweeps = Sweeps.of(source, trimmed=True)
    if not sweeps.frequency.shape[1]:  # no point at all: as if the only one were not valid
        nothing = np.full((sweeps.count, 1), np.nan)
        one = validate((nothing, nothing.astype(complex)), settings, run=run)
        return one.isel(point=slice(0, 0))
    usable = sweeps.valid & (sweeps.impedance != 0)
    tasks = _tasks(settings, cutting, sweeps, usable)
    found = list((run or Run()).each("Kramers–Kronig", _judge, tasks))
    known = Conditions.of(source, sweeps)
    points = Aligned.of(sweeps.frequency, sweeps.impedance, known.time, usable)
    judged = _assemble(sweeps, tasks, found)
    violating = judged["verdict"] == Outcome.inconsistent.name
    drift = find_drift(steady, points, known, violating)
    response = find_linearity(small, points, known)
    cuts = with_harmed(cutting, points.count, _cuts(sweeps.count, tasks, found), drift.harmed)
    values = judged | {
        "inductive": points.front(cuts.high),
        "drifting": points.front(points.count) & ~points.front(points.count - cuts.low),
        "stationary": [outcome.name for outcome in drift.outcome],
        "drift_voltage": drift.voltage,
        "drift_impedance": drift.impedance,
        "drift_basis": drift.basis,
        "linear": [outcome.name for outcome in response.outcome],
        "linearity": response.linearity,
        "distortion": response.distortion,
    }
    parameters = parameters_of(settings) | {
        "stationarity": parameters_of(steady),
        "linearity": parameters_of(small),
        "trimming": parameters_of(cutting),
    }
    return build_node("validation", values, attrs=_attrs(parameters, known))


def _attrs(parameters: dict[str, Any], known: Conditions) -> dict[str, Any]:
    given = "from the specimen" if known.temperature_given else "assumed"
    return {
        "method": "linear Kramers–Kronig",
        "parameters": parameters,
        "reading": READING,
        "temperature": f"{known.temperature:g} °C, {given}",
        "amplitude": "peak value of the sine, as EC-Lab records it; assumed of other files",
        "citations": [work.text() for work in cited_by(validate)],
    }


@final
@dataclass(frozen=True, slots=True)
class _Task:
    """One block of spectra of one grid."""

    settings: LinearKK
    cutting: Trimming
    frequency: Floats
    spectra: Ints
    points: Ints
    impedance: Complexes

    def verdicts(self, frequency: Floats, impedance: Complexes) -> list[Outcome]:
        """Return the verdicts of shorter spectra."""
        judged = judge(self.settings, frequency, impedance, longest=True)
        return judged.verdict if judged else [Outcome.not_decidable] * len(impedance)


def _tasks(settings: LinearKK, cutting: Trimming, sweeps: Sweeps, usable: Bools) -> list[_Task]:
    return [
        _Task(
            settings,
            cutting,
            grid.frequency,
            grid.spectra[rows],
            grid.points[rows],
            sweeps.impedance[grid.spectra[rows, None], grid.points[rows]],
        )
        for grid in group(sweeps.frequency, usable)
        for rows in blocks(grid.spectra.size, BLOCK)
    ]


def _judge(task: _Task) -> tuple[Judged, Cuts] | None:
    """Test one block and find its cuts; None where there are too few different frequencies."""
    judged = judge(task.settings, task.frequency, task.impedance)
    if judged is None:
        return None
    cuts = find_cuts(
        task.cutting, task.frequency, task.impedance, judged.noise, judged.verdict, task.verdicts
    )
    return judged, cuts


def _assemble(
    sweeps: Sweeps, tasks: list[_Task], found: list[tuple[Judged, Cuts] | None]
) -> dict[str, Any]:
    verdict = np.full(sweeps.count, Outcome.not_decidable.name, dtype=object)
    rms, mu, noise = (np.full(sweeps.count, np.nan) for _ in range(3))
    elements = np.zeros(sweeps.count, dtype=np.int64)
    residual = np.full(sweeps.frequency.shape, complex(np.nan, np.nan))
    for task, result in zip(tasks, found, strict=True):
        if result is None:
            continue
        judged, rows = result[0], task.spectra
        verdict[rows] = [outcome.name for outcome in judged.verdict]
        rms[rows], mu[rows], noise[rows] = judged.rms, judged.mu, judged.noise
        elements[rows] = judged.elements
        residual[rows[:, None], task.points] = judged.residual
    return {
        "verdict": verdict,
        "kk_residual": rms,
        "kk_elements": elements,
        "kk_mu": mu,
        "kk_noise": noise,
        "residual": residual,
    }


def _cuts(count: int, tasks: list[_Task], found: list[tuple[Judged, Cuts] | None]) -> Cuts:
    """Bring the cuts of the blocks together, shape (S,)."""
    cuts = Cuts(np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64))
    for task, result in zip(tasks, found, strict=True):
        if result is not None:
            cuts.high[task.spectra], cuts.low[task.spectra] = result[1].high, result[1].low
    return cuts
