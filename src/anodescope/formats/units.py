"""Units as people print them in column labels, and the factor to the unit of `MEANINGS`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from anodescope.formats.recording import MEANINGS

_PREFIXES = {"": 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}

# Per unit of MEANINGS: names that take a prefix, and whole words with their factor. Names are
# written after `_plain`: µ (U+00B5) and μ (U+03BC) are u; dots, spaces and stars are gone.
_NAMES: Mapping[str, tuple[tuple[tuple[str, float], ...], Mapping[str, float]]] = MappingProxyType(
    {
        "s": (
            (("s", 1.0),),
            {"sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "min": 60.0, "minutes": 60.0}
            | {"h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0},
        ),
        "V": ((("V", 1.0),), {"volt": 1.0, "volts": 1.0}),
        "A": ((("A", 1.0),), {"amp": 1.0, "amps": 1.0, "ampere": 1.0}),
        "C": ((("C", 1.0), ("Ah", 3600.0), ("As", 1.0)), {"coulomb": 1.0}),
        "Hz": ((("Hz", 1.0), ("hz", 1.0), ("HZ", 1.0)), {"hertz": 1.0}),
        "Ω": ((("Ohm", 1.0), ("ohm", 1.0), ("ohms", 1.0), ("Ohms", 1.0), ("OHM", 1.0)), {}),
        "rad": ((("rad", 1.0),), dict.fromkeys(("deg", "°", "degree", "degrees"), math.pi / 180)),
        "°": ((), {"deg": 1.0, "°": 1.0, "rad": 180 / math.pi}),
        "°C": ((), dict.fromkeys(("°C", "degC", "C", "DegC", "celsius"), 1.0)),
        "%": ((), {"%": 1.0}),
        "": ((), {"": 1.0, "#": 1.0, "1": 1.0, "-": 1.0}),
    }
)
_SAME = str.maketrans({"\u00b5": "u", "\u03bc": "u", "\u03a9": "\u2126", "·": "", "⋅": "", "*": ""})


def _plain(unit: str) -> str:
    text = re.sub(r"\bvs\.?\s.*", "", unit.strip()).translate(_SAME).replace("\u2126", "Ohm")
    return text if text == "-" else re.sub(r"[.\s]|(?<=A)-(?=h)", "", text)


def factor_to(meaning: str, unit: str) -> float | None:
    """Return the factor from a printed unit to the unit of a meaning, None if it is another kind.

    ``factor_to("charge", "mA.h")`` is 3.6, ``factor_to("current", "mA")`` is 1e-3, and
    ``factor_to("current", "mA/cm2")`` is None: a current per area is not a current.
    """
    names, words = _NAMES[MEANINGS[meaning]]
    text = _plain(unit)
    if text in words:
        return words[text]
    for name, factor in names:
        prefix = text[: -len(name)]
        if text.endswith(name) and prefix in _PREFIXES:
            return _PREFIXES[prefix] * factor
    return None


def is_unit(text: str) -> bool:
    """Say whether a text is a unit of any meaning, or one per area, mass or volume."""
    head = re.split(r"/(?=c?m[²2³3\^]|g\b|m?g\b)|\*?\s*c?m[²2]$|\.c?m[²2]$", text.strip())[0]
    named = [meaning for meaning, unit in MEANINGS.items() if unit]
    return any(factor_to(meaning, head) is not None for meaning in named if head.strip())
