"""What helps a liquid to touch more: an additive or a coating, as contact map and impedance.

Every comparison gives two of what the liquid's pressure may be, `wetting.PRESSURES`. The lower one
supposes evacuated voids; ask for lower ones where gas is in them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from anodescope.contact.checks import number
from anodescope.contact.face import plain
from anodescope.contact.liquid import NAK, Liquid, known
from anodescope.contact.wetting import PRESSURES, pressure_curve
from anodescope.errors import Outcome, SettingsError
from anodescope.running import Run

if TYPE_CHECKING:
    import xarray

Array = np.ndarray[Any, np.dtype[Any]]

REACTIVE = (
    "Reactive wetting (K2O or KxSn on a coating) is not modelled: one contact angle holds all over."
)
BOUND = (
    "Roughness finer than a pixel is not seen: apart from the tension of pixels, which lowers the "
    "contact a little, the contact fraction is an upper bound, the constriction a lower one."
)
GAS = (
    "Pressures are above that of the gas in the voids: 0.1 MPa supposes that they are evacuated. "
    "With the surrounding gas in them the excess may be near 0."
)
MOVING = (
    "Not settled: the meniscus was still moving when its sweeps ran out. More will be touched, and "
    "the constriction is that of the map so far."
)
# Of the slab: a constriction below it is no number.
ROUNDING = 1e-9
HOLDS = ("angle", "adhesion")
_BELOW_ONE = math.nextafter(1.0, 0.0)


def with_additive(liquid: Liquid = NAK, *, lowers: float = 0.3, hold: str = "angle") -> Liquid:
    """Return the liquid with an additive that lowers its surface tension by a part, 0.3 for 30 %.

    What happens to the angle is not known, so it must be said. "angle": it stays, and all pressures
    scale with σ. "adhesion": the additive sits at the free surface only, so σ cos θ stays (Young)
    and θ grows: pores fill at the same pressure as before, and gentler slopes hold voids. These are
    two cases of many: an additive that also lowers the tension between wall and liquid lowers θ.
    For that give `Liquid` the tension and the angle that were measured.

    Raises
    ------
    SettingsError
        for a part outside 0 to 1, another `hold`, and where cos θ would pass ±1: σ cos θ then
        cannot stay.
    """
    part = number("lowers", lowers, "a part of σ, 0 to below 1", least=0.0, most=_BELOW_ONE)
    if not isinstance(hold, str) or hold not in HOLDS:
        raise SettingsError(f"hold: expected one of {', '.join(HOLDS)}, found {hold!r}.")
    tension = (1.0 - part) * known(liquid).surface_tension
    if hold == "angle":
        return Liquid(tension, liquid.angle)
    cosine = liquid.adhesion / tension
    if abs(cosine) > 1.0:
        most = 1.0 - abs(liquid.adhesion) / liquid.surface_tension
        raise SettingsError(
            f"lowers: expected at most {_rounded_down(most)} where σ cos θ stays at "
            f"θ = {liquid.angle:g}°, found {part:g}: cos θ would be {cosine:.3f}. "
            "Try less, or hold='angle'."
        )
    return Liquid(tension, math.degrees(math.acos(cosine)))


def _rounded_down(part: float) -> str:
    """Return a part with three digits that are not more than it, so that advice can be taken."""
    if part <= 0.0:
        return "0"
    digit = 10.0 ** (math.floor(math.log10(part)) - 2)
    return f"{math.floor(part / digit) * digit:.3g}"


def with_coating(liquid: Liquid = NAK, *, angle: float = 60.0) -> Liquid:
    """Return the liquid on a wall whose coating sets the contact angle (°).

    The angle is all that changes: a coating that reacts is not modelled. Raises `SettingsError` for
    an angle outside 0 to 180.
    """
    return Liquid(known(liquid).surface_tension, angle)


def compare(
    heights: Any,
    liquids: Mapping[str, Liquid],
    *,
    pixel: float,
    thickness: float,
    conductivity: float,
    pressures: Sequence[float] = (),
    sides: str = "periodic",
    run: Run | None = None,
    **settings: Any,
) -> xarray.Dataset:
    """Return contact map and constriction impedance of several liquids on one wall, side by side.

    The face of the electrolyte is taken as flat below the map: heights decide what touches, not
    how far the current travels. The true area of slopes in contact is not counted either.

    Parameters
    ----------
    heights, pixel, sides : the wall, as in `wetting.press` (cm).
    liquids : by name, for instance ``{"bare": Liquid(0.15, 130), "coated": Liquid(0.15, 60)}``.
    thickness, conductivity : of the electrolyte (cm, S/cm), and further settings of `constriction`
        such as `film_resistance` (Ω·cm²) and `frequency` (Hz).
    pressures : Pa, besides the two of `PRESSURES`, which are always there.
    run : progress and interruption of the meniscus and of the solver.

    Returns
    -------
    Dataset over (liquid, pressure): `contact` (…, y, x), `contact_fraction`, `gap` (largest depth
    of the voids, cm), `impedance`, `slab`, `film`, `constriction` (Ω·cm²) and `outcome` of the
    solver, `meniscus` of the meniscus; tensions and angles; attributes `limit`, `bound` and `gas`
    name what the numbers do not hold.

    Raises
    ------
    SettingsError
        for liquids that are not named, settings that are set here, and for what `press` and
        `constriction` refuse.
    Cancelled
        when the run says so.
    """
    import xarray as xr

    from anodescope.contact.constriction import constriction

    _check(liquids, settings)
    loads = sorted({*PRESSURES, *_loads(pressures)})
    curves = [
        pressure_curve(heights, pixel=pixel, liquid=liquid, pressures=loads, sides=sides, run=run)
        for liquid in liquids.values()
    ]
    states = [state for curve in curves for state in curve]
    maps = np.stack([state.contact for state in states])
    given = {"thickness": thickness, "conductivity": conductivity, "sides": sides, **settings}
    solved = constriction(maps, pixel=pixel, fields=False, run=run, **given)
    shape = (len(curves), len(loads))
    axes = ("liquid", "pressure")
    parts = {
        name: _unfolded(solved[name], shape)
        for name in ("impedance", "slab", "film", "constriction", "outcome")
    }
    gaps = np.array([state.gap.max() for state in states]).reshape(shape)
    names = np.asarray([state.outcome.name for state in states], dtype=np.dtypes.StringDType())
    found = xr.Dataset(
        {
            "contact": ((*axes, "y", "x"), maps.reshape(*shape, *maps.shape[1:])),
            "contact_fraction": (axes, maps.mean(axis=(1, 2)).reshape(shape)),
            "gap": (axes, gaps, {"units": "cm"}),
            "meniscus": (axes, names.reshape(shape)),
            **parts,
        },
        {
            "liquid": list(liquids),
            "pressure": ("pressure", loads, {"units": "Pa"}),
            "surface_tension": _of(liquids, "surface_tension", "N/m"),
            "angle": _of(liquids, "angle", "°"),
        },
        {"limit": REACTIVE, "bound": BOUND, "gas": GAS},
    )
    return found.assign_coords({name: solved[name] for name in ("frequency",) if name in solved})


def side_by_side(compared: xarray.Dataset) -> str:
    """Return a table of contact and constriction (Ω·cm²) at every pressure, a line per liquid.

    Of a spectrum it shows the lowest frequency. Two digits are what one wall can bear. Where the
    meniscus had not settled the cell says so. The last lines say what the numbers leave out.
    """
    lowest = compared
    if "frequency" in compared["constriction"].dims:
        lowest = compared.isel(frequency=int(np.argmin(compared["frequency"].values)))
    cost, slab = lowest["constriction"].values, lowest["slab"].values
    # Full contact costs nothing; what the subtraction leaves is rounding.
    shown = np.where(np.abs(cost) < ROUNDING * np.abs(slab), 0.0, np.real(cost))
    heads = [f"at {float(value) / 1e6:g} MPa" for value in compared["pressure"]]
    lines = ["| liquid | σ (N/m) | θ (°) | " + " | ".join(heads) + " |"]
    lines.append("|---" * (3 + len(heads)) + "|")
    for k, name in enumerate(compared["liquid"].values):
        settled = compared["meniscus"].values[k] == Outcome.converged.name
        touched = compared["contact_fraction"].values[k]
        cells = [
            f"{'' if still else '≥ '}{fraction:.2f} touched, {value:.2g} Ω cm²"
            f"{'' if still else ', not settled'}"
            for fraction, value, still in zip(touched, shown[k], settled, strict=True)
        ]
        tension, angle = (float(compared[key][k]) for key in ("surface_tension", "angle"))
        lines.append(
            f"| {_in_a_cell(name)} | {tension:.3g} | {angle:.0f} | " + " | ".join(cells) + " |"
        )
    said = [f"{compared.attrs[name]}\n" for name in ("gas", "limit", "bound")]
    if np.any(compared["meniscus"].values != Outcome.converged.name):
        said.insert(0, f"{MOVING}\n")
    return "\n".join([*lines, "", *said]).rstrip()


def _in_a_cell(name: str) -> str:
    """Return a name that neither ends its cell nor its line."""
    return " ".join(str(name).replace("\\", "\\\\").replace("|", "\\|").splitlines())


def _check(liquids: Any, settings: Mapping[str, Any]) -> None:
    named = isinstance(liquids, Mapping) and all(isinstance(name, str) for name in liquids)
    if not named or not all(isinstance(liquid, Liquid) for liquid in liquids.values()):
        raise SettingsError(
            f'liquids: expected a Liquid for each name, found {liquids!r:.80}. Try {{"bare": NAK}}.'
        )
    if not liquids:
        raise SettingsError("liquids: expected at least one by name, found none.")
    for name in ("fields", "contact"):
        if name in settings:
            raise SettingsError(
                f"{name}: expected none, since compare sets it, found {settings[name]!r:.80}. "
                "Try constriction on one of its maps."
            )


def _loads(pressures: Any) -> list[float]:
    listed = plain("pressures", pressures)
    if listed.ndim != 1:
        raise SettingsError(f"pressures: expected a list (Pa), found {pressures!r:.80}.")
    return [number("pressures", value, "0 or more (Pa)", least=0.0) for value in listed]


def _unfolded(values: xarray.DataArray, shape: tuple[int, int]) -> tuple[Any, ...]:
    """Return a variable over (map, …) as one over (liquid, pressure, …)."""
    rest = tuple(dim for dim in values.dims if dim != "map")
    array = values.transpose("map", *rest).values if "map" in values.dims else values.values
    if "map" not in values.dims:
        array = np.broadcast_to(array, (shape[0] * shape[1], *array.shape))
    return (("liquid", "pressure", *rest), array.reshape(*shape, *array.shape[1:]), values.attrs)


def _of(liquids: Mapping[str, Liquid], name: str, unit: str) -> tuple[Any, ...]:
    return ("liquid", [getattr(liquid, name) for liquid in liquids.values()], {"units": unit})
