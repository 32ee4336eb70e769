"""BioLogic's vocabulary, shared by the .mpr and .mpt readers and the .mpt writer.

Column numbers, types and labels come from pairs of binary and text exports of the same
measurement. Two columns are in no pair and were verified by what must hold in real files: 70 is
the product of voltage and current, 19 is the voltage that a potentiostatic hold follows. The rows
marked `verified=False` have a label that EC-Lab prints and a number seen in public bug reports, but
no real file to check them with.
"""

from __future__ import annotations

import math
import re
from types import MappingProxyType

from anodescope.formats.recording import Column

# What a label's base means, and the unit that its factor in `UNITS` leads to.
_BASES: dict[str, tuple[str, float]] = {
    "time": ("time", 1.0),
    "Ewe": ("voltage", 1.0),
    "<Ewe>": ("voltage", 1.0),
    "Ecell": ("voltage", 1.0),
    "<Ecell>": ("voltage", 1.0),
    "Ece": ("counter_voltage", 1.0),
    "<Ece>": ("counter_voltage", 1.0),
    "Ewe-Ece": ("cell_voltage", 1.0),
    "<Ewe-Ece>": ("cell_voltage", 1.0),
    "I": ("current", 1.0),
    "<I>": ("current", 1.0),
    "dq": ("charge_change", 1.0),
    "dQ": ("charge_change", 1.0),
    "(Q-Qo)": ("charge", 1.0),
    "Temperature": ("temperature", 1.0),
    "freq": ("frequency", 1.0),
    "Re(Z)": ("impedance_real", 1.0),
    "-Im(Z)": ("impedance_imaginary", -1.0),
    "Im(Z)": ("impedance_imaginary", 1.0),
    "|Z|": ("impedance_modulus", 1.0),
    "Phase(Z)": ("impedance_phase", 1.0),
    "Re(Zce)": ("counter_impedance_real", 1.0),
    "-Im(Zce)": ("counter_impedance_imaginary", -1.0),
    "|Zce|": ("counter_impedance_modulus", 1.0),
    "Phase(Zce)": ("counter_impedance_phase", 1.0),
    "Re(Zwe-ce)": ("cell_impedance_real", 1.0),
    "-Im(Zwe-ce)": ("cell_impedance_imaginary", -1.0),
    "|Zwe-ce|": ("cell_impedance_modulus", 1.0),
    "Phase(Zwe-ce)": ("cell_impedance_phase", 1.0),
    "|Ewe|": ("voltage_amplitude", 1.0),
    "|Ecell|": ("voltage_amplitude", 1.0),
    "|I|": ("current_amplitude", 1.0),
    "THD Ewe": ("thd_voltage", 1.0),
    "NSD Ewe": ("nsd_voltage", 1.0),
    "NSR Ewe": ("nsr_voltage", 1.0),
    "THD I": ("thd_current", 1.0),
    "NSD I": ("nsd_current", 1.0),
    "NSR I": ("nsr_current", 1.0),
    "stddev |Z|": ("impedance_deviation", 1.0),
    "stddev Phase(Z)": ("phase_deviation", 1.0),
}

# Labels without a unit.
_PLAIN: dict[str, str] = {
    "error": "overload",
    "Ns": "sequence",
    "cycle number": "cycle",
    "half cycle": "half_cycle",
    "z cycle": "sweep",
    "corr": "correction",
    "Correction": "correction",
}

# Factor from a label's unit to the unit of `recording.MEANINGS`.
UNITS: MappingProxyType[str, float] = MappingProxyType(
    {
        "s": 1.0,
        "ms": 1e-3,
        "min": 60.0,
        "h": 3600.0,
        "V": 1.0,
        "mV": 1e-3,
        "A": 1.0,
        "mA": 1e-3,
        "µA": 1e-6,
        "nA": 1e-9,
        "C": 1.0,
        "mC": 1e-3,
        "A.h": 3600.0,
        "mA.h": 3.6,
        "µA.h": 3.6e-3,
        "Hz": 1.0,
        "kHz": 1e3,
        "MHz": 1e6,
        "Ohm": 1.0,
        "kOhm": 1e3,
        "MOhm": 1e6,
        "deg": math.pi / 180.0,
        "rad": 1.0,
        "°C": 1.0,
        "%": 1.0,
    }
)

_MICRO = re.compile("[\u03bc\ufffd](?=[AF])|(?<=/)u(?=[AF])|ï¿½(?=[AF])")


