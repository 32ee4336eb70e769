"""A circuit of two ZARCs, its parameters, and noisy spectra of it."""

from __future__ import annotations

import numpy as np

from anodescope.impedance.circuits.elements import (
    ZARC,
    Resistor,
)
from tests.impedance.cells import with_noise

F = np.logspace(6, -1, 61)
TWO = Resistor("R0") + ZARC("GB") + ZARC("int")
TRUE = {
    "R0": 20.0,
    "R_GB": 100.0,
    "tau_GB": 1e-5,
    "n_GB": 0.92,
    "R_int": 60.0,
    "tau_int": 2e-2,
    "n_int": 0.85,
}


def noisy(circuit=TWO, true=TRUE, *, noise=0.003, count=1, seed=1, frequency=F):
    z = np.broadcast_to(circuit.impedance(frequency, true), (count, frequency.size))
    return with_noise(np.random.default_rng(seed), z, noise)


def numbers(node, key="value", row=0) -> dict[str, float]:
    names = node["name"].values.astype(object)
    return dict(zip(names, node[key].values[row].tolist(), strict=True))
