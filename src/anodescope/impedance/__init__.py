"""The impedance room: are spectra valid, and which relaxation times do they hold?

Two verbs, `validate` and `drt`, take a Campaign or bare arrays and return a node of a Campaign. A
method of inversion is an object (`DRTtools`); kernels below take arrays and know no scheduler.
"""

from __future__ import annotations

from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.drt import METHODS, drt, resolve
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.tikhonov import DRTTOOLS_RANGE, DRTtools, solve_drttools
from anodescope.impedance.validate import LinearKK, validate

__all__ = [
    "DRTTOOLS_RANGE",
    "METHODS",
    "DRTtools",
    "Inversion",
    "Lattice",
    "LinearKK",
    "Method",
    "drt",
    "resolve",
    "solve_drttools",
    "validate",
]
