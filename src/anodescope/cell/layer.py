"""The thin layer at the interface in which Na runs out, and the law of when it does.

Only n·D/δ (limiting current) and δ²/D (recovery) follow from measurements, never δ or D alone.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell.calibrated import fitted
from anodescope.cell.law import ACTIVATION, STANDARD, Around, Arrhenius, Law, number, speed
from anodescope.cell.modes import thickness_quantiles
from anodescope.cell.slots import SMOOTH, THRESHOLD

Floats = NDArray[np.float64]

THICKNESS, DIFFUSIVITY = fitted("layer.thickness"), fitted("layer.diffusivity")
SPREAD, CRITICAL = fitted("layer.spread"), fitted("layer.critical_fraction")


class Layer(Law):
    """Planar diffusion between the well-mixed alloy and the electrolyte.

    Attributes
    ----------
    thickness : median over the patches, cm. diffusivity : apparent, cm²/s.
    density : mol of atoms per cm³. spread : standard deviation of ln δ over the patches.
    saturation : mole fraction of Na at which metallic Na comes out; None: the Na liquidus.
    activation : of the diffusivity, or None.
    """

    __slots__ = ()
    thickness: float
    diffusivity: float
    density: float
    spread: float
    saturation: float | None
    activation: Arrhenius | None

    @property
    @abstractmethod
    def code(self) -> int:
        """Code of the family for the kernel."""

    @abstractmethod
    def threshold(self, temperature: float) -> float:
        """Return x_c at a temperature (K)."""

    @property
    @abstractmethod
    def softness(self) -> float:
        """Width of the threshold, mole fraction."""

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, threshold, width and saturation."""
        top = self.saturation
        return {
            "layer": self.code,
            "critical_fraction": self.threshold(around.temperature),
            "width": self.softness,
            "saturation": liquidus(around.temperature)[1] if top is None else top,
        }

    def profile(self, patches: int, around: Around = STANDARD) -> tuple[Floats, Floats]:
        """Return κ (mA/cm² per unit mole fraction) and τ (s) of each patch, (patch,) each."""
        from anodescope.materials import FARADAY

        diffusivity = self.diffusivity * speed(self.activation, around)
        thickness = self.thickness * thickness_quantiles(self.spread, patches)
        return 1e3 * FARADAY * self.density * diffusivity / thickness, thickness**2 / diffusivity


def liquidus(temperature: float) -> tuple[float, float]:
    """Return the mole fractions of Na between which Na–K is liquid at a temperature (K)."""
    from anodescope.materials import nak

    low, high = nak.liquid_window(temperature)
    return float(low), float(high)


def _thickness() -> float:
    value: float = number(THICKNESS, "cm", "fitted", "δ, thickness of the layer", high=0.1)
    return value


def _diffusivity() -> float:
    value: float = number(
        DIFFUSIVITY, "cm²/s", "fitted", "D, apparent diffusivity in the layer", high=1.0
    )
    return value


def _density() -> float:
    value: float = number(0.0311, "mol/cm³", "set", "n, atoms in the layer", high=1.0)
    return value


def _spread() -> float:
    value: float = number(SPREAD, "1", "fitted", "σ of ln δ over the patches", zero=True, high=3.0)
    return value


def _saturation() -> float | None:
    value: float | None = number(
        None, "1", "known", "x_L at which Na comes out; None: Na liquidus", high=1.0
    )
    return value


@final
@dataclass(frozen=True, slots=True)
class Threshold(Layer):
    """The interface runs dry when its surface reaches a composition x_c.

    θ = 1 − (x_b − x_s)/A with A = w ln(1 + e^{(x_b − x_c)/w}): (x_s − x_c)/(x_b − x_c) for a bulk
    well above x_c, and still defined for one below it, where next to nothing is accessible.

    Attributes
    ----------
    thickness, diffusivity, density, spread, saturation, activation : as in `Layer`.
    critical_fraction : x_c. It is empirical: the K liquidus lies far below.
    width : w, mole fraction.
    """

    thickness: float = _thickness()
    diffusivity: float = _diffusivity()
    density: float = _density()
    spread: float = _spread()
    critical_fraction: float = number(
        CRITICAL, "1", "fitted", "x_c", zero=True, high=1.0, top=False
    )
    # Small against x_b − x_c of the alloy nearest to the threshold that was measured (0.04).
    width: float = number(0.01, "1", "estimate", "w, width of the threshold", high=1.0)
    saturation: float | None = _saturation()
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    @property
    def code(self) -> int:
        """Code of the family for the kernel."""
        return THRESHOLD

    @property
    def softness(self) -> float:
        """Width of the threshold, mole fraction."""
        return self.width

    def threshold(self, temperature: float) -> float:
        """Return x_c; the same at every temperature."""
        return self.critical_fraction


@final
@dataclass(frozen=True, slots=True)
class AtLiquidus(Layer):
    """The interface runs dry when its surface reaches the K liquidus: the textbook's law.

    Attributes
    ----------
    thickness, diffusivity, density, spread, saturation, activation : as in `Layer`.
    width : as in `Threshold`.
    """

    thickness: float = _thickness()
    diffusivity: float = _diffusivity()
    density: float = _density()
    spread: float = _spread()
    width: float = number(0.01, "1", "estimate", "w, width of the threshold", high=1.0)
    saturation: float | None = _saturation()
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    @property
    def code(self) -> int:
        """Code of the family for the kernel."""
        return THRESHOLD

    @property
    def softness(self) -> float:
        """Width of the threshold, mole fraction."""
        return self.width

    def threshold(self, temperature: float) -> float:
        """Return the mole fraction of Na on the K liquidus at a temperature (K)."""
        return liquidus(temperature)[0]


@final
@dataclass(frozen=True, slots=True)
class Smooth(Layer):
    """The interface runs dry little by little: θ = s((x_s − x_c)/w)/s((x_b − x_c)/w), s = softplus.

    Attributes
    ----------
    thickness, diffusivity, density, spread, saturation, activation : as in `Layer`.
    critical_fraction : x_c, about which it happens.
    width : w, mole fraction over which it happens.
    """

    thickness: float = _thickness()
    diffusivity: float = _diffusivity()
    density: float = _density()
    spread: float = _spread()
    critical_fraction: float = number(
        CRITICAL, "1", "fitted", "x_c", zero=True, high=1.0, top=False
    )
    width: float = number(0.05, "1", "estimate", "w, width of the transition", high=1.0)
    saturation: float | None = _saturation()
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    @property
    def code(self) -> int:
        """Code of the family for the kernel."""
        return SMOOTH

    @property
    def softness(self) -> float:
        """Width of the transition, mole fraction."""
        return self.width

    def threshold(self, temperature: float) -> float:
        """Return x_c; the same at every temperature."""
        return self.critical_fraction
