"""The impedance room: are spectra valid, which relaxation times do they hold, and which circuit?

Four verbs take a Campaign or bare arrays and return a node of a Campaign: `validate`, `drt`,
`track_peaks` and `fit_circuit`. A method of inversion is an object (`DRTtools`), and so is a
circuit (``Resistor("0") + ZARC("GB")``); kernels below take arrays and know no scheduler.
"""

from __future__ import annotations

from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.circuits.composition import Circuit
from anodescope.impedance.circuits.elements import (
    CPE,
    ZARC,
    Capacitor,
    Gerischer,
    Inductor,
    Resistor,
    Warburg,
    WarburgOpen,
    WarburgShort,
)
from anodescope.impedance.circuits.fit import fit_circuit
from anodescope.impedance.drt import METHODS, drt, resolve
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.loggp.prior import Prior
from anodescope.impedance.loggp.stream import DrtStream
from anodescope.impedance.peaks.naming import Rule, rules_from
from anodescope.impedance.peaks.track import (
    PeakSettings,
    interface_resistance,
    resistance_of,
    track_peaks,
)
from anodescope.impedance.penalised import Tikhonov
from anodescope.impedance.tikhonov import DRTTOOLS_RANGE, DRTtools, solve_drttools
from anodescope.impedance.validation.drift import Stationarity
from anodescope.impedance.validation.kk import LinearKK
from anodescope.impedance.validation.linearity import Linearity
from anodescope.impedance.validation.trim import Trimming
from anodescope.impedance.validation.validate import validate

__all__ = [
    "CPE",
    "DRTTOOLS_RANGE",
    "METHODS",
    "ZARC",
    "Capacitor",
    "Circuit",
    "DRTtools",
    "DrtStream",
    "Gerischer",
    "Inductor",
    "Inversion",
    "Lattice",
    "LinearKK",
    "Linearity",
    "LogGaussian",
    "Method",
    "PeakSettings",
    "Prior",
    "Resistor",
    "Rule",
    "Stationarity",
    "Tikhonov",
    "Trimming",
    "Warburg",
    "WarburgOpen",
    "WarburgShort",
    "drt",
    "fit_circuit",
    "interface_resistance",
    "resistance_of",
    "resolve",
    "rules_from",
    "solve_drttools",
    "track_peaks",
    "validate",
]
