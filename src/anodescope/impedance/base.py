"""What a method of inversion is: it turns sweeps into distributions on one lattice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from anodescope.citations import Citation, cited_by
from anodescope.errors import Outcome
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.sweeps import Sweeps, parameters_of
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


@final
@dataclass(frozen=True, slots=True)
class Inversion:
    """What a method returns: rows as in the sweeps, NaN where a row has no result.

    Attributes
    ----------
    lattice : lattice of the whole series; None when no row could be computed.
    gamma : (Ω per unit ln τ), shape (S, T).
    series_resistance, polarisation_resistance : (Ω), shape (S,).
    inductance : (H), shape (S,).
    objective : the minimum of what the method minimises (Ω²), shape (S,).
    outcome : one per row.
    fit : impedance of the model at the measured frequencies (Ω), shape (S, P).
    more : further variables of the drt node by name, with the glossary's dimensions.
    """

    lattice: Lattice | None
    gamma: Floats
    series_resistance: Floats
    polarisation_resistance: Floats
    inductance: Floats
    objective: Floats
    outcome: list[Outcome]
    fit: Complexes
    more: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def blank(cls, sweeps: Sweeps, lattice: Lattice | None) -> Inversion:
        """Return NaN everywhere, with the reason why each row is unusable, to be filled in."""
        rows, points = sweeps.frequency.shape

        def nothing() -> Floats:
            return np.full(rows, np.nan)

        return cls(
            lattice=lattice,
            gamma=np.full((rows, lattice.size if lattice else 0), np.nan),
            series_resistance=nothing(),
            polarisation_resistance=nothing(),
            inductance=nothing(),
            objective=nothing(),
            outcome=[sweeps.why_unusable(row) for row in range(rows)],
            fit=np.full((rows, points), complex(np.nan, np.nan)),
        )


class Method(ABC):
    """A way to find the distribution of relaxation times; a subclass is a frozen dataclass."""

    name: ClassVar[str]

    @abstractmethod
    def invert(self, sweeps: Sweeps, run: Run) -> Inversion:
        """Compute the distributions of all sweeps."""

    def parameters(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        return parameters_of(self)

    def citations(self) -> tuple[Citation, ...]:
        """Return the works that the method relies on."""
        return cited_by(type(self).invert)
