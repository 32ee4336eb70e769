"""Named comparison: what each part of the engine buys, on cells of the training generator.

Each line leaves one part out, or changes it, and is held against the whole engine on the same data:
the mean over spectra of ‖γ − γ_true‖/‖γ_true‖ inside the window. A ratio near 1 means that the part
buys nothing on these data. Constants are set in the running process and set back, so nothing else
may invert at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.bootstrap import interval, ratio_of_means
from anodescope.bench.cells import EXTRAS, random_cells, random_series
from anodescope.bench.metrics import read_off, relative_l2
from anodescope.bench.spectra import Spectrum, noisy, zarc, zarc_gamma
from anodescope.impedance.loggp import cuts, single, smoothing
from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, Design, shared_design
from anodescope.impedance.loggp.method import PER_DECADE, LogGaussian
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.problem import Solution, Terms
from anodescope.impedance.sweeps import Sweeps
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Fit = Callable[[Spectrum], Solution]

SEED = 20261102
CELLS, SERIES_COUNT, SWEEPS = 100, 6, 40
PLAIN = Terms((SERIES, INDUCTANCE))
CURVATURES = (0.5, 1.65, 5.0, 15.0)
NAN = float("nan")
# What `single` calls to fit one more loop; like the names that `setting` takes, it is not public.
ONE_MORE = "with_one_more"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One variant on one kind of data.

    Attributes
    ----------
    data, variant, spectra : what was inverted how.
    l2, l2_median : relative error of γ inside the window.
    ratio : mean error over that of the whole engine on the same data, and its 90 % bootstrap
        interval.
    milliseconds : processor time per spectrum.
    failures : spectra whose fit broke down; they count in no mean.
    """

    data: str
    variant: str
    spectra: int
    l2: float
    l2_median: float
    ratio: float
    ratio_low: float
    ratio_high: float
    milliseconds: float
    failures: int


