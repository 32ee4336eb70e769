"""What a contact map costs at every frequency: the verb of this room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from anodescope.citations import relies_on
from anodescope.contact.answer import (
    METHODS,
    Answer,
    Electrolyte,
    by_shifts,
    checked_tolerance,
    laplace,
    one_by_one,
    one_run_serves,
)
from anodescope.contact.face import Face, contact_map, face_values
from anodescope.contact.slab import Slab
from anodescope.contact.spots import spots, sums
from anodescope.errors import SettingsError
from anodescope.running import Run

if TYPE_CHECKING:
    import xarray

Array = np.ndarray[Any, np.dtype[Any]]

_TEXT = np.dtypes.StringDType()

# Name: unit, meaning.
MEANINGS = {
    "impedance": ("Ω cm²", "applied potential over mean current density"),
    "slab": ("Ω cm²", "of the electrolyte under even current: thickness / (κ + iωε)"),
    "film": ("Ω cm²", "of film and gaps under one potential: 1 / mean admittance of the pixels"),
    "constriction": ("Ω cm²", "impedance less slab less film: what uneven current costs"),
    "residual": ("Ω cm²", "rms miss of the potential where current passes, over mean current"),
    "iterations": ("1", "steps of the solver"),
    "outcome": ("", "how the solver ended, a name of Outcome"),
    "method": ("", "the formulation that was solved"),
    "contact_fraction": ("1", "pixels in contact over all pixels"),
    "spot": ("1", "label of the connected contact; 0 is void"),
    "current_density": ("1", "current density of a pixel over the mean of the face"),
    "potential": ("1", "potential of the electrolyte's face over the applied one"),
    "share": ("1", "part of the current that passes through a spot"),
    "focusing": ("1", "largest |current density| of a pixel over the mean; grows as pixels shrink"),
    "frequency": ("Hz", "frequency"),
    "y": ("cm", "centre of the pixel"),
    "x": ("cm", "centre of the pixel"),
    "spot_id": ("1", "label of a spot"),
}


@relies_on("vorst1990", "virtanen2020")
def constriction(
    contact: Any,
    *,
    pixel: float,
    thickness: float,
    conductivity: float,
    permittivity: float = 0.0,
    film_resistance: Any = 0.0,
    film_capacitance: Any = 0.0,
    gap_capacitance: Any = 0.0,
    sides: str = "periodic",
    frequency: Any = None,
    fields: bool = True,
    method: str = "auto",
    tolerance: float = 1e-6,
    run: Run | None = None,
) -> xarray.Dataset:
    """Return the complex impedance of an electrolyte that an electrode touches in places only.

    The electrolyte is a slab with its counter face at one potential. Pixels in contact pass
    current through a film R ‖ C, voids charge through a gap capacitance or block. The electrode
    above has one potential. Currents below are computed in three dimensions, not approximated.

    Parameters
    ----------
    contact : (y, x) bool, True where the electrode touches; or several maps (map, y, x).
    pixel : side of a pixel (cm).
    thickness : of the electrolyte (cm).
    conductivity, permittivity : κ (S/cm) and ε (F/cm, not relative) of the electrolyte.
    film_resistance, film_capacitance : of the pixels in contact (Ω·cm², F/cm²), one number or a
        map (y, x). R = 0 is perfect contact, R = ∞ leaves the capacitor alone.
    gap_capacitance : of the voids (F/cm²), one number or a map; 0 blocks.
    sides : "periodic" (the map is repeated) or "mirror" (insulating side walls).
    frequency : Hz, one number or (frequency,); None is direct current, with real results.
    fields : whether maps of current and potential are returned: 32 bytes a pixel and
        frequency, and twice that while they are made.
    method : "shifted" (one Lanczos run for all frequencies: voids that block and one film),
        "recycled" (any map, a solve per frequency that starts from those before), or "auto".
    tolerance : of the potential where current passes (rms), over what the slab leaves of the
        applied one. The impedance is stationary in the currents: its own error is nearer to the
        square.
    run : progress, interruption, and a map for several contact maps.

    Returns
    -------
    Dataset with `impedance` (Ω·cm² of the whole face, capacitive Im < 0), its parts `slab`, `film`
    and `constriction`, `residual` (Ω·cm²), `iterations`, `outcome`, `method`, `contact_fraction`,
    `spot` (y, x); with fields also `current_density` and `potential` (…, y, x), `share` of the
    current (…, spot_id) and `focusing`. A face that passes no current has infinite impedance, the
    outcome `no_contact`, and NaN for the rest. Where maps differ in the number of their spots, the
    shares of those that a map has not are NaN.

    Raises
    ------
    SettingsError
        for maps and numbers that cannot be: shapes that differ, NaN, lengths of zero, …
    Cancelled
        when the run asks for it.

    Notes
    -----
    Pixels have one current density each and their mean potential obeys the condition (Galerkin).
    At zero frequency the resistance is therefore an upper bound of the map's own, of first order
    in the pixel where contact is perfect. The parts obey slab + film ≤ impedance at zero frequency.
    """
    maps = contact_map(contact)
    shape = (maps.shape[-2], maps.shape[-1])
    slab = Slab.checked(shape, pixel, thickness, sides)
    electrolyte = Electrolyte.checked(conductivity, permittivity)
    s = laplace(frequency)
    films = (
        face_values("film_resistance", film_resistance, shape, infinite=True),
        face_values("film_capacitance", film_capacitance, shape),
        face_values("gap_capacitance", gap_capacitance, shape),
    )
    faces = [Face(map_, *films) for map_ in (maps if maps.ndim == 3 else maps[None])]
    _check_method(method, faces, s)
    checked_tolerance(tolerance)
    solve = partial(_solved, slab, electrolyte, s, method, tolerance=tolerance, fields=fields)
    if maps.ndim == 2:
        answers = [solve(faces[0], run=run or Run())]
    else:
        each = run or Run()
        quiet = Run(cancelled=each.cancelled)
        answers = list(each.each("contact maps", partial(solve, run=quiet), faces))
    parts = [
        _dataset(slab, electrolyte, face, s, answer)
        for face, answer in zip(faces, answers, strict=True)
    ]
    return _shaped(parts, frequency, many=maps.ndim == 3)


def _solved(
    slab: Slab,
    electrolyte: Electrolyte,
    s: Array,
    method: str,
    face: Face,
    *,
    tolerance: float,
    fields: bool,
    run: Run,
) -> Answer:
    shifts = method == "shifted" or (method == "auto" and one_run_serves(face, s))
    solver = by_shifts if shifts else one_by_one
    return solver(slab, face, electrolyte, s, tolerance=tolerance, fields=fields, run=run)


def _check_method(method: str, faces: Sequence[Face], s: Array) -> None:
    if method not in METHODS:
        raise SettingsError(f"method: expected one of {', '.join(METHODS)}, found {method!r}.")
    if method == "shifted" and not all(one_run_serves(face, s) for face in faces):
        raise SettingsError(
            "method: 'shifted' needs voids that block and one film below all contacts, found a "
            "gap capacitance or a film that varies. Try method='auto'."
        )


def _dataset(
    slab: Slab, electrolyte: Electrolyte, face: Face, s: Array, answer: Answer
) -> xarray.Dataset:
    """Return one map's results, with a frequency axis."""
    import xarray as xr

    even = np.asarray([slab.thickness / electrolyte.at(value) for value in s.tolist()])
    film = np.asarray([face.mean_impedance(value) for value in s.tolist()], dtype=s.dtype)
    with np.errstate(invalid="ignore"):
        part = np.where(np.isinf(film), np.nan, answer.beyond - film)
    labels = spots(face.contact, slab.sides)
    names = np.asarray([outcome.name for outcome in answer.outcomes], dtype=_TEXT)
    variables: dict[str, Any] = {
        "impedance": ("frequency", even + answer.beyond),
        "slab": ("frequency", even),
        "film": ("frequency", film),
        "constriction": ("frequency", part),
        "residual": ("frequency", answer.residual),
        "iterations": ("frequency", answer.iterations),
        "outcome": ("frequency", names),
        "method": ((), np.asarray(answer.method, dtype=_TEXT)),
        "contact_fraction": ((), face.contact.mean()),
        "spot": (("y", "x"), labels),
    }
    if answer.density is not None:
        variables |= {
            "current_density": (("frequency", "y", "x"), answer.density),
            "potential": (("frequency", "y", "x"), answer.potential),
            "share": (("frequency", "spot_id"), sums(labels, answer.density) / slab.pixels),
            "focusing": ("frequency", np.abs(answer.density).max(axis=(1, 2))),
        }
    y, x = ((np.arange(count) + 0.5) * slab.pixel for count in slab.shape)
    coordinates: dict[str, Any] = {"frequency": s.imag / (2.0 * np.pi), "y": y, "x": x}
    if answer.density is not None:
        coordinates["spot_id"] = np.arange(1, int(labels.max()) + 1)
    return xr.Dataset(variables, coordinates)


def _shaped(parts: list[xarray.Dataset], frequency: Any, *, many: bool) -> xarray.Dataset:
    """Join maps, drop the axes that were not asked for, and name the units."""
    import xarray as xr

    found = xr.concat(parts, "map", join="outer") if many else parts[0]
    if frequency is None:
        found = found.isel(frequency=0, drop=True)
    elif np.ndim(frequency) == 0:
        found = found.isel(frequency=0)
    for name, (unit, meaning) in MEANINGS.items():
        if name in found.variables:
            found[name].attrs.update(
                {"units": unit, "long_name": meaning} if unit else {"long_name": meaning}
            )
    return found
