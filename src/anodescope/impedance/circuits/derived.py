"""What follows from the parameters of fitted ZARCs: Q, and effective capacitances, as named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.circuits.composition import Circuit, Series
from anodescope.impedance.circuits.elements import (
    ZARC,
    Resistor,
    brug_capacitance,
    capacitance,
    constant_phase,
)
from anodescope.impedance.circuits.fitting import Minimum, Problem
from anodescope.impedance.circuits.intervals import Uncertainty

Floats = npt.NDArray[np.float64]

_STEP = 1e-5


def series_resistor(circuit: Circuit) -> Resistor | None:
    """Return the one resistor in series with everything else, if there is one."""
    parts = circuit.parts if isinstance(circuit, Series) else (circuit,)
    found = [part for part in parts if isinstance(part, Resistor)]
    return found[0] if len(found) == 1 else None


@final
@dataclass(frozen=True, slots=True)
class Derived:
    """A quantity that follows from one ZARC.

    Attributes
    ----------
    name, unit : of the quantity.
    zarc : what it belongs to.
    """

    name: str
    unit: str
    zarc: ZARC


def derived_quantities(circuit: Circuit) -> tuple[Derived, ...]:
    """Return Q, C and, where one resistor is in series, C_Brug of every ZARC."""
    kinds = [("Q", "S·s^n"), ("C", "F")]
    kinds += [("C_Brug", "F")] if series_resistor(circuit) else []
    zarcs = [element for element in circuit.elements if isinstance(element, ZARC)]
    return tuple(Derived(f"{kind}_{z.label}", unit, z) for z in zarcs for kind, unit in kinds)


def derived_values(circuit: Circuit, values: Floats) -> Floats:
    """Return what `derived_quantities` names, shape (S, D), for values of shape (S, K)."""
    by_name = dict(zip(circuit.names, values.T, strict=True))
    resistor = series_resistor(circuit)
    columns = []
    for zarc in (element for element in circuit.elements if isinstance(element, ZARC)):
        ohm, tau, n = (by_name[zarc.name_of(quantity)] for quantity, _ in zarc.quantities)
        columns += [constant_phase(ohm, tau, n), capacitance(ohm, tau)]
        if resistor is not None:
            columns.append(brug_capacitance(ohm, tau, n, by_name[resistor.name_of("R")]))
    return np.stack(columns, axis=1) if columns else np.empty((len(values), 0))


def derive(problem: Problem, found: Minimum, known: Uncertainty) -> tuple[Floats, Floats, Floats]:
    """Return derived values with low and high, by the propagation of errors in logarithms."""
    at, count = found.coordinates, found.coordinates.shape[1]

    def values(coordinates: Floats) -> Floats:
        return derived_values(problem.circuit, problem.values(coordinates))

    # Far out, where nothing is identified, powers may overflow: then the interval is infinite.
    with np.errstate(all="ignore"):
        value = values(at)
        slopes = np.zeros((*value.shape, count))
        for k, step in enumerate(_STEP * np.eye(count)):
            slopes[:, :, k] = np.log(values(at + step) / values(at - step)) / (2 * _STEP)
        variance = np.einsum("sdk,skl,sdl->sd", slopes, known.covariance, slopes)
        factor = np.exp(known.quantile[:, None] * np.sqrt(np.maximum(variance, 0.0)))
        return value, value / factor, value * factor
