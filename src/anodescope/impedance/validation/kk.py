"""The linear Kramers–Kronig test: its settings, and how it judges a block of spectra.

The linear test (Boukamp 1995) fits Ẑ = R0 + iωL + 1/(iωC) + Σ_k R_k/(1 + iωτ_k) with fixed τ_k,
evenly spaced in ln τ over 1/ω_max … 1/ω_min, and coefficients of either sign, by linear least
squares with weights 1/|Z|. Every such Ẑ fulfils the relations, so what it leaves of a violation
stays in the residual. The number of elements M is the first at which
μ = 1 − Σ|R_k < 0|/Σ|R_k ≥ 0| falls to 0.85 (Schönleber 2014), searched on rungs about 12 % apart,
beginning with one element per decade. That alone can stop too early (a single sharp arc between two
τ_k already needs negative neighbours), so M goes on rising, to at most four elements per decade,
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

Measured, 300 spectra per row (docs/validation.md has more). "Drift": the
whole impedance grows by a fraction in proportion to the time passed in the sweep, each point taking
3 periods + 50 ms; "by index": in proportion to the number of the point.

    spectra                                          consistent  inconsistent  not decidable
    set A or B, noise 0.01, 0.3 or 1 %                     1.00          0.00           0.00
    set A or B, noise 3 %                                  0.00          0.00           1.00
    random cells (1–4 ZARCs alone, with L, with a
      CPE in series, with a Warburg tail, with an
      inductive loop), 36 or 61 points, 0.3 %              1.00          0.00           0.00
    random cells, 20 points over 6 decades, 0.3 %          0.00          0.00           1.00
      the same, drift 30 %                                 0.00          0.05           0.95
    set A, 0.3 %, drift 5 / 10 / 30 / 100 %         1/1/0/0       0/0/1/1              0.00
      by index 5 / 10 / 30 / 100 %                  1/0/0/0       0/1/1/1              0.00
    set B, 0.3 %, drift 5 / 10 / 30 / 100 %         1/0/0/0       0/1/1/1              0.00
      by index 5 / 10 / 30 / 100 %                  .84/0/0/0     .16/1/1/1            0.00
    random cells, 36 points, drift 10 / 30 %        .16/0         .84/1                0.00
    random cells, 61 points, drift 10 / 30 %        .71/0         .29/1                0.00

So no false alarm was seen in 5,700 consistent spectra, nor in 24,000 more with sharp arcs, cut arcs
and fractional inductances on grids of 36 to 91 points. A drift of 30 % within one sweep was found
in every sweep of 21 points or more; one of 10 % is mostly found when the window ends at 5 Hz, and
mostly absorbed when it reaches far lower: `anodescope.impedance.validation.drift` knows more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.sweeps import stacked_parts
from anodescope.impedance.validation import linkk

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]


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


@final
@dataclass(frozen=True, slots=True)
class Judged:
    """What the test says of a block of spectra of one grid.

    Attributes
    ----------
    verdict : one per spectrum.
    residual : (Z − Ẑ)/|Z|, shape (N, F).
    rms : root mean square of both parts of the residual, shape (N,).
    elements : numbers of RC elements, shape (N,).
    mu : at that number, shape (N,).
    noise : estimated relative noise of each part, shape (N,).
    """

    verdict: list[Outcome]
    residual: Complexes
    rms: Floats
    elements: Ints
    mu: Floats
    noise: Floats


def judge(
    settings: LinearKK, frequency: Floats, impedance: Complexes, *, longest: bool = False
) -> Judged | None:
    """Test the spectra of one grid; None where there are too few different frequencies.

    Parameters
    ----------
    frequency : (Hz), descending, shape (F,).
    impedance : (Ω), finite and not zero, shape (N, F).
    longest : with the longest chain alone, which finds what no chain describes, and nothing else.
    """
    if frequency.size < 2 or frequency[0] == frequency[-1]:
        return None
    chains = linkk.Chains.of(frequency, settings.capacitance, longest=longest)
    if not chains.lengths.size:
        return None
    # Scaled to one: neither tiny nor huge impedances come near the limits of the number format.
    size = np.abs(impedance)
    unit = size.max(axis=1, keepdims=True)
    data = stacked_parts(impedance / unit)
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
    return Judged(verdicts, parts, rms, chains.lengths[rung], mu, noise)
