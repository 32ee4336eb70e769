"""The verb `validate`: does each sweep fulfil the Kramers–Kronig relations?

The linear test (Boukamp 1995) fits Ẑ = R0 + iωL + 1/(iωC) + Σ_k R_k/(1 + iωτ_k) with fixed τ_k,
evenly spaced in ln τ over 1/ω_max … 1/ω_min, and coefficients of either sign, by linear least
squares with weights 1/|Z|. Every such Ẑ fulfils the relations, so what it leaves of a violation
stays in the residual. The number of elements M is the first at which
μ = 1 − Σ|R_k < 0|/Σ|R_k ≥ 0| falls to 0.85 (Schönleber 2014), searched on rungs about 12 % apart,
beginning with one element per decade. That alone can stop too early (a single sharp arc between two
τ_k already needs negative neighbours), so M goes on rising, to at most six elements per decade,
while the residual is still visibly systematic: more elements remove what was an underfit, but not a
violation.

The verdict compares neighbours in frequency. Let e be the relative residuals (Z − Ẑ)/|Z| of one
part, N of them; von Neumann's ratio q = N/(N−1) · Σ(e_{n+1} − e_n)²/Σe² is 2 for white noise and
small for a smooth error. z = (1 − q/2) √((N²−1)/(N−2)), added over both parts and divided by √2, is
a standard normal number for white noise (fitting makes it smaller, so alarms are rarer still). The
noise is estimated from the same differences, the systematic part is √(rms² − noise²).

* inconsistent: z > 3 and the systematic part exceeds `tolerance` (0.3 %, what potentiostats promise
  where they are best: below that a violation cannot be told from calibration).
* not_decidable: no alarm, but it would not have sounded: the smallest systematic part that reaches
  z = 3 at the noise found exceeds `visible` (1 %), or the sweep has fewer than about five points
  per decade, or too few points at all.
* consistent: everything else. Truncated spectra (an arc that the window cuts off) are consistent.

Measured, 300 spectra per row (tests/impedance/test_validate.py keeps a part of it). "Drift": the
whole impedance grows by a fraction in proportion to the time passed in the sweep, each point taking
3 periods + 50 ms; "by index": in proportion to the number of the point.

    spectra                                          consistent  inconsistent  not decidable
    set A or B, noise 0.01, 0.3 or 1 %                     1.00          0.00           0.00
    set A or B, noise 3 %                                  0.00          0.00           1.00
    random cells (1–4 ZARCs alone, with L, with a
      CPE in series, with a Warburg tail, with an
      inductive loop), 36 or 61 points, 0.3 %              1.00          0.00           0.00
    random cells, 20 points over 6 decades, 0.3 %          0.00          0.00           1.00
      the same, drift 30 %                                 0.00          0.01           0.99
    set A, 0.3 %, drift 5 / 10 / 30 / 100 %         1/1/0/0       0/0/1/1              0.00
      by index 5 / 10 / 30 / 100 %                  1/0/0/0       0/1/1/1              0.00
    set B, 0.3 %, drift 5 / 10 / 30 / 100 %         1/.09/0/0     0/.91/1/1            0.00
      by index 5 / 10 / 30 / 100 %                  .91/0/0/0     .09/1/1/1            0.00
    random cells, 36 points, drift 10 / 30 %        .29/0         .71/1                0.00
    random cells, 61 points, drift 10 / 30 %        .99/0         .01/1                0.00

So no false alarm was seen in 4,800 consistent spectra. A drift of 30 % within one sweep was found
in every sweep of 35 points or more (0.96 of those with 21 points at five per decade); one of 10 %
is mostly found when the window ends at 5 Hz, and mostly absorbed when it reaches far lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import build_node
from anodescope.citations import cited_by, relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance import linkk
from anodescope.impedance.lattice import group
from anodescope.impedance.sweeps import Source, Sweeps, blocks, parameters_of, stacked_parts
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

BLOCK = 50


@final
@dataclass(frozen=True, slots=True)
class LinearKK:
    """Settings of the linear Kramers–Kronig test.

    Attributes
    ----------
    cut : the chain grows until μ falls to this (Schönleber 2014: 0.85).
    capacitance : fit a series capacitance too, which blocking electrodes need.
    alarm : z above which residuals count as systematic.
    tolerance : relative systematic residual that is not held against a spectrum.
    visible : relative systematic residual that must be visible for a verdict of consistent.
    density : points per decade below which a sweep without an alarm is not decidable.
    """

    cut: float = 0.85
    capacitance: bool = True
    alarm: float = 3.0
    tolerance: float = 0.003
    visible: float = 0.01
    density: float = 4.5

    def __post_init__(self) -> None:
        if not 0 <= self.cut <= 1:
            raise SettingsError(f"cut: expected a number between 0 and 1, found {self.cut}.")
        for name in ("alarm", "tolerance", "visible", "density"):
            value = getattr(self, name)
            if not value >= 0:
                raise SettingsError(f"{name}: expected a number of at least 0, found {value}.")

    def verdict(self, z: float, noise: float, rms: float, frequency: Floats) -> Outcome:
        """Judge one spectrum from its residuals (see the module's docstring)."""
        systematic = np.sqrt(max(rms**2 - noise**2, 0.0))
        if z > self.alarm and systematic > self.tolerance:
            return Outcome.inconsistent
        share = self.alarm / np.sqrt(2 * frequency.size)
        blind = share >= 1 or noise * np.sqrt(share / (1 - share)) > self.visible
        sparse = -np.median(np.diff(np.log10(frequency))) * self.density > 1
        return Outcome.not_decidable if blind or sparse else Outcome.consistent


@relies_on("boukamp1995", "schoenleber2014")
def validate(source: Source, test: LinearKK | None = None, *, run: Run | None = None) -> xr.Dataset:
    """Test every spectrum against the Kramers–Kronig relations.

    Parameters
    ----------
    source : a Campaign with a `spectra` node, or a pair (frequency (Hz), impedance (Ω)) of shape
        (P,) or (S, P).
    test : settings; None: the defaults of `LinearKK`.
    run : how to run; None is serial. Results have the same bits for any number of workers.

    Returns
    -------
    the node `validation`: verdict (consistent, inconsistent, not_decidable), the root mean square
    of the relative residual, the number of RC elements, μ, the estimated relative noise, and the
    relative residual of every point.

    Raises
    ------
    SchemaError
        for arrays that do not fit each other.
    Cancelled
        when `run` says so.
    """
    settings = test or LinearKK()
    sweeps = Sweeps.of(source)
    usable = sweeps.valid & (sweeps.impedance != 0)
    tasks = [
        _Task(
            settings,
            grid.frequency,
            grid.spectra[rows],
            grid.points[rows],
            sweeps.impedance[grid.spectra[rows, None], grid.points[rows]],
        )
        for grid in group(sweeps.frequency, usable)
        for rows in blocks(grid.spectra.size, BLOCK)
    ]
    found = list((run or Run()).each("Kramers–Kronig", _judge, tasks))
    attrs = {
        "method": "linear Kramers–Kronig",
        "parameters": parameters_of(settings),
        "citations": [work.text() for work in cited_by(validate)],
    }
    return build_node("validation", _assemble(sweeps, tasks, found), attrs=attrs)


@final
@dataclass(frozen=True, slots=True)
class _Task:
    """One block of spectra of one grid."""

    settings: LinearKK
    frequency: Floats
    spectra: Ints
    points: Ints
    impedance: Complexes


@final
@dataclass(frozen=True, slots=True)
class _Judged:
    verdict: list[Outcome]
    residual: Complexes
    rms: Floats
    elements: Ints
    mu: Floats
    noise: Floats


def _judge(task: _Task) -> _Judged | None:
    """Test one block; None where there are too few different frequencies."""
    settings, frequency = task.settings, task.frequency
    if frequency.size < 2 or frequency[0] == frequency[-1]:
        return None
    chains = linkk.Chains.of(frequency, settings.capacitance)
    if not chains.lengths.size:
        return None
    # Scaled to one: neither tiny nor huge impedances come near the limits of the number format.
    size = np.abs(task.impedance)
    unit = size.max(axis=1, keepdims=True)
    data = stacked_parts(task.impedance / unit)
    weights = np.concatenate([unit / size, unit / size], axis=1)
    residual, rung, mu, z, noise, rms = linkk.judge_all(
        chains.lengths,
        chains.terms,
        chains.columns,
        chains.starts,
        data,
        weights,
        settings.cut,
        settings.alarm,
    )
    verdicts = [
        settings.verdict(*numbers, frequency) for numbers in zip(z, noise, rms, strict=True)
    ]
    half = frequency.size
    parts = residual[:, :half] + 1j * residual[:, half:]
    return _Judged(verdicts, parts, rms, chains.lengths[rung], mu, noise)


def _assemble(
    sweeps: Sweeps, tasks: list[_Task], found: list[_Judged | None]
) -> dict[str, npt.ArrayLike]:
    verdict = np.full(sweeps.count, Outcome.not_decidable.name, dtype=object)
    rms, mu, noise = (np.full(sweeps.count, np.nan) for _ in range(3))
    elements = np.zeros(sweeps.count, dtype=np.int64)
    residual = np.full(sweeps.frequency.shape, complex(np.nan, np.nan))
    for task, judged in zip(tasks, found, strict=True):
        if judged is None:
            continue
        rows = task.spectra
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
