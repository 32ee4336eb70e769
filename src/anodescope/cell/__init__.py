"""The virtual cell: objects in, a Campaign out.

One verb, `simulate`, and one noun, `Cell`, which is put together of laws: what holds the Na, what
limits it at the interface, its kinetics, capacitance, loss of contact, deposit, filament,
electrolyte and counter electrode. `Instrument` and `Reference` stand before it.
"""

from __future__ import annotations

from anodescope.cell.capacitance import ByAvailability, Capacitance, FiniteStore
from anodescope.cell.cell import Cell
from anodescope.cell.counter import Counter
from anodescope.cell.course import SimulationError
from anodescope.cell.deposit import Deposit
from anodescope.cell.electrolyte import Electrolyte
from anodescope.cell.engine import Accuracy
from anodescope.cell.evolving_map import CapVoids, EvolvingMap, PancakeVoids
from anodescope.cell.filament import Crack, LinearDamage
from anodescope.cell.instrument import Instrument
from anodescope.cell.kinetics import ButlerVolmer, ByConcentration, ByFraction, Ohmic
from anodescope.cell.law import Arrhenius
from anodescope.cell.layer import AtLiquidus, Smooth, Threshold
from anodescope.cell.loss import Pattern, PowerLoss, ThresholdLoss
from anodescope.cell.motion import Motion
from anodescope.cell.projective import Projective
from anodescope.cell.reference import Reference
from anodescope.cell.reservoir import Alloy, Potassium, Sodium
from anodescope.cell.simulate import simulate, simulate_each

__all__ = [
    "Accuracy",
    "Alloy",
    "Arrhenius",
    "AtLiquidus",
    "ButlerVolmer",
    "ByAvailability",
    "ByConcentration",
    "ByFraction",
    "CapVoids",
    "Capacitance",
    "Cell",
    "Counter",
    "Crack",
    "Deposit",
    "Electrolyte",
    "EvolvingMap",
    "FiniteStore",
    "Instrument",
    "LinearDamage",
    "Motion",
    "Ohmic",
    "PancakeVoids",
    "Pattern",
    "Potassium",
    "PowerLoss",
    "Projective",
    "Reference",
    "SimulationError",
    "Smooth",
    "Sodium",
    "Threshold",
    "ThresholdLoss",
    "simulate",
    "simulate_each",
]
