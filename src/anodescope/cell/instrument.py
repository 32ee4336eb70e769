"""The instrument in front of the virtual cell: when it samples, how long it dwells, what it adds.

Noise is Gaussian and white. A voltage has that of the voltmeter; a current that of the smallest
range that holds it; an impedance that of both over the perturbation's amplitudes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import SettingsError
from anodescope.protocol import Sweep

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Instrument:
    """A potentiostat with impedance.

    Attributes
    ----------
    sampling : a sample each so many seconds (inf: none between); each phase also has one at its
        start and at its end.
    voltage_step : and where the voltage has changed by this much (V); inf: not for that.
    voltage_noise : standard deviation of a voltage sample (V).
    ranges : full scales of the current ranges (A), rising.
    range_noise : standard deviation of a current sample over the full scale of its range.
    current_error : gain of the ammeter less one; the same for the whole experiment.
    periods : periods that one frequency is measured for, at least.
    dwell : time that one frequency takes, at least (s).
    compliance : largest voltage that it drives (V): beyond it the experiment is over.
    averaged : samples that go into one impedance: its noise is that of a sample over their root.

    Raises
    ------
    SettingsError
        for a value out of its range.

    The defaults of the noise are what a bench potentiostat's data sheet gives: an estimate, since
    the paper names no instrument's noise.
    """

    sampling: float = 0.1
    voltage_step: float = np.inf
    voltage_noise: float = 3e-5
    ranges: tuple[float, ...] = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    range_noise: float = 1e-5
    current_error: float = 0.0
    periods: float = 2.0
    dwell: float = 0.05
    averaged: int = 100
    compliance: float = 20.0

    def __post_init__(self) -> None:
        _require_ranges(self.ranges)
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name == "ranges":
                continue
            whole = name == "averaged"
            kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
            good = isinstance(value, kinds) and not isinstance(value, bool)
            signed, zero = (
                name == "current_error",
                name in ("voltage_noise", "range_noise", "dwell"),
            )
            if good and signed:
                good = -1.0 < value < 1.0
            elif good:
                good = (value > 0 or (zero and value == 0)) and not np.isnan(value)
                good = good and (np.isfinite(value) or name in ("voltage_step", "sampling"))
            if not good:
                what = "between −1 and 1" if signed else "not below zero" if zero else "above zero"
                kind = "whole" if whole else "finite"
                raise SettingsError(
                    f"Instrument, {name}: expected a {kind} number {what}, found {value!r}."
                )

    @property
    def quiet(self) -> bool:
        """Nothing is added to what the cell gives."""
        return not (self.voltage_noise or self.range_noise or self.current_error)

    def silent(self) -> Instrument:
        """Return the same instrument without noise or error."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        nothing = {"voltage_noise": 0.0, "range_noise": 0.0, "current_error": 0.0}
        return Instrument(**{**values, **nothing})

    def instants(self, sweep: Sweep) -> Floats:
        """Instants (s from the start) at which a sweep has measured its frequencies.

        Each takes its periods or its least dwell, whichever is longer: the sweep's own where it
        states them, else the instrument's. The whole is stretched to the sweep's duration, less a
        ten-thousandth: the last point is read before the next step begins.
        """
        return (1.0 - 1e-4) * np.asarray(sweep.times(self.periods, self.dwell), dtype=float)

    def measured_voltage(self, volt: Floats, random: np.random.Generator) -> Floats:
        """Return voltages as they are read (V)."""
        result: Floats = volt + self.voltage_noise * random.standard_normal(volt.shape)
        return result

    def measured_current(self, current: Floats, random: np.random.Generator) -> Floats:
        """Return currents as they are read (A), in the smallest range that holds each."""
        noise = self._noise_of(np.abs(current))
        gain = 1.0 + self.current_error
        result: Floats = current * gain + noise * random.standard_normal(current.shape)
        return result

    def measured_impedance(
        self,
        impedance: NDArray[np.complex128],
        bias: Floats,
        amplitude: Floats,
        random: np.random.Generator,
    ) -> NDArray[np.complex128]:
        """Return impedances (Ω) as they are measured.

        Parameters
        ----------
        impedance : (point,) Ω.
        bias : (point,) dc current (A): the range must hold it and the perturbation.
        amplitude : (point,) peak of the current's perturbation (A).
        random : source of the noise.
        """  # fmt: skip
        if self.quiet:
            return impedance
        root = np.sqrt(self.averaged)
        current = self._noise_of(np.abs(bias) + amplitude) / (amplitude * root)
        volt = self.voltage_noise / (np.abs(impedance) * amplitude * root)
        size = np.hypot(current, volt) / np.sqrt(2.0)
        noise = random.standard_normal((2, *impedance.shape))
        shift = (noise[0] + 1j * noise[1]) * size
        result: NDArray[np.complex128] = impedance * (1.0 + shift) / (1.0 + self.current_error)
        return result

    def _noise_of(self, size: Floats) -> Floats:
        scales = np.array(self.ranges)
        place = np.minimum(np.searchsorted(scales, size), scales.size - 1)
        return np.asarray(self.range_noise * scales[place], dtype=float)


def _require_ranges(ranges: object) -> None:
    good = isinstance(ranges, tuple) and len(ranges) > 0
    if isinstance(ranges, tuple) and good:
        good = all(isinstance(one, int | float) and 0 < one < np.inf for one in ranges)
        good = good and all(low < high for low, high in itertools.pairwise(ranges))
    if not good:
        raise SettingsError(
            f"Instrument, ranges: expected a tuple of full scales above zero that rise, found "
            f"{ranges!r}."
        )