def normal_label(label: str) -> str:
    """Return `label` with one micro sign, one degree sign and one ampere-hour spelling."""
    text = _MICRO.sub("µ", label.strip())
    text = re.sub(r"A[·\-\u22c5]?h\b", "A.h", text)
    return text.replace("/ C", "/°C").replace("Ω", "Ohm")


def column_for(label: str) -> Column:
    """Return the column that `label` names; an unknown label is kept without a meaning."""
    text = normal_label(label)
    if text in _PLAIN:
        return Column(label, _PLAIN[text])
    if text in ("phase_deviation", "stddev Phase(Z)/deg"):
        return Column(label, "phase_deviation")
    base, slash, unit = text.rpartition("/")
    if slash and base in _BASES and unit in UNITS:
        name, sign = _BASES[base]
        return Column(label, name, sign * UNITS[unit])
    return Column(label)


def _number(number: int, label: str, dtype: str, verified: bool = True) -> Column:
    named = column_for(label)
    return Column(label, named.name, named.factor, number, dtype, verified)


# Flags: (number, label, bit, mask) inside the one flag byte that leads a record.
FLAGS: MappingProxyType[int, tuple[str, int, int]] = MappingProxyType(
    {
        1: ("mode", 0, 0x03),
        2: ("ox/red", 2, 0x01),
        3: ("error", 3, 0x01),
        21: ("control changes", 4, 0x01),
        31: ("Ns changes", 5, 0x01),
        65: ("counter inc.", 7, 0x01),
    }
)

COLUMNS: MappingProxyType[int, Column] = MappingProxyType(
    {
        column.number: column
        for column in (
            _number(4, "time/s", "<f8"),
            _number(5, "control/V/mA", "<f4"),
            _number(6, "Ewe/V", "<f4"),
            _number(7, "dq/mA.h", "<f8"),
            _number(8, "I/mA", "<f4"),
            _number(9, "Ece/V", "<f4"),
            _number(11, "<I>/mA", "<f8", False),
            _number(13, "(Q-Qo)/mA.h", "<f8"),
            _number(16, "Analog IN 1/V", "<f4", False),
            _number(17, "Analog IN 2/V", "<f4", False),
            _number(18, "Analog IN 3/V", "<f4", False),
            _number(19, "control/V", "<f4"),
            _number(20, "control/mA", "<f4"),
            _number(23, "dQ/mA.h", "<f8", False),
            _number(24, "cycle number", "<f8"),
            _number(26, "Rapp/Ohm", "<f4", False),
            _number(27, "Ewe-Ece/V", "<f4", False),
            _number(32, "freq/Hz", "<f4"),
            _number(33, "|Ewe|/V", "<f4"),
            _number(34, "|I|/A", "<f4"),
            _number(35, "Phase(Z)/deg", "<f4"),
            _number(36, "|Z|/Ohm", "<f4"),
            _number(37, "Re(Z)/Ohm", "<f4"),
            _number(38, "-Im(Z)/Ohm", "<f4"),
            _number(39, "I Range", "<u2"),
            _number(69, "R/Ohm", "<f4", False),
            _number(70, "P/W", "<f4"),
            _number(74, "|Energy|/W.h", "<f8"),
            _number(75, "Analog OUT/V", "<f4", False),
            _number(76, "<I>/mA", "<f4"),
            _number(77, "<Ewe>/V", "<f4"),
            _number(96, "|Ece|/V", "<f4"),
            _number(98, "Phase(Zce)/deg", "<f4"),
            _number(99, "|Zce|/Ohm", "<f4"),
            _number(100, "Re(Zce)/Ohm", "<f4"),
            _number(101, "-Im(Zce)/Ohm", "<f4"),
            _number(123, "Energy charge/W.h", "<f8"),
            _number(124, "Energy discharge/W.h", "<f8"),
            _number(125, "Capacitance charge/µF", "<f8"),
            _number(126, "Capacitance discharge/µF", "<f8"),
            _number(131, "Ns", "<u2"),
            _number(169, "Cs/µF", "<f4"),
            _number(172, "Cp/µF", "<f4"),
            _number(174, "<Ewe>/V", "<f4"),
            _number(182, "step time/s", "<f8", False),
            _number(215, "<Ece>/V", "<f4", False),
            _number(352, "|Ece|/V", "<f4", False),
            _number(430, "Phase(Zwe-ce)/deg", "<f4"),
            _number(431, "|Zwe-ce|/Ohm", "<f4"),
            _number(432, "Re(Zwe-ce)/Ohm", "<f4"),
            _number(433, "-Im(Zwe-ce)/Ohm", "<f4"),
            _number(434, "(Q-Qo)/C", "<f4"),
            _number(435, "dQ/C", "<f4"),
            _number(438, "step time/s", "<f8", False),
            _number(441, "<Ece>/V", "<f4"),
            _number(467, "Q charge/discharge/mA.h", "<f8"),
            _number(468, "half cycle", "<u4"),
            _number(471, "<Ece>/V", "<f4"),
        )
        if column.number is not None
    }
)