def run_ablation(*, cells: int = CELLS, series_count: int = SERIES_COUNT) -> list[Row]:
    """Leave out one part after the other."""
    plain = random_cells(SEED, cells)
    rows = _compare("random cells", plain, VARIANTS)
    for name, made in (("3 % outliers × 10", outlying(plain)), ("constant noise", level(plain))):
        rows += _compare(name, made, {k: VARIANTS[k] for k in ("whole", "no re-weighting")})
    for extra in EXTRAS:
        made = random_cells(SEED + 1, max(cells // 2, 1), extra)
        rows += _compare(extra, made, {k: VARIANTS[k] for k in ("whole", "no terms")})
    return rows + run_joint_ablation(series_count=series_count)


def _compare(data: str, cells: Sequence[Spectrum], variants: dict[str, Fit]) -> list[Row]:
    rows: list[Row] = []
    found: dict[str, Floats] = {}
    for name, fit in variants.items():
        # The first is fitted twice: what is built and compiled once is no variant's cost.
        _try(fit, cells[0])
        begin = time.process_time()
        errors = [_try(fit, cell) for cell in cells]
        spent = 1e3 * (time.process_time() - begin) / len(cells)
        found[name] = np.array(errors)
        rows.append(_row(data, name, found, spent))
    return rows


def _row(data: str, name: str, found: dict[str, Floats], spent: float) -> Row:
    """Hold a variant against the whole, which is the first, on the spectra that both inverted."""
    errors, whole = found[name], next(iter(found.values()))
    both = np.isfinite(errors) & np.isfinite(whole)
    columns = errors[both], whole[both]
    return Row(
        data,
        name,
        errors.size,
        float(np.nanmean(errors)),
        float(np.nanmedian(errors)),
        float(ratio_of_means(*columns)),
        *(interval(ratio_of_means, *columns) if errors is not whole else (1.0, 1.0)),
        spent,
        int(np.isnan(errors).sum()),
    )


def _try(fit: Fit, cell: Spectrum) -> float:
    try:
        found = fit(cell)
    except np.linalg.LinAlgError:
        return NAN
    lattice = found.problem.design.lattice
    gamma = found.gamma * found.problem.scale
    return float(relative_l2(read_off(lattice.ln_tau, gamma, np.log(cell.tau)), cell.gamma))


def _design(cell: Spectrum, per_decade: int = PER_DECADE) -> Design:
    return shared_design(cell.frequency.tobytes(), per_decade)


def _whole(per_decade: int = PER_DECADE, prior: Prior = FROZEN) -> Fit:
    return lambda cell: (
        single.fit_single(_design(cell, per_decade), cell.impedance, prior=prior).solution
    )


def _without_reweighting(cell: Spectrum) -> Solution:
    with setting(single, "uneven_noise", lambda solution: None):
        return _whole()(cell)


def _without_terms(cell: Spectrum) -> Solution:
    with setting(single, "choose", lambda plain, **asked: single.Choice(plain, {})):
        return _whole()(cell)


def _always_a_loop(cell: Spectrum) -> Solution:
    """Take the best further loop whatever its evidence, where any is of the right sign."""
    problem = single.problem_of(_design(cell), cell.impedance)
    plain = single.legal(problem.solve(PLAIN))
    more = getattr(single, ONE_MORE)(plain)
    return plain if more is None else single.legal(more)


def _rank(share: float) -> Fit:
    """Keep singular values of the kernel above a share of the largest."""

    def fit(cell: Spectrum) -> Solution:
        design = _design(cell)
        size = np.linalg.norm(design.right[1], axis=1)
        kept = int((size > share * size[0]).sum())
        left = np.ascontiguousarray(design.left[1][:, :kept])
        right = np.ascontiguousarray(design.right[1][:kept])
        coarse = replace(design, left=(left, left), right=(right, right))
        return single.fit_single(coarse, cell.impedance).solution

    return fit


VARIANTS: dict[str, Fit] = {
    "whole": _whole(),
    **{
        f"constant weights, c0 = {c:g}": _whole(prior=Prior(curvature=c, tails=1e6))
        for c in CURVATURES
    },
    "always a loop": _always_a_loop,
    "no re-weighting": _without_reweighting,
    "no terms": _without_terms,
    **{f"rank at {share:g}": _rank(share) for share in (1e-2, 1e-3, 1e-6)},
    **{f"{density} per decade": _whole(density) for density in (8, 12, 24)},
}


@contextmanager
def setting(module: Any, name: str, value: Any) -> Iterator[None]:
    """Give a module's constant or function another value for a while."""
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)


def outlying(cells: Sequence[Spectrum]) -> list[Spectrum]:
    """Draw the noise anew; three points in a hundred have ten times as much."""
    generator = np.random.default_rng(SEED + 2)
    made = []
    for cell in cells:
        far = np.where(generator.random(cell.sigma.size) < 0.03, 10.0, 1.0)
        made.append(replace(cell, impedance=noisy(cell.clean, cell.sigma * far, generator)))
    return made


def level(cells: Sequence[Spectrum]) -> list[Spectrum]:
    """Draw the noise anew, of the same size at all frequencies."""
    generator = np.random.default_rng(SEED + 3)
    made = []
    for cell in cells:
        sigma = np.full(cell.sigma.size, float(np.median(cell.sigma)))
        made.append(replace(cell, impedance=noisy(cell.clean, sigma, generator)))
    return made


@final
@dataclass(frozen=True, slots=True)
class _Swept:
    """A series to invert together, with its truth."""

    sweeps: Sweeps
    tau: Floats
    gamma: Floats


def run_joint_ablation(*, series_count: int = SERIES_COUNT, sweeps: int = SWEEPS) -> list[Row]:
    """Leave out parts of the joint inversion on series that change, and on some that drift fast."""
    generator = np.random.default_rng(SEED + 4)
    made = [_swept(generator, sweeps, outliers=False) for _ in range(series_count)]
    rough = [_swept(generator, sweeps, outliers=True) for _ in range(series_count)]
    moving = [_drifting(generator, sweeps) for _ in range(series_count)]
    even = (cuts, "PROFILED", np.inf)
    drawn = (smoothing, "OUTLIER", np.inf)
    joint, alone = LogGaussian(), LogGaussian(joint=False)
    usual = {"whole": (joint, ()), "single": (alone, ()), "no profile": (joint, (even,))}
    return [
        *_compare_series("series", made, usual),
        *_compare_series(
            "series, outliers, uneven noise",
            rough,
            {**usual, "no winsorising": (joint, (drawn,))},
        ),
        *_compare_series(
            "series, 10 % drift within a sweep",
            moving,
            {**usual, "no drift shift": (LogGaussian(drift=False), ())},
        ),
    ]


def _compare_series(
    data: str,
    made: Sequence[_Swept],
    variants: dict[str, tuple[LogGaussian, tuple[tuple[Any, str, Any], ...]]],
) -> list[Row]:
    rows: list[Row] = []
    found: dict[str, Floats] = {}
    for name, (method, changes) in variants.items():
        begin = time.process_time()
        errors: list[float] = []
        for part in made:
            errors += _series_errors(method, part, changes)
        spent = 1e3 * (time.process_time() - begin) / len(errors)
        found[name] = np.array(errors)
        rows.append(_row(data, name, found, spent))
    return rows


def _series_errors(
    method: LogGaussian, part: _Swept, changes: tuple[tuple[Any, str, Any], ...]
) -> list[float]:
    if changes:
        with setting(*changes[0]):
            return _series_errors(method, part, changes[1:])
    try:
        found = method.invert(part.sweeps, Run())
    except np.linalg.LinAlgError:
        return [NAN] * part.sweeps.count
    if found.lattice is None:
        return [NAN] * part.sweeps.count
    ln_tau, wanted = found.lattice.ln_tau, np.log(part.tau)
    errors = []
    for row, truth in zip(found.gamma, part.gamma, strict=True):
        there = np.isfinite(row).any()
        at = read_off(ln_tau, row, wanted) if there else np.full_like(truth, NAN)
        errors.append(float(relative_l2(at, truth)))
    return errors


def _swept(generator: np.random.Generator, count: int, *, outliers: bool) -> _Swept:
    """A series of the training generator; the noise may grow to the ends and have outliers."""
    spectra = random_series(generator, count, jump=False).spectra
    clean = np.array([s.clean for s in spectra])
    sigma = np.array([s.sigma for s in spectra])
    if outliers:
        away = np.abs(np.linspace(-1, 1, clean.shape[1]))
        sigma = sigma * 10 ** (away**4)
        sigma = np.where(generator.random(sigma.shape) < 0.02, 10 * sigma, sigma)
    impedance = noisy(clean, sigma, generator)
    frequency = np.tile(spectra[0].frequency, (count, 1))
    there = np.ones(frequency.shape, dtype=bool)
    gamma = np.array([s.gamma for s in spectra])
    return _Swept(Sweeps(frequency, impedance, there, there), spectra[0].tau, gamma)


def _drifting(generator: np.random.Generator, count: int) -> _Swept:
    """Two ZARCs, the slower of which grows by 10 % within each sweep of back-to-back sweeps."""
    frequency = np.logspace(6, -1, 57)
    passed = np.cumsum(3 / frequency + 0.05)
    within = passed - 0.5 * passed[-1]
    middle = (np.arange(count) + 0.5) * passed[-1]
    rate = 0.1 / passed[-1]
    instants = middle[:, None] + within
    tau, phi = 10 ** generator.uniform(-2.5, -1, 1), np.array([generator.uniform(0.8, 0.95)])
    fast = np.array([1e-5])
    fine = np.exp(np.linspace(np.log(2e-7), np.log(1.5), 200))
    size = np.exp(rate * instants)
    clean = 5 + zarc(frequency, np.array(60.0), fast, np.array([0.9]))
    clean = clean + zarc(frequency, 40 * size, tau, phi)
    gamma = zarc_gamma(fine, np.array(60.0), fast, np.array([0.9])) + zarc_gamma(
        fine, 40 * np.exp(rate * middle)[:, None], tau, phi
    )
    impedance = noisy(clean, 0.003 * np.abs(clean), generator)
    grid = np.tile(frequency, (count, 1))
    there = np.ones(grid.shape, dtype=bool)
    return _Swept(Sweeps(grid, impedance, there, there, middle, instants), fine, gamma)
