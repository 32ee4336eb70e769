"""A non-wetting liquid on a rough wall: what it touches, at which pressure it fills, what helps.

Lengths are in cm, as everywhere in this room. Surface tension is in N/m and pressure in Pa; the
pressure is the liquid's, above that of the gas in the voids. Angles are in degrees, measured
through the liquid. The seal carries the load of the stack, so the pressure of the liquid is not
the stack pressure: every comparison gives both ends of what it may be, `PRESSURES`.

The rule. The liquid first touches the highest peak. Between its contact lines hangs a meniscus of
mean curvature p/2σ, above the wall. Where the wall falls by α, a line holds a meniscus that falls
by ψ ≤ α − (180° − θ) (Gibbs), so it bears at most σ sin(α + θ − 180°) per length. Where the lines
around cannot bear the pressure the meniscus sinks, and what it touches is wet from then on. The
answer is the highest surface that stays: it is unique, falls with p and rises with σ and θ. Slopes
below 180° − θ hold nothing: θ = 150° needs 30°.

What is left out. Liquids that react: K₂O or KₓSn may form on a coating of SnO₂, and then no one θ
holds. Gas in closed voids (it is let out), vibration, receding lines. Roughness finer than a pixel
is not seen, and roughness adds slopes: the contact fraction is then an upper bound, and the
constriction computed from it a lower one. Tension is summed over the sides of pixels, which makes
the answer unique: exact in slits along them, too large by up to √2 where a meniscus falls steeply
along their diagonal (1.26 at 60°, 1.07 at 30°).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.errors import Outcome, SettingsError

Array = np.ndarray[Any, np.dtype[Any]]

CM_PER_M = 100.0
# Pa. What the liquid may bear: that of the gas around the cell, and that of the stack. The O-ring
# carries the stack load, and nothing was measured in between.
PRESSURES = (1e5, 1e7)


def _above(name: str, value: float, unit: str) -> float:
    if not 0.0 < value < np.inf:
        raise SettingsError(f"{name}: expected a number above 0 ({unit}), found {value!r}.")
    return float(value)


def _lengths(name: str, values: Any) -> Any:
    array = np.asarray(values, dtype=float)
    if not np.all((array > 0.0) & np.isfinite(array)):
        raise SettingsError(f"{name}: expected lengths above 0 (cm), found {values!r:.80}.")
    return array if array.ndim else float(array)


def _fraction(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise SettingsError(f"fraction: expected 0 to 1, found {value!r}.")
    return float(value)


def _roughness(value: float) -> float:
    if not 1.0 <= value < np.inf:
        raise SettingsError(f"roughness: expected 1 or more (true over flat), found {value!r}.")
    return float(value)


def _wall(heights: Any, pixel: float, sides: str) -> tuple[Array, bool]:
    """Return the wall in pixels, and whether it ends at mirrors."""
    wall = np.asarray(heights)
    if wall.ndim != 2 or wall.size == 0 or wall.dtype.kind not in "biuf":
        raise SettingsError(
            f"heights: expected a map (y, x) in cm, found {wall.dtype} of shape {wall.shape}."
        )
    if not np.all(np.isfinite(wall)):
        raise SettingsError("heights: expected finite values (cm), found NaN or infinite ones.")
    if sides not in ("periodic", "mirror"):
        raise SettingsError(f"sides: expected one of periodic, mirror, found {sides!r}.")
    return wall.astype(float) / _above("pixel", pixel, "cm"), sides == "mirror"


def _cosine(angle: float) -> float:
    return math.cos(math.radians(angle))


def _degrees(cosine: float) -> float:
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


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
        _above("surface_tension", self.surface_tension, "N/m")
        if not 0.0 <= self.angle <= 180.0:
            raise SettingsError(f"angle: expected 0 to 180 (°), found {self.angle!r}.")

    @property
    def adhesion(self) -> float:
        """σ cos θ (N/m): what the wall gains when it is wetted; negative where it does not wet."""
        return self.surface_tension * _cosine(self.angle)


# Assumed: the middle of what is written for Na (0.195) and K (0.112 N/m), and an angle of a liquid
# alkali metal on a bare oxide. Neither was measured for this pair.
NAK = Liquid(0.15, 150.0)


@final
@dataclass(frozen=True, slots=True)
class Wetting:
    """What the liquid touches.

    Attributes
    ----------
    contact : (y, x) bool, True where the liquid touches the wall.
    gap : (y, x) depth of the void below the liquid (cm), 0 in contact.
    pressure : of the liquid above that of the voids (Pa).
    outcome : `converged`, or `max_steps` where the meniscus was still moving.
    """

    contact: Array
    gap: Array
    pressure: float
    outcome: Outcome

    @property
    def fraction(self) -> float:
        """Pixels in contact over all pixels."""
        return float(self.contact.mean())


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
    return -2.0 * liquid.adhesion / (_lengths("radius", radius) / CM_PER_M)


def slit_pressure(surface_tension: float, angle: float, width: Any) -> Any:
    """Return the pressure (Pa) at which a liquid enters a slit of this width (cm), −2σ cos θ / w.

    The meniscus is curved in one direction only, so a slit fills at half the pressure of a round
    pore of the same diameter. Raises `SettingsError` for values out of range.
    """
    liquid = Liquid(surface_tension, angle)
    return -2.0 * liquid.adhesion / (_lengths("width", width) / CM_PER_M)


def threshold_radius(surface_tension: float, angle: float, pressure: float) -> float:
    """Return the radius (cm) above which round pores fill at a pressure (Pa), 2σ|cos θ| / p.

    Zero for θ ≤ 90°: all fill. Raises `SettingsError` for values out of range.
    """
    liquid = Liquid(surface_tension, angle)
    return CM_PER_M * max(-2.0 * liquid.adhesion, 0.0) / _above("pressure", pressure, "Pa")


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
    wet = _fraction(fraction)
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
    dry, more = 1.0 - _fraction(fraction), _roughness(roughness) - fraction
    if more == 0.0:
        raise SettingsError("fraction: expected less than the roughness, found both 1.")
    return _degrees(-dry / more)


def roughness_ratio(heights: Any, *, pixel: float, sides: str = "periodic") -> float:
    """Return true over projected area of a wall, heights (y, x) in cm; 1 where it is flat.

    Slopes finer than a pixel are not seen: a lower bound. Each pixel is four triangles between its
    neighbours. Raises `SettingsError` for heights or lengths that cannot be.
    """
    wall, mirror = _wall(heights, pixel, sides)
    wide = np.pad(wall, 1, mode="edge" if mirror else "wrap")
    here = wide[1:-1, 1:-1]
    down = (wide[:-2, 1:-1] - here, wide[2:, 1:-1] - here)
    across = (wide[1:-1, :-2] - here, wide[1:-1, 2:] - here)
    areas = [np.sqrt(1.0 + a**2 + b**2) for a in down for b in across]
    return float(np.mean(areas))


# what the liquid touches


def press(
    heights: Any,
    *,
    pixel: float,
    liquid: Liquid = NAK,
    pressure: float,
    sides: str = "periodic",
    start: Wetting | None = None,
) -> Wetting:
    """Press a liquid against a rough wall, by the rule at the top of this module.

    The contact line after Oliver, Huh and Mason, J. Colloid Interface Sci. 59, 568 (1977),
    doi:10.1016/0021-9797(77)90052-2 (Gibbs' condition).

    Parameters
    ----------
    heights : (y, x) of the wall (cm), higher towards the liquid.
    pixel : side of a pixel (cm).
    liquid : its tension and angle; `NAK` is assumed, not measured.
    pressure : of the liquid above that of the voids (Pa), 0 or more.
    sides : "periodic" or "mirror".
    start : of the same wall and liquid at a lower pressure: the same answer, sooner.

    Raises
    ------
    SettingsError
        for heights that are no finite map, and numbers out of range.
    """
    from anodescope.contact import meniscus

    wall, mirror = _wall(heights, pixel, sides)
    if not 0.0 <= pressure < np.inf:
        raise SettingsError(f"pressure: expected 0 or more (Pa), found {pressure!r}.")
    before = None
    if start is not None:
        if start.contact.shape != wall.shape or start.pressure > pressure:
            raise SettingsError(
                f"start: expected the same wall at {pressure:g} Pa or less, found "
                f"{start.contact.shape} at {start.pressure:g} Pa."
            )
        before = (start.contact, wall + start.gap / pixel)
    load = pressure * pixel / CM_PER_M / liquid.surface_tension
    contact, surface, outcome = meniscus.press(
        wall, load, math.radians(liquid.angle), mirror, before
    )
    return Wetting(contact, np.where(contact, 0.0, (surface - wall) * pixel), pressure, outcome)


def contact_map(
    heights: Any,
    *,
    pixel: float,
    surface_tension: float,
    angle: float,
    pressure: float,
    sides: str = "periodic",
) -> Array:
    """Return which pixels a liquid touches, (y, x) bool; `press` also gives the voids' depth.

    Parameters are those of `press`, with N/m and ° in the place of the liquid.
    """
    liquid = Liquid(surface_tension, angle)
    return press(heights, pixel=pixel, liquid=liquid, pressure=pressure, sides=sides).contact


def pressure_curve(
    heights: Any,
    *,
    pixel: float,
    liquid: Liquid = NAK,
    pressures: Sequence[float] | Array = PRESSURES,
    sides: str = "periodic",
) -> list[Wetting]:
    """Return what the liquid touches at each pressure (Pa), in the order given.

    Each starts from the next lower one. Parameters and errors are those of `press`.
    """
    wanted = [float(value) for value in pressures]
    found: dict[float, Wetting] = {}
    last: Wetting | None = None
    for value in sorted(set(wanted)):
        last = press(heights, pixel=pixel, liquid=liquid, pressure=value, sides=sides, start=last)
        found[value] = last
    return [found[value] for value in wanted]


def filling_pressure(
    heights: Any,
    *,
    pixel: float,
    liquid: Liquid = NAK,
    fraction: float = 1.0,
    sides: str = "periodic",
    tolerance: float = 0.01,
) -> float:
    """Return the least pressure (Pa) at which this fraction of the wall is touched; all: Wenzel.

    Found by bisection, to `tolerance` of itself. It is 0 where less than a millionth of 4σ/pixel
    will do; 4σ/pixel always does, since no void of a pixel or more stands it. Voids along the foot
    of steep walls fill last, at a pressure that grows as pixels shrink: where the wall has such
    corners, ask for 0.99.

    Raises
    ------
    SettingsError
        for values out of range.
    """
    wanted = _fraction(fraction)
    high = 4.0 * liquid.surface_tension * CM_PER_M / _above("pixel", pixel, "cm")
    least, low, below = 1e-6 * high, high, None
    while True:
        low /= 4.0
        state = press(heights, pixel=pixel, liquid=liquid, pressure=low, sides=sides)
        if state.fraction < wanted:
            below = state
            break
        if low < least:
            return 0.0
        high = low
    while high > low * (1.0 + _above("tolerance", tolerance, "1")):
        middle = math.sqrt(low * high)
        state = press(
            heights, pixel=pixel, liquid=liquid, pressure=middle, sides=sides, start=below
        )
        if state.fraction < wanted:
            low, below = middle, state
        else:
            high = middle
    return high
