"""Column labels of delimited text: what a label means, in which unit and with which sign.

A label is a quantity and, after a slash or in brackets, a unit: ``time/s``, ``Freq/Hz``,
``-Im(Z)/Ohm``, ``Time (s)``, ``Current [mA]``, ``Z' / Ohm``. Quantities are compared without case,
blanks, underscores and angle brackets. A minus in front (``-Im(Z)``, ``-Z''``, ``minus Zim``) says
that the column holds the negative.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from anodescope.formats.recording import Column
from anodescope.formats.units import factor_to, is_unit

# fmt: off
# Quantity → its names, plain (see `_plain`); a name may serve two quantities that differ in unit.
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "time": ("time", "t", "testtime", "elapsedtime", "times", "totaltime", "timeelapsed"),
        "voltage": ("ewe", "voltage", "potential", "e", "u", "v", "vf", "vdc", "vmeasured",
            "voltagemeasured", "we(1).potential", "edc"),
        "counter_voltage": ("ece", "counterpotential"),
        "cell_voltage": ("ewe-ece", "ecell", "vcell", "cellvoltage"),
        "current": ("i", "current", "im", "idc", "imeasured", "we(1).current"),
        "charge": ("q", "charge", "(q-qo)"),
        "charge_change": ("dq",),
        "temperature": ("temperature", "temp", "t"),
        "frequency": ("freq", "frequency", "f"),
        "impedance_real": ("re(z)", "z'", "zre", "zreal", "rez", "real(z)", "realz", "z're", "zr",
            "realimpedance", "re(zwe)", "re", "zprime"),
        "impedance_imaginary": ("im(z)", "z''", "zim", "zimag", "imz", "imag(z)", "imagz", "zi",
            "imaginaryimpedance", "im(zwe)", "im", "zdoubleprime"),
        "impedance_modulus": ("|z|", "zmod", "z", "abs(z)", "mod(z)", "absoluteimpedance",
            "magnitude", "modulus"),
        "impedance_phase": ("phase(z)", "phase", "zphz", "phz", "theta", "phaseangle", "zphase"),
        "counter_impedance_real": ("re(zce)",),
        "counter_impedance_imaginary": ("im(zce)",),
        "counter_impedance_modulus": ("|zce|",),
        "counter_impedance_phase": ("phase(zce)",),
        "cell_impedance_real": ("re(zwe-ce)",),
        "cell_impedance_imaginary": ("im(zwe-ce)",),
        "cell_impedance_modulus": ("|zwe-ce|",),
        "cell_impedance_phase": ("phase(zwe-ce)",),
        "voltage_amplitude": ("|ewe|",),
        "current_amplitude": ("|i|",),
        "cycle": ("cyclenumber", "cycle"),
        "half_cycle": ("halfcycle",),
        "sequence": ("ns",),
        "sweep": ("sweep", "sweepnumber", "spectrum"),
    }
)
# fmt: on
# Units that a quantity has when its label names none.
_BARE = MappingProxyType(
    {"time": "s", "voltage": "V", "current": "A", "frequency": "Hz", "charge": "C"}
    | {"impedance_phase": "deg", "temperature": "°C", "counter_voltage": "V", "cell_voltage": "V"}
)
_BY_NAME: dict[str, list[str]] = {}
for _meaning, _names in NAMES.items():
    for _name in _names:
        _BY_NAME.setdefault(_name, []).append(_meaning)

_QUOTES = str.maketrans({"\u2019": "'", "\u2032": "'", "`": "'", "\u2033": "''", '"': "''"})
_DASHES = str.maketrans({"\u2212": "-", "\u2013": "-"})


def split_label(label: str) -> tuple[str, str]:
    """Split a label into quantity and unit ("" where it names none)."""
    text = label.strip().translate(_DASHES)
    match = re.fullmatch(r"(.*\S)\s*[\[({]([^\[\](){}]*)[\])}]", text)
    if match and is_unit(match[2]):
        return match[1], match[2].strip()
    for slash in re.finditer("/", text):
        head, tail = text[: slash.start()], text[slash.end() :]
        if head.strip() and is_unit(tail):
            return head.strip(), tail.strip()
    return text, ""


def _plain(quantity: str) -> tuple[str, float]:
    """Return the quantity for comparison and the sign that its label gives it."""
    text = quantity.translate(_QUOTES).translate(_DASHES).lower()
    text = re.sub(r"[\s_<>]", "", text)
    negated = re.match(r"(?:-|minus|neg(?:ative)?)(?=[^\d])\(?(?=.)", text)
    if negated is None:
        return text, 1.0
    rest = text[negated.end() :]
    closed = rest[:-1] if negated[0].endswith("(") and rest.endswith(")") else rest
    return closed, -1.0


def column_of(label: str) -> Column:
    """Return what a label means; a column without a meaning has the name "".

    The factor turns the file's values into the unit of `MEANINGS` and includes the sign of a label
    that names the negative. A quantity in a unit of another kind, such as a current per area, has
    no meaning here.
    """
    quantity, unit = split_label(label)
    plain, sign = _plain(quantity)
    for meaning in _BY_NAME.get(plain, ()):
        printed = unit or _BARE.get(meaning, "")
        factor = factor_to(meaning, printed) if printed else 1.0
        if factor is not None:
            return Column(label, meaning, sign * factor)
    return Column(label, verified=False)


def odd_unit(label: str) -> bool:
    """Say whether a label names a known quantity in a unit that is not one of it."""
    quantity, unit = split_label(label)
    return bool(unit) and _plain(quantity)[0] in _BY_NAME and not column_of(label).name
