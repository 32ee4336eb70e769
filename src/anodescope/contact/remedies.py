"""What helps a liquid to touch more: an additive or a coating, as contact map and impedance.

Every comparison gives both ends of what the liquid's pressure may be, `wetting.PRESSURES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from anodescope.contact.wetting import NAK, PRESSURES, Liquid, pressure_curve
from anodescope.errors import SettingsError
from anodescope.running import Run

if TYPE_CHECKING:
    import xarray

Array = np.ndarray[Any, np.dtype[Any]]

REACTIVE = (
    "Reactive wetting (K2O or KxSn on a coating) is not modelled: one contact angle holds all over."
)
BOUND = (
    "Roughness finer than a pixel is not seen: the contact fraction is an upper bound, the "
    "constriction a lower one."
)
# Of the slab: a constriction below it is no number.
ROUNDING = 1e-9
HOLDS = ("angle", "adhesion")


def with_additive(liquid: Liquid = NAK, *, lowers: float = 0.3, hold: str = "angle") -> Liquid:
    """Return the liquid with an additive that lowers its surface tension by a part, 0.3 for 30 %.

    What happens to the angle is not known, so it must be said. "angle": it stays, and all pressures
    scale with σ. "adhesion": the additive sits at the free surface only, so σ cos θ stays (Young)
    and θ grows: pores fill at the same pressure as before, and gentler slopes hold voids.

    Raises
    ------
    SettingsError
        for a part outside 0 to 1, and another `hold`.
    """
    if not 0.0 <= lowers < 1.0:
        raise SettingsError(f"lowers: expected a part of σ, 0 to below 1, found {lowers!r}.")
    if hold not in HOLDS:
        raise SettingsError(f"hold: expected one of {', '.join(HOLDS)}, found {hold!r}.")
    tension = (1.0 - lowers) * liquid.surface_tension
    if hold == "angle":
        return Liquid(tension, liquid.angle)
    cosine = min(max(liquid.adhesion / tension, -1.0), 1.0)
    return Liquid(tension, float(np.degrees(np.arccos(cosine))))


def with_coating(liquid: Liquid = NAK, *, angle: float = 60.0) -> Liquid:
    """Return the liquid on a wall whose coating sets the contact angle (°).

    The angle is all that changes: a coating that reacts is not modelled. Raises `SettingsError` for
    an angle outside 0 to 180.
    """
    return Liquid(liquid.surface_tension, angle)


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
    run : progress, interruption, and a map for the contact maps.

    Returns
    -------
    Dataset over (liquid, pressure): `contact` (…, y, x), `contact_fraction`, `gap` (largest depth
    of the voids, cm), `impedance`, `slab`, `film`, `constriction` (Ω·cm²) and `outcome` of the
    solver, `meniscus` of the meniscus; tensions and angles; attributes `limit` and `bound` name
    what the numbers do not hold.

    Raises
    ------
    SettingsError
        for no liquid, and for what `press` and `constriction` refuse.
    """
    import xarray as xr

    from anodescope.contact.constriction import constriction

    if not liquids:
        raise SettingsError("liquids: expected at least one by name, found none.")
    loads = sorted({*PRESSURES, *map(float, pressures)})
    curves = [
        pressure_curve(heights, pixel=pixel, liquid=liquid, pressures=loads, sides=sides)
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
        {"limit": REACTIVE, "bound": BOUND},
    )
    return found.assign_coords({name: solved[name] for name in ("frequency",) if name in solved})


def side_by_side(compared: xarray.Dataset) -> str:
    """Return a table of contact and constriction (Ω·cm²) at every pressure, a line per liquid.

    Of a spectrum it shows the lowest frequency. The last two lines say what the numbers leave out.
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
        cells = [
            f"{fraction:.3f} touched, {value:.3g} Ω cm²"
            for fraction, value in zip(
                compared["contact_fraction"].values[k], shown[k], strict=True
            )
        ]
        tension, angle = (float(compared[key][k]) for key in ("surface_tension", "angle"))
        lines.append(f"| {name} | {tension:.3g} | {angle:.0f} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", compared.attrs["limit"], compared.attrs["bound"]])


def _unfolded(values: xarray.DataArray, shape: tuple[int, int]) -> tuple[Any, ...]:
    """Return a variable over (map, …) as one over (liquid, pressure, …)."""
    rest = tuple(dim for dim in values.dims if dim != "map")
    array = values.transpose("map", *rest).values if "map" in values.dims else values.values
    if "map" not in values.dims:
        array = np.broadcast_to(array, (shape[0] * shape[1], *array.shape))
    return (("liquid", "pressure", *rest), array.reshape(*shape, *array.shape[1:]), values.attrs)


def _of(liquids: Mapping[str, Liquid], name: str, unit: str) -> tuple[Any, ...]:
    return ("liquid", [getattr(liquid, name) for liquid in liquids.values()], {"units": unit})
