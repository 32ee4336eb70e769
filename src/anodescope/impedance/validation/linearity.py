"""Is the response linear? The amplitude against kT/e, and the harmonics where they were recorded.

A Kramers–Kronig test cannot tell: a response that bends in proportion at every frequency still is
that of some linear cell.

Let u = eV/(kT) with the amplitude (peak) V across an interface that obeys Butler–Volmer,
i = exp(αu) − exp(−(1−α)u) about any bias, i ∝ u + c₂u² + c₃u³ + …. Under a controlled voltage the
fundamental is off by ¾c₃u², the second harmonic is ½c₂u and the third ¼c₃u², all relative to the
fundamental; under a controlled current c₃ is replaced by 2c₂² − c₃ of the inverse series. So

    interface                         error of Z            2nd harmonic   3rd harmonic
    symmetric (α = ½), no bias        u²/32                 0              u²/96
    one exponential, voltage held     α²u²/8                αu/4           α²u²/24
    one exponential, current held     α²u²/4                αu/4           α²u²/12

and the error of Z is always three times the third harmonic. `linearity` is the largest u over the
sweep, with the amplitude of the whole cell, which is an upper bound of that of the interface: ohmic
parts only make the true error smaller. The error is therefore at most α²u²/8 where the technique
holds the voltage (PEIS) and α²u²/4 where it holds the current or does not say; α is taken as
`asymmetry` (½): at 25 °C a bound of 1 % is reached at 14.5 mV (PEIS) or 10.3 mV (GEIS). For α = 0.7
the limits are 10.4 and 7.3 mV.

* inconsistent: only by the harmonics: the total harmonic distortion of the response (of the
  current under PEIS, of the voltage under GEIS) exceeds `distortion` (5 %, the customary limit; for
  one exponential under a held current it means an error of 4 THD² = 1 %) at two adjacent
  frequencies at least, and the noise-to-signal ratio where that was recorded: noise has harmonics.
* consistent: else, where the bound by the amplitude is within `error` (1 %); or where all points
  have a distortion of which even all in the third harmonic would mean an error within that.
* not_decidable: everything else: an amplitude too large to rule it out, or not known.

Amplitudes are taken as peak values: EC-Lab's |Ewe| and |I| are amplitudes of the sine (with a
"Va" of 10 mV the column holds 10 mV), and so it is assumed of every other file. If a file held root
mean squares instead, u would be √2 larger than said here. The temperature is the specimen's; where
that has none, 25 °C is assumed and the node's attributes say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.validation.aligned import Aligned
from anodescope.impedance.validation.conditions import Conditions

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BOLTZMANN_OVER_CHARGE = 8.617333262e-5  # V/K
ABSOLUTE_ZERO = -273.15  # °C


@final
@dataclass(frozen=True, slots=True)
class Linearity:
    """Limits of the judgement on linearity (see the module's docstring).

    Attributes
    ----------
    error : relative error of Z that is not held against a sweep.
    asymmetry : largest transfer coefficient to reckon with.
    distortion : total harmonic distortion (%) above which a response is not linear.
    """

    error: float = 0.01
    asymmetry: float = 0.5
    distortion: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.asymmetry <= 1:
            raise SettingsError(
                f"asymmetry: expected a number above 0, up to 1, found {self.asymmetry}."
            )
        for name in ("error", "distortion"):
            value = getattr(self, name)
            if not value >= 0:
                raise SettingsError(f"{name}: expected a number of at least 0, found {value}.")


@final
@dataclass(frozen=True, slots=True)
class Response:
    """What amplitude and harmonics say of each sweep; NaN where they were not recorded.

    Attributes
    ----------
    linearity : largest amplitude of the voltage over kT/e, shape (S,).
    distortion : largest total harmonic distortion of the response (%), shape (S,).
    outcome : one per sweep.
    """

    linearity: Floats
    distortion: Floats
    outcome: list[Outcome]


def thermal_voltage(celsius: float) -> float:
    """Return kT/e (V) at a temperature (°C)."""
    return BOLTZMANN_OVER_CHARGE * (celsius - ABSOLUTE_ZERO)


def find_linearity(settings: Linearity, points: Aligned, known: Conditions) -> Response:
    """Judge every sweep by its amplitude and its harmonics."""
    u = _largest(points.take(known.amplitude)) / thermal_voltage(known.temperature)
    thd, floor = points.take(known.distortion), points.take(known.floor)
    largest = _largest(thd)
    with np.errstate(invalid="ignore"):
        # Fields of the table above: what the amplitude allows at most, what the harmonics do.
        share = np.where(known.voltage_controlled, 1 / 8, 1 / 4)
        small = share * settings.asymmetry**2 * u**2 <= settings.error
        clean = 3 * largest / 100 <= settings.error
        bent = (thd > settings.distortion) & ~(floor >= thd)
    clean &= np.isfinite(thd).sum(axis=1) == points.count
    outcome = np.full(len(points.count), Outcome.not_decidable, dtype=object)
    outcome[small | clean] = Outcome.consistent
    outcome[_adjacent(bent, points)] = Outcome.inconsistent
    return Response(u, largest, outcome.tolist())


def _largest(values: Floats) -> Floats:
    known = np.isfinite(values)
    found = np.max(values, axis=1, where=known, initial=-np.inf)
    return np.where(known.any(axis=1), found, np.nan)


def _adjacent(mask: Bools, points: Aligned) -> Bools:
    """Say which rows have two adjacent marks, or one where there is only one point."""
    pairs = (mask[:, 1:] & mask[:, :-1]).any(axis=1)
    return np.asarray(pairs | (mask.any(axis=1) & (points.count == 1)))
