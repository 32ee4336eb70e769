"""How one contact feels another: the admittance between the spots of a map."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from anodescope.contact import recycled
from anodescope.contact.answer import (
    MOST_OF_ONE,
    Electrolyte,
    checked_tolerance,
    laplace,
    outcome_of,
)
from anodescope.contact.face import Face, face_values
from anodescope.contact.pictures import one_map
from anodescope.contact.slab import Slab
from anodescope.contact.spots import spots, sums
from anodescope.errors import SettingsError
from anodescope.running import Run

if TYPE_CHECKING:
    import xarray

Array = np.ndarray[Any, np.dtype[Any]]


def coupling(
    contact: Any,
    *,
    pixel: float,
    thickness: float,
    conductivity: float,
    permittivity: float = 0.0,
    film_resistance: Any = 0.0,
    film_capacitance: Any = 0.0,
    sides: str = "periodic",
    frequency: float | None = None,
    tolerance: float = 1e-6,
    run: Run | None = None,
) -> xarray.Dataset:
    """Return the admittance between the spots of a contact map, each at a potential of its own.

    Element (a, b) is the current through spot a, over the area of the whole face, when spot b is
    at 1 V and all others and the counter electrode are at zero. It is symmetric (reciprocity), its
    diagonal is positive and, at zero frequency, the rest negative: the current of a spot returns
    through the others. Voids block.

    Parameters
    ----------
    contact : (y, x) bool.
    frequency : Hz, one number; None is direct current, with real results.
    pixel, thickness, conductivity, permittivity, film_resistance, film_capacitance, sides,
    tolerance, run : as in `constriction`.

    Returns
    -------
    Dataset of `admittance` (spot_id, driven) in S/cm², `iterations` and `outcome` (driven,) and the
    labels `spot` (y, x).

    Raises
    ------
    SettingsError
        for maps and numbers that cannot be.
    """
    import xarray as xr

    map_ = one_map(contact)
    slab = Slab.checked((map_.shape[0], map_.shape[1]), pixel, thickness, sides)
    face = Face(
        map_,
        face_values("film_resistance", film_resistance, map_.shape, infinite=True),
        face_values("film_capacitance", film_capacitance, map_.shape),
        np.zeros(()),
    )
    if frequency is not None and np.ndim(frequency):
        raise SettingsError(f"frequency: expected one number or None, found {frequency!r:.80}.")
    s = laplace(frequency)[0].item()
    kappa = Electrolyte.checked(conductivity, permittivity).at(s)
    problem = recycled.Problem(slab, kappa, face.admittance(s), map_, even=True)
    labels = spots(map_, sides)
    count = int(labels.max())
    driven = partial(_driven, problem, labels, checked_tolerance(tolerance))
    found = list((run or Run()).each("spots", driven, list(range(1, count + 1))))
    rows = [sums(labels, solution.current) / slab.pixels for solution in found]
    names = [outcome_of(one).name for one in found]
    ids = np.arange(1, count + 1)
    result = xr.Dataset(
        {
            "admittance": (("driven", "spot_id"), np.asarray(rows).reshape(count, count)),
            "iterations": ("driven", np.asarray([one.steps for one in found], dtype=np.int64)),
            "outcome": ("driven", np.asarray(names, dtype=np.dtypes.StringDType())),
            "spot": (("y", "x"), labels),
        },
        {"spot_id": ids, "driven": ids},
    ).transpose("spot_id", "driven", ...)
    result["admittance"].attrs.update(units="S/cm²", long_name="current over the whole face")
    return result


def _driven(
    problem: recycled.Problem, labels: Array, tolerance: float, spot: int
) -> recycled.Solution:
    """Solve with one spot at 1 V and the others at zero."""
    applied = (labels == spot).astype(float)
    return recycled.solve(problem, applied, [], tolerance=tolerance, most=MOST_OF_ONE)
