"""What the compiled march is handed as one: the laws of the cell, and scratch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Laws(NamedTuple):
    """A cell as the kernel reads it.

    Attributes
    ----------
    p : (slot,) numbers by `slots`. kappa, tau : (patch,) conductance and time of each layer.
    weights, rates : (mode,) of a layer. table : constriction, by `constriction.direct_table`.
    """

    p: Floats
    kappa: Floats
    tau: Floats
    weights: Floats
    rates: Floats
    table: Floats


class Scratch(NamedTuple):
    """What a step works in; the guesses in it make the next step faster.

    Attributes
    ----------
    box, box_once : (6, patch, M + 4), (6, 6): base of a stage, state in the middle of a step, new
        state, rates before, in the middle and after.
    current, theta : (patch,) faradaic currents and θ.
    result : (5,) interface voltage, current, cell voltage; the last two in the middle of the step.
    work : (patch, 9 + M) what a patch is during one pass.
    """

    box: NDArray[np.float64]
    box_once: Floats
    current: Floats
    theta: Floats
    result: Floats
    work: Floats


def scratch(patches: int, modes: int) -> Scratch:
    """Return scratch for a cell of so many patches and modes."""
    return Scratch(
        np.zeros((6, patches, modes + 4)), np.zeros((6, 6)), np.zeros(patches), np.ones(patches),
        np.zeros(5), np.zeros((patches, 9 + modes)),
    )  # fmt: skip
