"""A liquid that may not wet its wall: tension and angle, pores and slits, apparent angles.

Lengths are in cm. Surface tension is in N/m, pressure in Pa, angles in degrees through the liquid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact.checks import number
from anodescope.contact.face import plain, positive
from anodescope.errors import SettingsError

CM_PER_M = 100.0


@final
@dataclass(frozen=True, slots=True)
class Liquid:
    """A liquid on its wall.

    Attributes
    ----------
    surface_tension : N/m.
    angle : contact angle of the liquid on the flat wall (°), 0 to 180; above 90 it does not wet.

    Raises
    ------
    SettingsError
        for a tension that is not above 0, and an angle outside 0 to 180.
    """

    surface_tension: float
    angle: float

    def __post_init__(self) -> None:
        tension = positive("surface_tension", self.surface_tension, "N/m")
        angle = number("angle", self.angle, "0 to 180 (°)", least=0.0, most=180.0)
        object.__setattr__(self, "surface_tension", tension)
        object.__setattr__(self, "angle", angle)

    @property
    def adhesion(self) -> float:
        """σ cos θ (N/m): what the wall gains when it is wetted; negative where it does not wet."""
        return self.surface_tension * _cosine(self.angle)


# Assumed: the middle of what is written for Na (0.195) and K (0.112 N/m), and an angle of a liquid
# alkali metal on a bare oxide. Neither was measured for this pair.
NAK = Liquid(0.15, 150.0)


def known(liquid: Any) -> Liquid:
    """Return a liquid; raises `SettingsError` for all else."""
    if not isinstance(liquid, Liquid):
        raise SettingsError(
            f"liquid: expected a Liquid, found {liquid!r:.80}. Try Liquid(0.15, 150.0)."
        )
    return liquid


# pores and slits


def pore_pressure(surface_tension: float, angle: float, radius: Any) -> Any:
    """Return the pressure (Pa) at which a liquid enters a round pore, −2σ cos θ / r.

    Washburn, Proc. Natl. Acad. Sci. 7, 115 (1921), doi:10.1073/pnas.7.4.115. The pore is a straight
    cylinder with a sharp rim. Negative for θ < 90°: the pore draws the liquid in.

    Parameters
    ----------
    surface_tension, angle : N/m and °.
    radius : cm, any shape.

    Raises
    ------
    SettingsError
        for values out of range.
    """
    liquid = Liquid(surface_tension, angle)
    return _entry("radius", radius, liquid)


def slit_pressure(surface_tension: float, angle: float, width: Any) -> Any:
    """Return the pressure (Pa) at which a liquid enters a slit of this width (cm), −2σ cos θ / w.

    The meniscus is curved in one direction only, so a slit fills at half the pressure of a round
    pore of the same diameter. Raises `SettingsError` for values out of range.
    """
    liquid = Liquid(surface_tension, angle)
    return _entry("width", width, liquid)


def threshold_radius(surface_tension: float, angle: float, pressure: float) -> float:
    """Return the radius (cm) above which round pores fill at a pressure (Pa), 2σ|cos θ| / p.

    Zero for θ ≤ 90°: all fill. Raises `SettingsError` for values out of range.
    """
    liquid = Liquid(surface_tension, angle)
    return CM_PER_M * max(-2.0 * liquid.adhesion, 0.0) / positive("pressure", pressure, "Pa")


# apparent angles


def wenzel_angle(angle: float, roughness: float) -> float:
    """Return the apparent angle (°) of a wall wetted all over, cos θ* = r cos θ.

    Wenzel, Ind. Eng. Chem. 28, 988 (1936), doi:10.1021/ie50320a024. Where |r cos θ| > 1 the answer
    is 0 or 180.

    Parameters
    ----------
    angle : on the flat wall (°).
    roughness : true area over projected area, 1 or more (`roughness_ratio`).

    Raises
    ------
    SettingsError
        for values out of range.
    """
    return _degrees(_roughness(roughness) * _cosine(Liquid(1.0, angle).angle))


def cassie_angle(angle: float, fraction: float, roughness: float = 1.0) -> float:
    """Return the apparent angle (°) of a liquid that rests on peaks, cos θ* = r f cos θ + f − 1.

    Cassie and Baxter, Trans. Faraday Soc. 40, 546 (1944), doi:10.1039/TF9444000546.

    Parameters
    ----------
    angle : on the flat wall (°).
    fraction : projected area in contact over projected area, 0 to 1.
    roughness : true over projected area of the part in contact.

    Raises
    ------
    SettingsError
        for values out of range.
    """
    wet = part_of_one(fraction)
    return _degrees(_roughness(roughness) * wet * _cosine(Liquid(1.0, angle).angle) + wet - 1.0)


def transition_angle(fraction: float, roughness: float) -> float:
    """Return the angle (°) above which voids are stable without pressure: cos θ = (f − 1)/(r − f).

    There Cassie's and Wenzel's apparent angles agree. Bico, Thiele and Quéré, Colloids Surf. A 206,
    41 (2002), doi:10.1016/S0927-7757(02)00061-4. Flat tops in contact are supposed. Voids below
    that angle can last as metastable ones: this compares energies, `press` follows the liquid.

    Raises
    ------
    SettingsError
        for a fraction outside 0 to 1, a roughness below 1, or a flat wall wetted all over.
    """
    dry, more = 1.0 - part_of_one(fraction), _roughness(roughness) - fraction
    if more == 0.0:
        raise SettingsError("fraction: expected less than the roughness, found both 1.")
    return _degrees(-dry / more)


def _entry(name: str, lengths: Any, liquid: Liquid) -> Any:
    """Return −2σ cos θ over each length (cm), in Pa."""
    array = plain(name, lengths)
    good = array.dtype.kind in "iuf" and np.all((array > 0.0) & np.isfinite(array))
    if not good:
        raise SettingsError(f"{name}: expected lengths above 0 (cm), found {lengths!r:.80}.")
    with np.errstate(over="ignore"):
        found = -2.0 * CM_PER_M * liquid.adhesion / array.astype(float)
    if not np.all(np.isfinite(found)):
        raise SettingsError(
            f"{name}: expected lengths whose pressure is a finite number (Pa), "
            f"found {lengths!r:.80}. Try centimetres."
        )
    return found if array.ndim else float(found)


def part_of_one(value: Any) -> float:
    """Return a fraction, 0 to 1; raises `SettingsError` for all else."""
    return number("fraction", value, "0 to 1", least=0.0, most=1.0)


def _roughness(value: Any) -> float:
    return number("roughness", value, "1 or more (true over flat)", least=1.0)


def _cosine(angle: float) -> float:
    return math.cos(math.radians(angle))


def _degrees(cosine: float) -> float:
    """Return the angle (°) of a cosine; beyond ±1 it is 0 or 180."""
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
