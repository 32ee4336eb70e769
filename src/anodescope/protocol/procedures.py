"""Every procedure of the paper with its parameters (Wu & Hatzell 2025, DOI 10.1039/d5eb00097a)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from anodescope.citations import relies_on
from anodescope.protocol import library
from anodescope.protocol.protocol import Protocol

# Rests after pulses of 1 s (s).
PULSE_RESTS = (0.0, 0.1, 1.0, 2.0, 5.0, 10.0)

# Not in the paper. Plating into K: the charge is stated, the current is not; at 0.1 mA/cm² it takes
# two hours, which is long against a sweep and short against the 15 h of rest after it.
POTASSIUM_CURRENT = 0.1
# In situ plating: 0.5 mAh/cm² at 0.7 mA/cm² ended in a short, 4 mAh/cm² at 0.4 did not.
IN_SITU_CAPACITY = 4.0
# Na | NASICON | Na: the paper quotes a critical current of 3.2 mA/cm² from elsewhere.
SODIUM_STEP, SODIUM_STAIRS, SODIUM_HALF_CYCLE = 0.2, 20, 600.0


@relies_on("wu2025")
def procedures() -> Mapping[str, Protocol]:
    """Return the paper's procedures by name, in mA/cm².

    Returns
    -------
    - ``spectrum``: PEIS of a pristine cell (NaK50, NaK65, NaK80).
    - ``ccd``: 0.05, 0.1, 0.2, 0.4 mA/cm² with continuous GEIS, strip first. Half-cycles of 1 h are
      ASSUMED.
    - ``sgeis_strip``, ``sgeis_plate``: 0.05 to 1 mA/cm² by 0.01, each 5 s and a GEIS of 35 s, to
      3 V; then 15 h of rest with PEIS. The paper strips NaK50, NaK65 and NaK80, and plates NaK50.
    - ``pulsed_0s`` … ``pulsed_10s``: 1 s at 1 mA/cm² and a rest of 0, 0.1, 1, 2, 5 or 10 s, to 3 V
      or the theoretical 40 mAh/cm².
    - ``strip_to_capacity``: 0.25 mA/cm² to 20 mAh/cm². That it ran without pauses is ASSUMED.
    - ``potassium_plating``: 0.2 mAh/cm² into K with GEIS, then 15 h of rest with PEIS. The current
      of 0.1 mA/cm² is ASSUMED.
    - ``in_situ_plating_0.7``, ``in_situ_plating_0.4``: at most 4 mAh/cm² into NaK50, no impedance;
      a short ends it. 4 mAh/cm² is stated for 0.4 mA/cm², and ASSUMED as the plan at 0.7.
    - ``in_situ_staircase``: strip at 0.2, 0.4, 0.7, 1 mA/cm². 10 min each are ASSUMED.
    - ``sodium_ccd``: Na | NASICON | Na, half-cycles of 10 min rising by 0.2 to 4 mA/cm²; all of it
      is ASSUMED, as the paper quotes the result only.
    """
    rest = library.rest_with_peis()
    rising = tuple(round(SODIUM_STEP * k, 12) for k in range(1, SODIUM_STAIRS + 1))
    found = {
        "spectrum": library.spectra(),
        "ccd": library.ccd(),
        "sgeis_strip": library.staircase_geis() + rest,
        "sgeis_plate": library.staircase_geis(-0.05, -1.0) + rest,
        **{f"pulsed_{time:g}s": library.pulsed_stripping(rest=time) for time in PULSE_RESTS},
        "strip_to_capacity": library.to_capacity(),
        "potassium_plating": library.to_capacity(
            -POTASSIUM_CURRENT, 0.2, sweep=library.SWEEP_TIME, voltage_limit=None
        )
        + rest,
        **{
            f"in_situ_plating_{size:g}": library.to_capacity(
                -size, IN_SITU_CAPACITY, voltage_limit=None, short=True
            )
            for size in (0.7, 0.4)
        },
        "in_situ_staircase": library.hold(),
        "sodium_ccd": library.ccd(rising, SODIUM_HALF_CYCLE, sweep=None),
    }
    return MappingProxyType(found)