# Technique byte of the settings module, for the techniques of which a real file was read.
TECHNIQUES: MappingProxyType[int, str] = MappingProxyType(
    {0x04: "GCPL", 0x0B: "OCV", 0x19: "CP", 0x1D: "PEIS", 0x1E: "GEIS", 0x7F: "MB"}
)

# Parameters of one sequence in the settings module, packed: B one byte, H two, I four, f float32.
# From pairs of binary files and text headers; a technique or a count that is not here stays raw.
_EIS_TAIL = (
    ("fi", "f"), ("unit fi", "B"), ("ff", "f"), ("unit ff", "B"), ("Nd", "I"),
    ("Points", "B"), ("spacing", "B"),
)  # fmt: skip
PARAMETERS: MappingProxyType[tuple[str, int], tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        ("OCV", 6): (
            ("tR (s)", "f"), ("dER/dt (mV/h)", "f"), ("dER (mV)", "f"),
            ("dtR (s)", "f"), ("E range min (V)", "f"), ("E range max (V)", "f"),
        ),
        ("CP", 16): (
            ("Is", "f"), ("unit Is", "B"), ("vs.", "B"), ("ts (s)", "f"), ("EM (V)", "f"),
            ("dQM", "f"), ("unit dQM", "B"), ("record", "B"), ("dEs (mV)", "f"),
            ("dts (s)", "f"), ("E range min (V)", "f"), ("E range max (V)", "f"),
            ("I Range", "B"), ("Bandwidth", "B"),
        ),
        ("GCPL", 32): (
            ("Set I/C", "B"), ("Is", "f"), ("unit Is", "B"), ("vs.", "B"), ("N", "f"),
            ("I sign", "B"), ("t1 (s)", "f"), ("I Range", "B"), ("Bandwidth", "B"),
            ("dE1 (mV)", "f"), ("dt1 (s)", "f"), ("EM (V)", "f"), ("tM (s)", "f"), ("Im", "f"),
            ("unit Im", "B"), ("dI/dt", "f"), ("dunit dI/dt", "B"), ("E range min (V)", "f"),
            ("E range max (V)", "f"), ("dq", "f"), ("unit dq", "B"), ("dtq (s)", "f"),
            ("dQM", "f"), ("unit dQM", "B"), ("dxM", "f"), ("tR (s)", "f"),
            ("dER/dt (mV/h)", "f"), ("dER (mV)", "f"), ("dtR (s)", "f"), ("EL (V)", "f"),
            ("goto Ns'", "I"), ("nc cycles", "I"),
        ),
        ("GEIS", 55): (
            ("Mode", "B"), ("Is", "f"), ("unit Is", "B"), ("vs.", "B"), ("tIs (s)", "f"),
            ("record", "B"), ("dE (mV)", "f"), ("dt (s)", "f"), *_EIS_TAIL, ("Ia/Va", "B"),
            ("Ia", "f"), ("unit Ia", "B"), ("va pourcent", "f"), ("pw", "f"), ("Na", "I"),
        ),
        ("PEIS", 52): (
            ("Mode", "B"), ("E (V)", "f"), ("vs.", "B"), ("tE (s)", "f"), ("record", "B"),
            ("dI", "f"), ("unit dI", "B"), ("dt (s)", "f"), *_EIS_TAIL,
            ("Va (mV)", "f"), ("pw", "f"), ("Na", "I"),
        ),
    }
)  # fmt: skip

# Techniques whose table above is complete, so that the next sequence follows at once.
COMPLETE: frozenset[tuple[str, int]] = frozenset({("OCV", 6), ("GCPL", 32)})

UNIT_CODES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "fi": ("MHz", "kHz", "Hz", "mHz", "µHz"),
        "ff": ("MHz", "kHz", "Hz", "mHz", "µHz"),
        "Is": ("A", "mA", "µA", "nA", "pA"),
        "Ia": ("A", "mA", "µA", "nA", "pA"),
        "Im": ("A", "mA", "µA", "nA", "pA"),
        "dI": ("A", "mA", "µA", "nA", "pA"),
        "dQM": ("A.h", "mA.h", "µA.h", "nA.h", "pA.h"),
        "dq": ("A.h", "mA.h", "µA.h", "nA.h", "pA.h"),
    }
)
