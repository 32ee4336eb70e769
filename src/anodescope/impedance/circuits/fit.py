"""The verb `fit_circuit`: equivalent circuits for those who need the numbers of an R‖CPE.

A circuit is an object, `Resistor("R0") + ZARC("GB") + ZARC("int")`; see `elements`. Each spectrum
starts from its distribution of relaxation times, and again from the solution of a neighbour where
that one fits better; of several minima the lowest is kept.

Beside the fitted parameters, the node holds what follows from them for every ZARC: Q, the effective
capacitance C = τ/R, and C_Brug where one resistor stands in series with everything else.

Outcomes: `converged`; `inconsistent`, when the residual is not noise (the circuit does not describe
the spectrum; the intervals are widened for it, see `intervals`); `not_identifiable`, when the 95 %
interval of a parameter spans more than two decades, or 0.5 for an exponent (the intervals say
which; a resistance that cannot be told from zero is known: its interval begins at 0); `max_steps`,
`too_few_points`, `not_finite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import build_node
from anodescope.citations import cited_by, relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.circuits.composition import Circuit, Points, Series
from anodescope.impedance.circuits.derived import derived_quantities
from anodescope.impedance.circuits.elements import ZARC
from anodescope.impedance.circuits.solving import Found, Task, solve, tasks_of
from anodescope.impedance.circuits.starting import (
    Starts,
    chain,
    circuit_from_peaks,
    default_view,
    inductive,
    inversion,
    starts,
    tracked_peaks,
)
from anodescope.impedance.sweeps import Source, Sweeps, root_mean_square
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# How a circuit is found where there are no tracked peaks: spectra asked, points that they need,
# the fall of the criterion that counts as strong evidence, and the most ZARCs.
_ASKED = 9
_FEWEST = 8
_STRONG = 10.0
_MOST = 5
# A circuit all of whose parameters are identified may fit worse than another by this factor.
_WORSE = 3.0
_IDENTIFIED = (Outcome.converged.name, Outcome.inconsistent.name)


@relies_on("boukamp1986", "marquardt1963", "brug1984", "hsu2001", "hirschorn2010")
def fit_circuit(
    source: Source,
    circuit: Circuit | None = None,
    *,
    start: Mapping[str, npt.ArrayLike] | None = None,
    fixed: Mapping[str, npt.ArrayLike] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    weighting: Literal["modulus", "unit"] | npt.ArrayLike = "modulus",
    intervals: Literal["jacobian", "profile"] = "jacobian",
    run: Run | None = None,
) -> xr.Dataset:
    """Fit an equivalent circuit to every spectrum by complex non-linear least squares.

    Parameters
    ----------
    source : a Campaign with a `spectra` node (its `peaks` and `drt` are used where it has them), or
        a pair (frequency (Hz), impedance (Ω)) of shape (P,) or (S, P).
    circuit : what to fit. None: R0, an inductance where there is one, and one ZARC per tracked peak
        (without the node `peaks`: as many as suit the series, called 1, 2, … by τ).
    start : values to start from by parameter name, a number or one per spectrum.
    fixed : values that are held, likewise.
    bounds : (low, high) by parameter name; otherwise positive, and 0.1 to 1 for exponents.
    weighting : "modulus": residuals relative to |Z|; "unit": all alike; or the standard deviation
        of each part of Z (Ω), shape (P,) or (S, P), of which only ratios count.
    intervals : "jacobian": from the linearised fit; "profile": from the profile likelihood, slower,
        and better where an interval is wide.
    run : how to run; None is serial. Results have the same bits for any number of workers.

    Returns
    -------
    the node `circuits`: fitted parameters in the order of ``circuit.names``, then, for every ZARC,
    Q, C = τ/R and, where there is one series resistance, C_Brug; an element whose peak a spectrum
    does not have is left out of its fit and NaN. Intervals are 95 %. The attribute `fitted` is
    the number of fitted parameters.

    Raises
    ------
    SchemaError, SettingsError
        for arrays that do not fit each other, names that the circuit does not have, and values out
        of range.
    Cancelled
        when `run` says so.
    """
    if intervals not in ("jacobian", "profile"):
        raise SettingsError(f"intervals: expected jacobian or profile, found {intervals!r}.")
    given = {"start": start or {}, "fixed": fixed or {}, "bounds": bounds or {}}
    if circuit is not None:
        _require_known(circuit, given)
    sweeps, runner = Sweeps.of(source), run or Run()
    weight = _weights(sweeps, weighting)
    begin = _begin(source, sweeps, circuit, runner)
    _require_known(begin.circuit, given)
    for what in ("start", "fixed"):
        _place(begin, given[what], what)
    limits = _range(begin.circuit, bounds or {})
    free = begin.present & ~np.isin(begin.circuit.names, list(given["fixed"]))
    told = {name for names in given.values() for name in names}
    alike = _alike(begin, told)
    tasks = tasks_of(sweeps, weight, begin, free, limits, alike, intervals == "profile")
    found = list(runner.each("equivalent circuits", solve, tasks))
    attrs = {
        "circuit": repr(begin.circuit),
        "fitted": len(begin.circuit.names),
        "parameters": {
            "weighting": weighting if isinstance(weighting, str) else "standard deviation",
            "intervals": intervals,
            "fixed": sorted(given["fixed"]),
            "bounds": {name: list(pair) for name, pair in (bounds or {}).items()},
        },
        "citations": [work.text() for work in cited_by(fit_circuit)],
    }
    return build_node("circuits", _assemble(sweeps, begin, tasks, found), attrs=attrs)


def _require_known(circuit: Circuit, given: Mapping[str, Mapping[str, Any]]) -> None:
    for what, values in given.items():
        circuit.require_known(values, what)


def _begin(source: Source, sweeps: Sweeps, circuit: Circuit | None, run: Run) -> Starts:
    """Build the circuit where none is given, and find where each spectrum starts."""
    inverted = inversion(source, sweeps, run)
    peaks = tracked_peaks(source, sweeps)
    if circuit is not None:
        return starts(circuit, sweeps, inverted, peaks, np.empty(0, dtype=np.intp))
    inductance = inductive(sweeps, inverted)
    rows = default_view(source, sweeps)
    if peaks is not None:
        built = circuit_from_peaks(peaks, inductance=inductance)
        return starts(built, sweeps, inverted, peaks, rows)
    built = _usual_chain(sweeps, rows, inductance)
    return starts(built, sweeps, inverted, None, rows)


def _usual_chain(sweeps: Sweeps, rows: npt.NDArray[np.intp], inductance: bool) -> Circuit:
    """Return the chain of ZARCs that suits some spectra, spread over the series, best.

    For each of them the number of ZARCs rises as long as that lowers the Bayesian information
    criterion by `_STRONG`. Of the numbers up to there whose misfit is no more than `_WORSE` times
    the lowest, it takes the largest whose parameters are all identified, or, without any, the
    number up to which it rose. The median is taken. γ is not asked: where it is barely regularised,
    it breaks up into more peaks than there are.
    """
    rows = rows[sweeps.valid[rows].sum(axis=1) >= _FEWEST]
    if not rows.size:
        return chain(["1"], inductance)
    rows = rows[np.linspace(0, rows.size - 1, min(_ASKED, rows.size)).round().astype(int)]
    some = sweeps.frequency[rows], np.where(sweeps.valid, sweeps.impedance, np.nan)[rows]
    numbers = 2.0 * sweeps.valid[rows].sum(axis=1)
    chains = [chain([str(n + 1) for n in range(size)], inductance) for size in range(1, _MOST + 1)]
    fits = [fit_circuit(some, built) for built in chains]
    misfit = np.array([node["misfit"].values for node in fits])
    misfit = np.where(np.isnan(misfit), np.inf, np.maximum(misfit, 1e-15))
    sizes = np.array([[len(built.names)] for built in chains])
    criterion = 2 * numbers * np.log(misfit) + sizes * np.log(numbers)
    identified = np.isin([node["outcome"].values.astype(object) for node in fits], _IDENTIFIED)
    counts = [_suits(*columns) for columns in zip(criterion.T, misfit.T, identified.T, strict=True)]
    return chains[round(float(np.median(counts)))]


def _suits(criterion: Floats, misfit: Floats, identified: Bools) -> int:
    """Return which of the chains suits one spectrum; see `_usual_chain`."""
    best = 0
    for size in range(1, criterion.size):
        if criterion[size] < criterion[best] - _STRONG:
            best = size
    enough = np.flatnonzero(misfit[: best + 1] <= _WORSE * misfit[: best + 1].min())
    good = enough[identified[enough]]
    return int(good[-1]) if good.size else best


def _weights(sweeps: Sweeps, weighting: str | npt.ArrayLike) -> Floats:
    """Return the weight (1/Ω) of every point, 0 where it is left out, shape (S, P)."""
    size = np.abs(sweeps.impedance)
    usable = sweeps.valid & (size > 0)
    if isinstance(weighting, str):
        if weighting not in ("modulus", "unit"):
            raise SettingsError(
                f"weighting: expected modulus, unit or standard deviations (Ω), "
                f"found {weighting!r}."
            )
        largest = np.max(np.where(usable, size, 0.0), axis=1, keepdims=True, initial=0.0)
        noise = size if weighting == "modulus" else np.broadcast_to(largest, size.shape)
    else:
        noise = np.asarray(weighting, dtype=np.float64)
        if noise.shape not in (size.shape, size.shape[1:]):
            raise SettingsError(
                f"weighting: expected standard deviations (Ω) of shape {size.shape[1:]} or "
                f"{size.shape}, found {noise.shape}."
            )
        noise = np.broadcast_to(noise, size.shape)
        if not np.all(np.isfinite(noise[usable]) & (noise[usable] > 0)):
            raise SettingsError("weighting: expected positive finite standard deviations (Ω).")
    return np.where(usable, 1 / np.where(usable, noise, 1.0), 0.0)


def _place(begin: Starts, given: Mapping[str, npt.ArrayLike], what: str) -> None:
    """Put given values where the fit starts."""
    for name, value in given.items():
        column = begin.circuit.names.index(name)
        array = np.asarray(value, dtype=np.float64)
        if array.shape not in ((), (len(begin.values),)):
            raise SettingsError(
                f"{what}: expected a number or {len(begin.values)} of them for {name}, "
                f"found shape {array.shape}."
            )
        top = min(begin.circuit.parameters[column].high, 1e300)
        if not np.all((array > 0) & (array <= top)):
            raise SettingsError(f"{what}: expected positive numbers up to {top:g} for {name}.")
        begin.values[:, column] = array


def _alike(begin: Starts, told: set[str]) -> list[list[int]]:
    """Return columns τ, R, n of the ZARCs in series that nothing but their order tells apart."""
    circuit = begin.circuit
    parts = circuit.parts if isinstance(circuit, Series) else (circuit,)
    found = []
    for zarc in (part for part in parts if isinstance(part, ZARC)):
        names = [zarc.name_of(quantity) for quantity in ("tau", "R", "n")]
        if zarc.label not in begin.tracked and not told & set(names):
            found.append([circuit.names.index(name) for name in names])
    return found


def _range(circuit: Circuit, bounds: Mapping[str, tuple[float, float]]) -> tuple[Floats, Floats]:
    """Return the range of the coordinates, shape (K,) each."""
    rows = [p.within(*bounds[p.name]) if p.name in bounds else p for p in circuit.parameters]
    low = [float(row.coordinate(np.asarray(row.low))) for row in rows]
    high = [float(row.coordinate(np.asarray(row.high))) for row in rows]
    return np.array(low), np.array(high)


def _assemble(
    sweeps: Sweeps, begin: Starts, tasks: list[Task], found: list[Found]
) -> dict[str, npt.ArrayLike]:
    circuit = begin.circuit
    derived = derived_quantities(circuit)
    owner = [circuit.names.index(quantity.zarc.name_of("R")) for quantity in derived]
    there = np.concatenate([begin.present, begin.present[:, owner]], axis=1)
    table = {key: np.full(there.shape, np.nan) for key in ("value", "low", "high")}
    fit = np.full(sweeps.frequency.shape, complex(np.nan, np.nan))
    outcome = [sweeps.why_unusable(row) for row in range(sweeps.count)]
    for task, block in zip(tasks, found, strict=True):
        rows = task.rows
        for key, more in zip(table, block.derived, strict=True):
            both = np.concatenate([getattr(block, key), more], axis=1)
            table[key][rows] = np.where(there[rows], both, np.nan)
        for row, how, values in zip(rows, block.outcome, block.value, strict=True):
            outcome[row] = how
            good = sweeps.valid[row]
            points = Points.at(sweeps.frequency[row, good])
            fit[row, good] = circuit.response(points, list(values))[0]
    return {
        **table,
        "name": [*circuit.names, *(quantity.name for quantity in derived)],
        "units": [*(p.unit for p in circuit.parameters), *(quantity.unit for quantity in derived)],
        "outcome": [how.name for how in outcome],
        "misfit": root_mean_square(sweeps.relative_residual(fit)),
        "fit": fit,
    }
