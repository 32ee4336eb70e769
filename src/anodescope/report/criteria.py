"""What a finding says of its own definition, read in one place.

The findings node holds a definition as a text (``criterion``) beside the fields ``quantity``,
``basis`` and ``outcome``. Figures choose by these fields and by the order of the rows: the first
row of a basis is the headline's. Three things stand in the text alone: in which window of a level a
voltage was taken, over which last share of it, and whether a resistance was assumed instead of
measured. They are read here and nowhere else, and ``tests/report/test_criteria.py`` holds the
reading to what the detectors write. A text that says nothing of it gives "" or None, and the
finding is still drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from anodescope.report.amounts import Finding
from anodescope.report.style import printable

VOLTAGE, CORRECTED, INTERFACE = "voltage", "voltage_minus_ohmic", "R_int"
HOLD, SWEEP = "hold", "sweep"
SHARES = {HOLD: 0.2, SWEEP: 0.5}  # last share of a phase whose mean is drawn without findings
NAMES = {VOLTAGE: "V", CORRECTED: "V − iR_Ω", INTERFACE: "R_int"}
TYPESET = {VOLTAGE: "V", CORRECTED: "V − iR$_Ω$", INTERFACE: "R$_{int}$"}
WINDOW_NAMES = {HOLD: "end of the hold", SWEEP: "sweep"}
_WINDOW = re.compile(r"last (\d+(?:\.\d+)?)\s?% of the (hold|sweep)")
_ASSUMED = re.compile(r"R_Ω: \S+ Ω as given")


def window_of(one: Finding) -> str:
    """Return in which window of a level a finding looked: "hold", "sweep", or "" for unknown.

    What rests on the impedance was taken in the sweep.
    """
    if one.basis == INTERFACE:
        return SWEEP
    told = _WINDOW.search(one.criterion)
    return told[2] if told else ""


def shares_of(onsets: Sequence[Finding]) -> dict[str, float]:
    """Return over which last share of a phase the onsets' voltages are means."""
    told = [found for one in onsets for found in _WINDOW.findall(one.criterion)]
    return SHARES | {name: float(share) / 100 for share, name in told}


def assumed(one: Finding) -> bool:
    """Tell whether a finding rests on a resistance that the user gave, not on a measured one."""
    return one.basis == CORRECTED and _ASSUMED.search(one.criterion) is not None


def basis_name(basis: str) -> str:
    """Return the signal that a finding rests on, as it stands in a figure."""
    return NAMES.get(basis, basis.replace("_", " "))


def typeset_basis(basis: str) -> str:
    """Return the same as mathtext."""
    return TYPESET.get(basis, printable(basis.replace("_", " ")).replace("$", r"\$"))
