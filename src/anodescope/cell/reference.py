"""A third electrode: what belongs to the alloy, and what to the counter electrode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import march
from anodescope.cell.slots import INDEX
from anodescope.errors import SettingsError

if TYPE_CHECKING:
    from anodescope.cell.cell import Cell

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Reference:
    """A quasi-reference of Na in the electrolyte, which carries no current.

    Attributes
    ----------
    position : where it touches the electrolyte, from the alloy (0) to the counter electrode (1).
        The ohmic drop of the electrolyte is shared in that ratio.

    Raises
    ------
    SettingsError
        for a position outside 0 to 1.
    """

    position: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.position <= 1.0:
            raise SettingsError(
                f"Reference, position: expected 0 (alloy) to 1 (counter), found {self.position!r}."
            )

    def split(self, cell: Cell, p: Floats, samples: Floats) -> tuple[Floats, Floats]:
        """Voltages (V) of the alloy and of the counter electrode against the reference.

        Parameters
        ----------
        cell : the cell.
        p : its numbers.
        samples : (sample, column) of the march.
        """
        volt, flow = samples[:, march.VOLT], samples[:, march.FLOW]
        shorted = samples[:, march.FILAMENT] >= 1.0
        # What the filament carries does not pass the interfaces.
        inner = flow - np.where(shorted, 1e3 * volt / p[INDEX["short_resistance"]], 0.0)
        drop = 1e-3 * inner * p[INDEX["electrolyte"]]
        counter = -(samples[:, march.V_COUNTER] + (1.0 - self.position) * drop)
        return volt + counter, counter

    def parts(
        self,
        interface: NDArray[np.complex128],
        counter: NDArray[np.complex128],
        electrolyte: NDArray[np.complex128],
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Impedances of the working and of the counter electrode (the unit of the arguments)."""
        return (
            interface + self.position * electrolyte,
            counter + (1.0 - self.position) * electrolyte,
        )
