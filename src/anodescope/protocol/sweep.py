"""One impedance spectrum: its frequencies, and how long an instrument stays at each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError
from anodescope.protocol.checks import finite, hold_to, positive, whole
from anodescope.protocol.limits import Limits, below_cut_off, merged

Floats = npt.NDArray[np.float64]

# What a sweep has where it states nothing: the paper's window, and a usual density of points.
F_MAX, F_MIN, PER_DECADE = 7e6, 5.0, 10

# No instrument measures more frequencies in one sweep; a typing error should not fill the memory.
MOST_POINTS = 10_000

# What an instrument does at each frequency where nothing is stated: an estimate.
PERIODS, MINIMUM_TIME = 2.0, 0.05


@final
@dataclass(frozen=True, slots=True)
class Sweep:
    """One impedance spectrum, from `f_max` down to `f_min`.

    Attributes
    ----------
    duration : (s).
    current : bias (A or mA/cm²) of a galvanostatic sweep (GEIS); None: potentiostatic (PEIS).
        A GEIS at open circuit is one with a bias of 0.
    voltage : dc voltage (V) of a potentiostatic sweep; None: that found at rest when it starts.
    amplitude : of the perturbation: A for GEIS (never per area), V for PEIS. Files and the paper
        do not say whether it is a peak or an rms value; None: not stated.
    f_max, f_min : frequencies (Hz); None: not stated.
    points : number of frequencies; None: not stated.
    voltage_limit : cut-off on |V| (V) of the mean voltage, as in a `Hold`; None: no limit.
    per_decade : number of frequencies per decade, instead of `points`.
    periods : periods that each frequency is measured for, at least; None: not stated.
    minimum_time : time (s) that each frequency takes, at least; None: not stated.
    until : further limits.

    Raises
    ------
    SettingsError
        for a value out of its range, and for settings that contradict each other.
    """

    duration: float
    current: float | None = None
    voltage: float | None = None
    amplitude: float | None = None
    f_max: float | None = None
    f_min: float | None = None
    points: int | None = None
    voltage_limit: float | None = None
    per_decade: int | None = None
    periods: float | None = None
    minimum_time: float | None = None
    until: Limits | None = None

    def __post_init__(self) -> None:
        hold_to(self, "duration", positive)
        hold_to(self, "current", finite)
        hold_to(self, "voltage", finite)
        for name in ("amplitude", "f_max", "f_min", "voltage_limit", "periods", "minimum_time"):
            hold_to(self, name, positive)
        for name in ("points", "per_decade"):
            if getattr(self, name) is not None:
                whole("Sweep", name, getattr(self, name), 1, MOST_POINTS)
        self._agree()
        below_cut_off("Sweep", self.voltage or 0.0, self.limits)
        if self.periods is not None or self.minimum_time is not None:
            self._fits()

    @property
    def limits(self) -> Limits:
        """What ends the sweep before its time; without limits, the fields are None."""
        return merged("Sweep", self.voltage_limit, self.until)

    @property
    def at_rest(self) -> bool:
        """No dc current is asked for: PEIS at the voltage found at rest, or GEIS around zero."""
        return self.voltage is None and not self.current

    def frequencies(self) -> Floats:
        """Return the frequencies in the order of measurement.

        They are evenly spaced in the logarithm, and `f_max` and `f_min` are among them. Points per
        decade are so met to within half a point over the sweep. What is not stated is the
        paper's 7 MHz to 5 Hz, and 10 points per decade (an estimate).

        Returns
        -------
        (point,) Hz, falling.

        Raises
        ------
        SettingsError
            when the one frequency that is stated lies beyond the paper's window, or when one point
            shall span a range.
        """
        high = F_MAX if self.f_max is None else self.f_max
        low = F_MIN if self.f_min is None else self.f_min
        _falling(high, low)
        if high == low:
            return np.full(self.points or 1, high)
        decades = math.log10(high) - math.log10(low)
        count = self.points or max(round((self.per_decade or PER_DECADE) * decades) + 1, 2)
        whole("Sweep", "points", count, 2, MOST_POINTS)
        result: Floats = np.geomspace(high, low, count)
        return result

    def times(self, periods: float = PERIODS, minimum_time: float = MINIMUM_TIME) -> Floats:
        """Return the time from the start at which each frequency has been measured.

        Each takes its periods or the least time, whichever is longer. All are stretched alike to
        fill `duration`, since that is what is asked for, and transfers take time too.

        Parameters
        ----------
        periods, minimum_time : of the instrument, for what the sweep does not state.

        Returns
        -------
        (point,) s, rising; the last is `duration`.

        Raises
        ------
        SettingsError
            as `frequencies`, or when no time is spent at a frequency.
        """
        needed = np.cumsum(self._least_times(periods, minimum_time))
        if not 0.0 < needed[-1] < math.inf:
            raise SettingsError(
                f"Sweep: expected a time above zero per frequency, found {needed[-1]:g} s in all."
            )
        result: Floats = needed * (self.duration / needed[-1])
        result[-1] = self.duration
        return result

    def _least_times(self, periods: float, minimum_time: float) -> Floats:
        cycles = periods if self.periods is None else self.periods
        least = minimum_time if self.minimum_time is None else self.minimum_time
        result: Floats = np.maximum(cycles / self.frequencies(), least)
        return result

    def _agree(self) -> None:
        """Refuse settings of which only one can hold."""
        if self.current is not None and self.voltage is not None:
            raise SettingsError("Sweep: expected a bias current or a dc voltage, found both.")
        if self.points is not None and self.per_decade is not None:
            raise SettingsError("Sweep: expected points or per_decade, found both.")
        if self.f_max is not None and self.f_min is not None:
            _falling(self.f_max, self.f_min)
            if self.points == 1 and self.f_max > self.f_min:
                raise SettingsError(
                    f"Sweep: expected two points or more from {self.f_max:g} to {self.f_min:g} Hz, "
                    "found 1."
                )
        if self.at_rest and self.limits.charge is not None:
            raise SettingsError(
                f"Sweep, until: expected no limit of charge at rest, found {self.limits.charge:g}."
            )

    def _fits(self) -> None:
        """Refuse a duration in which what is stated per frequency cannot be done."""
        needed = float(np.sum(self._least_times(0.0, 0.0)))
        if needed > self.duration * (1.0 + 1e-9):
            raise SettingsError(
                f"Sweep, duration: expected {needed:.6g} s or more for the periods and the least "
                f"time per frequency, found {self.duration:g} s."
            )


def _falling(high: float, low: float) -> None:
    if high < low:
        raise SettingsError(
            f"Sweep: expected f_max above f_min, found {high:g} and {low:g} Hz; give both."
        )
