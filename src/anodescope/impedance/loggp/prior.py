"""What is believed of γ before any datum: positive, and ln γ bent in few places.

    γ = eᵘ,   ln p(u) = const − (ν + 1)/2 · ∫ ln(1 + u″²/(ν c0²)) d ln τ
                              − pull/2 · ∫ (u − m)² d ln τ

A Student-t density of the curvature u″ lets it be large at a peak and small elsewhere: the tails of
a process that is wide or narrow are both straight lines in ln γ. ⟨u″²⟩ is taken over ± `reach`, as
a bend is wider than a lattice step.

The numbers were found once, by random search on cells of the training generator
(`anodescope.bench.cells`), and are frozen: no set on which results are reported was used for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError

Floats = npt.NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Prior:
    """Numbers of the prior.

    Attributes
    ----------
    curvature : c0, the scale of u″ (per unit (ln τ)²).
    tails : ν, how heavy the tails of its density are.
    reach : half-width of the triangle over which u″² is averaged (units of ln τ).
    pull : strength of the pull towards m.
    level : e^m over (span of Re Z)/(length of the lattice).

    Raises
    ------
    SettingsError
        for a number that is not positive and finite.
    """

    curvature: float = 1.65
    tails: float = 0.5
    reach: float = 0.7
    pull: float = 2e-4
    level: float = 4e-3

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise SettingsError(f"{name}: expected a positive number, found {value}.")

    @property
    def numbers(self) -> Floats:
        """c0, ν, reach, pull, as the compiled kernels take them."""
        return np.array([self.curvature, self.tails, self.reach, self.pull])

    @property
    def weight(self) -> float:
        """The curvature weight to start with."""
        return 1 / self.curvature**2


FROZEN = Prior()
