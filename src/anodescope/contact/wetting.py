"""A non-wetting liquid on a rough wall: what it touches, and at which pressure it fills.

Lengths are in cm, as everywhere in this room. Surface tension is in N/m and pressure in Pa; the
pressure is the liquid's, above that of the gas in the voids. Angles are in degrees, measured
through the liquid. The seal carries the load of the stack, so the pressure of the liquid is not
the stack pressure: every comparison gives two of what it may be, `PRESSURES`. The lower one
supposes that the voids are evacuated: where they hold the gas of the surroundings, the excess is
what the seal and the liquid's own weight press, and may be 0.

The rule. The liquid first touches the highest peak. Between its contact lines hangs a meniscus of
mean curvature p/2σ, above the wall. Where the wall falls by α, a line holds a meniscus that falls
by ψ ≤ α − (180° − θ) (Gibbs), so it bears at most σ sin(α + θ − 180°) per length. Where the lines
around cannot bear the pressure the meniscus sinks, and what it touches is wet from then on. The
answer is the highest surface that stays: it is unique, falls with p and rises with σ and θ. Slopes
below 180° − θ hold nothing: θ = 150° needs 30°.

What is left out. Liquids that react: K₂O or KₓSn may form on a coating of SnO₂, and then no one θ
holds. Gas in closed voids (it is let out), vibration, receding lines. Roughness finer than a pixel
is not seen, and roughness adds slopes: apart from the tension of pixels, the contact fraction is
an upper bound, and the constriction computed from it a lower one. That tension is summed over the
sides of pixels, which makes the answer unique: exact in slits along them, too large by up to √2
where a meniscus falls steeply along their diagonal (1.26 at 60°, 1.07 at 30°), which touches less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact.checks import number
from anodescope.contact.face import plain, positive
from anodescope.contact.liquid import (
    CM_PER_M,
    NAK,
    Liquid,
    cassie_angle,
    known,
    part_of_one,
    pore_pressure,
    slit_pressure,
    threshold_radius,
    transition_angle,
    wenzel_angle,
)
from anodescope.errors import Outcome, SettingsError
from anodescope.running import Run

__all__ = [
    "NAK",
    "PRESSURES",
    "Liquid",
    "Wetting",
    "cassie_angle",
    "contact_map",
    "filling_pressure",
    "pore_pressure",
    "press",
    "pressure_curve",
    "roughness_ratio",
    "slit_pressure",
    "threshold_radius",
    "transition_angle",
    "wenzel_angle",
]

Array = np.ndarray[Any, np.dtype[Any]]

# Pa above the gas in the voids. The atmosphere on evacuated voids, and the stack pressure. Neither
# was measured, and the lower one is no least: with the surrounding gas in the voids the excess is
# that of seal and weight alone.
PRESSURES = (1e5, 1e7)

# Highest less lowest point, in pixels. Rounding of more (2e-8 and up) is felt by a relaxation that
# ends at 1e-7.
RELIEF = 1e8


def _wall(heights: Any, pixel: Any, sides: str) -> tuple[Array, float, bool]:
    """Return the heights, the pixel, and whether the wall ends at mirrors."""
    wall = plain("heights", heights)
    if wall.ndim != 2 or wall.size == 0 or wall.dtype.kind not in "biuf":
        raise SettingsError(
            f"heights: expected a map (y, x) in cm, found {wall.dtype} of shape {wall.shape}."
        )
    if not np.all(np.isfinite(wall)):
        raise SettingsError("heights: expected finite values (cm), found NaN or infinite ones.")
    if not isinstance(sides, str) or sides not in ("periodic", "mirror"):
        raise SettingsError(f"sides: expected one of periodic, mirror, found {sides!r}.")
    return wall.astype(float), positive("pixel", pixel, "cm"), sides == "mirror"


def _in_pixels(heights: Array, pixel: float) -> Array:
    """Return the wall below its highest point, in pixels: an offset would cost digits."""
    with np.errstate(over="ignore"):
        wall = np.asarray((heights - heights.max()) / pixel)
    if not -wall.min() <= RELIEF:
        raise SettingsError(
            f"heights: expected at most {RELIEF:g} pixels between the highest and the lowest, "
            f"found {-wall.min():.3g} of {pixel:g} cm. Try both in cm."
        )
    return wall


def _pressure(value: Any) -> float:
    return number("pressure", value, "0 or more (Pa)", least=0.0)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Wetting:
    """What the liquid touches.

    Attributes
    ----------
    contact : (y, x) bool, True where the liquid touches the wall.
    gap : (y, x) depth of the void below the liquid (cm), 0 in contact.
    pressure : of the liquid above that of the voids (Pa).
    outcome : `converged`, or `max_steps` where the meniscus was still moving.
    heights, pixel, sides : the wall (cm), a copy.
    liquid : pressed against it.
    """

    contact: Array
    gap: Array
    pressure: float
    outcome: Outcome
    heights: Array
    pixel: float
    sides: str
    liquid: Liquid

    @property
    def fraction(self) -> float:
        """Pixels in contact over all pixels."""
        return float(self.contact.mean())

    def _starts(self, heights: Array, pixel: float, sides: str, liquid: Liquid) -> None:
        """Hold that a higher pressure on this wall may start from here."""
        same = {
            "heights": np.array_equal(self.heights, heights),
            "pixel": self.pixel == pixel,
            "sides": self.sides == sides,
            "liquid": self.liquid == liquid,
        }
        other = ", ".join(name for name, holds in same.items() if not holds)
        if other:
            raise SettingsError(
                f"start: expected the same wall and liquid, found other {other}. Leave start out."
            )


def roughness_ratio(heights: Any, *, pixel: float, sides: str = "periodic") -> float:
    """Return true over projected area of a wall, heights (y, x) in cm; 1 where it is flat.

    Slopes finer than a pixel are not seen: a lower bound. Each pixel is four triangles between its
    neighbours. Raises `SettingsError` for heights or lengths that cannot be.
    """
    wall, pixel, mirror = _wall(heights, pixel, sides)
    wide = np.pad(_in_pixels(wall, pixel), 1, mode="edge" if mirror else "wrap")
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
    run: Run | None = None,
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
    run : told the pixels touched as they grow; asked whether to stop about every second.

    Raises
    ------
    SettingsError
        for heights that are no finite map or span more than `RELIEF` pixels, numbers out of range,
        and a start that is none, of another wall, another liquid or a higher pressure.
    Cancelled
        when the run says so.
    """
    from anodescope.contact import meniscus

    heights, pixel, mirror = _wall(heights, pixel, sides)
    pressure = _pressure(pressure)
    liquid, before, wall = known(liquid), None, _in_pixels(heights, pixel)
    if start is not None:
        if not isinstance(start, Wetting):
            raise SettingsError(
                f"start: expected a Wetting, found {start!r:.80}. Try what press has returned."
            )
        start._starts(heights, pixel, sides, liquid)
        if start.pressure > pressure:
            raise SettingsError(
                f"start: expected {pressure:g} Pa or less, found {start.pressure:g} Pa."
            )
        if start.outcome is Outcome.converged:
            before = (start.contact, wall + start.gap / pixel)
    load = pressure * pixel / CM_PER_M / liquid.surface_tension
    contact, surface, outcome = meniscus.press(
        wall, load, math.radians(liquid.angle), mirror, before, run or Run()
    )
    gap = np.where(contact, 0.0, (surface - wall) * pixel)
    return Wetting(contact, gap, pressure, outcome, heights, pixel, sides, liquid)


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
    run: Run | None = None,
) -> list[Wetting]:
    """Return what the liquid touches at each pressure (Pa), in the order given.

    Each starts from the next lower one. Parameters and errors are those of `press`.
    """
    listed = plain("pressures", pressures)
    if listed.ndim != 1:
        raise SettingsError(f"pressures: expected a list (Pa), found {pressures!r:.80}.")
    wanted = [_pressure(value) for value in listed]
    found: dict[float, Wetting] = {}
    last: Wetting | None = None
    for value in sorted(set(wanted)):
        last = press(
            heights, pixel=pixel, liquid=liquid, pressure=value, sides=sides, start=last, run=run
        )
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
    run: Run | None = None,
) -> float:
    """Return the least pressure (Pa) at which this fraction of the wall is touched; all: Wenzel.

    Found by bisection, to `tolerance` of itself or to the last digit. It is 0 where less than a
    millionth of 4σ/pixel will do; 4σ/pixel always does, since no void of a pixel or more stands it.
    Voids along the foot of steep walls fill last, at a pressure that grows as pixels shrink: where
    the wall has such corners, ask for 0.99.

    Raises
    ------
    SettingsError
        for values out of range, and where a meniscus has not settled before enough is touched:
        very near the pressure at which it gives way it sinks too slowly for its sweeps.
    """
    wanted, fine = part_of_one(fraction), 1.0 + positive("tolerance", tolerance, "1")
    high = 4.0 * known(liquid).surface_tension * CM_PER_M / positive("pixel", pixel, "cm")
    if math.isinf(high):
        raise SettingsError(f"pixel: expected 4σ/pixel to be a number (Pa), found {pixel:g} cm.")
    least, low, below = 1e-6 * high, high, None
    given: dict[str, Any] = {"pixel": pixel, "liquid": liquid, "sides": sides, "run": run}
    while True:
        low /= 4.0
        state = press(heights, pressure=low, **given)
        if _short(state, wanted):
            below = state
            break
        if low < least:
            return 0.0
        high = low
    while high > low * fine:
        middle = math.sqrt(low) * math.sqrt(high)
        if not low < middle < high:
            break
        state = press(heights, pressure=middle, start=below, **given)
        if _short(state, wanted):
            low, below = middle, state
        else:
            high = middle
    return high


def _short(state: Wetting, wanted: float) -> bool:
    """Whether less than wanted is touched; what is wet stays so, only the rest needs settling."""
    if state.fraction >= wanted:
        return False
    if state.outcome is not Outcome.converged:
        raise SettingsError(
            f"fraction: expected a meniscus that settles, found it moving at {state.pressure:g} Pa "
            f"with {state.fraction:.3g} touched. Try a larger tolerance."
        )
    return True
