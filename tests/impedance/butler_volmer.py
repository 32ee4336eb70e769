"""A cell whose interface obeys Butler–Volmer, answered at finite amplitude by harmonic balance.

i = i0 [exp(αu) − exp(−(1 − α)u)] beside a double layer C, in series with R; u = ηe/(kT).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt

from anodescope.impedance.validation.linearity import thermal_voltage

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

INSTANTS = 24
HARMONICS = slice(2, 8)
THERMAL = thermal_voltage(25.0)


@dataclass(frozen=True)
class Interface:
    """`exchange` (A), `alpha`, `capacitance` (F), `series` (Ω), `bias` (dc η over kT/e)."""

    exchange: float
    alpha: float
    capacitance: float
    series: float
    bias: float = 0.0

    def current(self, v: Floats) -> Floats:
        """Faradaic current (A) at overpotentials (V)."""
        u = v / THERMAL
        return self.exchange * (np.exp(self.alpha * u) - np.exp(-(1 - self.alpha) * u))

    def slope(self, v: Floats) -> Floats:
        """Its derivative (S)."""
        u, a = v / THERMAL, self.alpha
        return self.exchange / THERMAL * (a * np.exp(a * u) + (1 - a) * np.exp(-(1 - a) * u))

    def linear(self, frequency: Floats) -> Complexes:
        """Impedance (Ω) at vanishing amplitude."""
        v = np.array(self.bias * THERMAL)
        return self.series + 1 / (self.slope(v) + 2j * pi * frequency * self.capacitance)

    def respond(
        self, frequency: Floats, amplitude: float, held: str
    ) -> tuple[Complexes, Floats, Floats]:
        """Return Z (Ω), the amplitude of the cell voltage (V) and THD of the response (%).

        Parameters
        ----------
        amplitude : of the cell voltage (V); under a held current, that of the linear cell at the
            lowest frequency.
        held : "voltage" or "current".
        """
        theta = 2 * pi * np.arange(INSTANTS) / INSTANTS
        rest = self.bias * THERMAL
        dc = float(self.current(np.array(rest)))
        size = amplitude if held == "voltage" else amplitude / abs(self.linear(frequency)[-1])
        wave = size * np.cos(theta)
        v = self._balance(frequency, wave, dc, rest, held)
        if held == "voltage":
            voltage = np.broadcast_to(rest + self.series * dc + wave, v.shape)
            current = (voltage - v) / self.series
        else:
            current = np.broadcast_to(dc + wave, v.shape)
            voltage = v + self.series * current
        volts, amps = (2 * np.fft.rfft(x, axis=1) / INSTANTS for x in (voltage, current))
        response = np.abs(amps if held == "voltage" else volts)
        thd = np.sqrt((response[:, HARMONICS] ** 2).sum(axis=1)) / response[:, 1]
        return volts[:, 1] / amps[:, 1], np.abs(volts[:, 1]), 100 * thd

    def _balance(
        self, frequency: Floats, wave: Floats, dc: float, rest: float, held: str
    ) -> Floats:
        """Newton on the instants of one period, for all frequencies at once: overpotentials (V)."""
        charging = 2 * pi * frequency[:, None, None] * self.capacitance * derivative(INSTANTS)
        conductance = 1 / self.series if held == "voltage" else 0.0
        drive = dc + (wave / self.series if held == "voltage" else wave)
        v = np.full((frequency.size, wave.size), rest)
        for _ in range(60):
            stored = np.einsum("fij,fj->fi", charging, v)
            lack = drive - self.current(v) - stored - conductance * (v - rest)
            jacobian = charging + (self.slope(v) + conductance)[:, :, None] * np.eye(wave.size)
            step = np.linalg.solve(jacobian, lack[:, :, None])[:, :, 0]
            v = v + np.clip(step, -THERMAL, THERMAL)
            if np.abs(step).max() < 1e-12:
                return v
        raise RuntimeError("the harmonic balance did not converge")


def derivative(points: int) -> Floats:
    """Matrix of the derivative of a periodic function given at even instants (Trefethen 2000)."""
    k = np.arange(points)
    apart = k[:, None] - k[None, :]
    with np.errstate(divide="ignore"):
        matrix = 0.5 * (-1.0) ** apart / np.tan(pi * apart / points)
    matrix[apart == 0] = 0.0
    return matrix


def random_interface(rng: np.random.Generator, alpha: float, bias: float) -> Interface:
    """One whose arc lies inside 1e5 … 0.1 Hz, with an ohmic part of 5 % to all of its size."""
    resistance = 10 ** rng.uniform(1, 2.5)
    probe = Interface(1.0, alpha, 1.0, 1.0, bias)
    exchange = 1 / (resistance * float(probe.slope(np.array(bias * THERMAL))))
    tau = 10 ** rng.uniform(-4, -1.5)
    return Interface(exchange, alpha, tau / resistance, resistance * rng.uniform(0.05, 1.0), bias)
