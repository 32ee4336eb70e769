"""Constriction looked up: what a contact costs beyond the slab, by its voids and the frequency.

The table, `constriction.npz`, is computed by ``python -m tools.constriction_table`` with
`anodescope.constriction`: thresholded Gaussian fields of correlation length ℓ on a slab. What they
cost is (ℓ/κ)·f; kept and interpolated is f·c/(1 − c), which hardly changes with the contact
fraction c. It is the constriction of a perfect contact: behind a film of resistance the current is
more even and the constriction smaller, so that adding the two is an upper bound.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@cache
def _table() -> tuple[Floats, Floats, Floats, Complex]:
    """Contact fractions, ln(ℓ/L), bridging ωC_gap·ℓ/κ, and f·c/(1 − c), direct current first."""
    with (
        files("anodescope.cell").joinpath("constriction.npz").open("rb") as source,
        np.load(source) as held,
    ):
        contact, ratio = held["contact"], np.log(held["ratio"])
        scaled = held["table"] * (contact / (1.0 - contact))[:, None, None]
        return contact, ratio, held["bridged"], scaled


def direct_table() -> Floats:
    """Return what the kernel reads: contact down, ln(ℓ/L) across, f·c/(1 − c) inside."""
    contact, ratio, _, scaled = _table()
    table = np.zeros((contact.size + 1, ratio.size + 1))
    table[1:, 0], table[0, 1:] = contact, ratio
    table[1:, 1:] = scaled[:, :, 0].real
    return table


def constriction_impedance(
    contact: Floats,
    length: Floats,
    frequency: Floats,
    *,
    resistivity: float,
    thickness: float,
    gap: float,
) -> Complex:
    """Constriction impedance of voids of one pattern, looked up.

    Parameters
    ----------
    contact, length : (point,) fraction in contact; correlation length of the voids (cm).
    frequency : (point,) Hz.
    resistivity, thickness : of the electrolyte (Ω·cm, cm).
    gap : capacitance over the voids (F/cm²); 0: they block.

    Returns
    -------
    (point,) Ω·cm². Beyond the table's ends it is held (contact, ℓ/L) or goes on as 1/ω.
    """  # fmt: skip
    fractions, ratios, bridged, scaled = _table()
    c = np.clip(contact, 1e-6, 1.0)
    omega = 2.0 * np.pi * frequency * gap * length * resistivity
    i, x = _place(fractions, c)
    k, y = _place(ratios, np.log(length / thickness))
    # Between direct current and the first bridging it goes with ω, then with its logarithm.
    axis = np.concatenate([[0.0], bridged])
    n = np.clip(np.searchsorted(axis, omega, "right") - 1, 0, axis.size - 2)
    low, high = axis[n], axis[n + 1]
    inner = np.clip(omega, bridged[0], bridged[-1])
    far = np.log(high / bridged[0]) - np.log(np.maximum(low, bridged[0]) / bridged[0])
    z = np.where(
        n == 0, np.minimum(omega / bridged[0], 1.0),
        np.log(inner / np.maximum(low, bridged[0])) / np.where(far > 0, far, 1.0),
    )  # fmt: skip
    value = np.zeros(c.shape, np.complex128)
    for di, wi in ((0, 1.0 - x), (1, x)):
        for dk, wk in ((0, 1.0 - y), (1, y)):
            for dn, wn in ((0, 1.0 - z), (1, z)):
                value += wi * wk * wn * scaled[i + di, k + dk, n + dn]
    beyond = np.where(omega > bridged[-1], bridged[-1] / np.maximum(omega, bridged[-1]), 1.0)
    result: Complex = resistivity * length * value * beyond * (1.0 - c) / c
    return result


def _place(axis: Floats, values: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the cell of each value on a rising axis and its share inside, held at the ends."""
    k = np.clip(np.searchsorted(axis, values, "right") - 1, 0, axis.size - 2)
    share: Floats = np.clip((values - axis[k]) / (axis[k + 1] - axis[k]), 0.0, 1.0)
    return k, share
