"""What the fit rows identify: groups of parameters, with intervals, never single ones alone.

n·D/δ (limiting current), δ²/D (recovery), x_c, R0 + r0, a0·i_C and so on follow from what was seen;
δ or D alone do not. Each group comes with its interval about the best fit, its spread over the
ensemble, and how much of the prior is left: 1 means that the rows say nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import Cell
from anodescope.inference.ensemble import covariance
from anodescope.inference.fitting import Fit
from anodescope.inference.parameters import scaled_of, values_of
from anodescope.inference.structures import Structure

Floats = NDArray[np.float64]

# Left of the prior's width below which a group counts as identified.
IDENTIFIED = 0.3
NORMAL = 1.96
STEP = 1e-3


@final
@dataclass(frozen=True, slots=True)
class Group:
    """A combination of parameters.

    Attributes
    ----------
    key, unit, meaning : "1" is a pure number; one line.
    members : paths of the parameters in it.
    value, low, high : of the best set, and 95 % about it (linearised rows and priors).
    least, most : over the ensemble.
    left : standard deviation that is left, over that of the prior.
    """

    key: str
    unit: str
    meaning: str
    members: tuple[str, ...]
    value: float
    low: float
    high: float
    least: float
    most: float
    left: float

    @property
    def identified(self) -> bool:
        """Whether the rows say more of it than the prior."""
        return self.left < IDENTIFIED


@final
@dataclass(frozen=True, slots=True)
class _Kind:
    key: str
    unit: str
    meaning: str
    members: tuple[str, ...]
    of: Callable[[Cell], float]


def _limiting(cell: Cell) -> float:
    kappa = cell.numbers().kappa
    room = 0.0
    if cell.layer is not None:
        x = getattr(cell.reservoir, "sodium_fraction", 1.0)
        room = x - cell.layer.threshold(cell.temperature)
    return float(np.mean(kappa)) * room


def _recovery(cell: Cell) -> float:
    layer = cell.layer
    return layer.thickness**2 / (2.0 * layer.diffusivity) if layer is not None else math.nan


def _kinds() -> tuple[_Kind, ...]:
    delta, spread = ("layer.thickness", "layer.diffusivity"), "layer.spread"
    return (
        _Kind("i_lim", "mA/cm²", "limiting current of fresh NaK50: F·n·D/δ·(x_b − x_c), mean",
              (*delta, "layer.critical_fraction", spread), _limiting),
        _Kind("t_layer", "s", "recovery of the median layer, δ²/2D", delta, _recovery),
        _Kind("x_c", "1", "composition at which the surface runs dry",
              ("layer.critical_fraction",), lambda cell: _number(cell, "layer.critical_fraction")),
        _Kind("sigma", "1", "spread of ln δ", (spread,), lambda cell: _number(cell, spread)),
        _Kind("R0+r0", "Ω·cm²", "resistance of the fresh interface",
              ("kinetics.charge_transfer", "kinetics.sheet"),
              lambda cell: cell.kinetics.charge_transfer + cell.kinetics.sheet),
        _Kind("k_phi", "1/s", "growth of lost contact", ("loss.rate",),
              lambda cell: _number(cell, "loss.rate")),
        _Kind("tau_phi", "s", "healing of lost contact", ("loss.heal",),
              lambda cell: _number(cell, "loss.heal")),
        _Kind("q_h", "mAh/cm²", "plated charge that refills", ("loss.refill",),
              lambda cell: _number(cell, "loss.refill")),
        _Kind("a0*i_C", "mA/cm²", "geometric current above which filaments grow in a fresh cell",
              ("deposit.contact", "filament.current"),
              lambda cell: cell.deposit.contact * _number(cell, "filament.current")),
        _Kind("i_C", "mA/cm²", "local current above which filaments grow", ("filament.current",),
              lambda cell: _number(cell, "filament.current")),
        _Kind("chi", "cm²/(mA·s)", "growth of filaments", ("filament.rate",),
              lambda cell: _number(cell, "filament.rate")),
        _Kind("m_c", "mAh/cm²", "deposit that doubles what is missing of the contact",
              ("deposit.spread",), lambda cell: cell.deposit.spread),
        _Kind("tau_m", "s", "re-alloying of the deposit", ("deposit.time",),
              lambda cell: cell.deposit.time),
    )  # fmt: skip


def _number(cell: Cell, path: str) -> float:
    part, _, name = path.partition(".")
    return float(getattr(getattr(cell, part), name, math.nan))


def groups(
    structure: Structure, fit: Fit, members: Sequence[Mapping[str, float]] = ()
) -> tuple[Group, ...]:
    """Return what was identified, as groups.

    Parameters
    ----------
    structure : laws of the fit. fit : the best one.
    members : values of the ensemble.
    """
    spread = covariance(fit)
    made = []
    for kind in _kinds():
        known = {one.path for one in structure.free}
        if not known & set(kind.members):
            continue
        slope = _slope(structure, fit, kind)
        error = math.sqrt(float(slope @ spread @ slope))
        prior = math.sqrt(float(slope @ slope))
        value = kind.of(structure.cell("NaK50", fit.values))
        over = [kind.of(structure.cell("NaK50", one)) for one in (fit.values, *members)]
        factor = math.exp(min(NORMAL * error, 50.0))
        made.append(
            Group(
                kind.key, kind.unit, kind.meaning, kind.members, value, value / factor,
                value * factor, min(over), max(over), error / prior if prior else 1.0,
            )
        )  # fmt: skip
    return tuple(made)


def _slope(structure: Structure, fit: Fit, kind: _Kind) -> Floats:
    """Slope of the logarithm of a group by each parameter, in standard deviations of its prior."""
    centre = np.array(scaled_of(fit.values, structure.free))
    slope = np.zeros(centre.size)
    for k, one in enumerate(structure.free):
        if one.path not in kind.members:
            continue
        ends = []
        for sign in (1.0, -1.0):
            point = centre.copy()
            point[k] = np.clip(point[k] + sign * STEP, -2.0, 2.0)
            value = kind.of(structure.cell("NaK50", values_of(point.tolist(), structure.free)))
            ends.append((math.log(max(value, 1e-300)), point[k]))
        slope[k] = (ends[0][0] - ends[1][0]) / (ends[0][1] - ends[1][1])
    return slope
