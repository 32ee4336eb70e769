"""What ends a step before its time, and what ends with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import final

from anodescope.errors import SettingsError
from anodescope.protocol.checks import finite, hold_to, positive


@final
class Ends(Enum):
    """What a limit that is reached brings to its end."""

    STEP = "step"
    BLOCK = "block"
    PROTOCOL = "protocol"


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one step; the first one that is reached ends it. Its time is its `duration`.

    Attributes
    ----------
    voltage : cut-off on |V| (V).
    charge : net charge of this step alone, as a magnitude: mAh/cm² in a protocol in mA/cm², A·h in
        one in A.
    composition : mole fraction of Na in the bulk of the alloy, passed from above or from below.
    short : True: a short circuit ends the step.
    ends : what a limit ends: the step alone, its block with all repetitions (as instruments are
        mostly set), or the protocol.

    Raises
    ------
    SettingsError
        for a magnitude that is not above zero, or a mole fraction outside of 0 to 1.
    """

    voltage: float | None = None
    charge: float | None = None
    composition: float | None = None
    short: bool = False
    ends: Ends = Ends.BLOCK

    def __post_init__(self) -> None:
        hold_to(self, "voltage", positive)
        hold_to(self, "charge", positive)
        hold_to(self, "composition", finite)
        if self.composition is not None and not 0.0 < self.composition < 1.0:
            raise SettingsError(
                f"Limits, composition: expected a mole fraction of Na between 0 and 1, found "
                f"{self.composition:g}."
            )
        if not isinstance(self.short, bool):
            raise SettingsError(f"Limits, short: expected True or False, found {self.short!r}.")
        if not isinstance(self.ends, Ends):
            raise SettingsError(
                f"Limits, ends: expected Ends.STEP, Ends.BLOCK or Ends.PROTOCOL, found "
                f"{self.ends!r}."
            )

    def scaled(self, factor: float) -> Limits:
        """Return the limits with the charge multiplied by the size of `factor`, as a current is."""
        return self if self.charge is None else replace(self, charge=self.charge * abs(factor))


def merged(where: str, voltage: float | None, until: Limits | None) -> Limits:
    """Return the limits of a step that states a voltage limit, others, both or none.

    Raises
    ------
    SettingsError
        when both state a voltage.
    """
    if until is None:
        return Limits(voltage)
    if not isinstance(until, Limits):
        raise SettingsError(f"{where}, until: expected Limits, found {until!r}.")
    if voltage is None:
        return until
    if until.voltage is not None:
        raise SettingsError(
            f"{where}: expected one limit of the voltage, found voltage_limit = {voltage:g} V and "
            f"until.voltage = {until.voltage:g} V."
        )
    return replace(until, voltage=voltage)


def below_cut_off(where: str, volts: float, limits: Limits) -> None:
    """Refuse a held voltage that its own cut-off forbids.

    Raises
    ------
    SettingsError
        when the limit of |V| is not above the voltage that the step holds.
    """
    if limits.voltage is not None and limits.voltage <= abs(volts):
        raise SettingsError(
            f"{where}: expected a limit above the held {abs(volts):g} V, found "
            f"{limits.voltage:g} V; the step would end as it begins."
        )
