"""R_Ω to subtract in a block: the same one as the onset's, of sweeps whose fit is good."""

from __future__ import annotations

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.finding import Record
from anodescope.events.onset.resistances import Ohmic, ohmic_resistance

# A fit whose residual is larger (root mean square, relative to |Z|) gives no resistance.
WORST = 0.05


def ohmic_of(record: Record, block: int, given: float | None) -> Ohmic | tuple[Outcome, str]:
    """Return R_Ω of a block's sweeps, or of the last one before it; or why there is none.

    Parameters
    ----------
    record : what detectors read.
    block : block of the protocol.
    given : R_Ω (Ω) that the user gave; None: that of the spectra.

    Returns
    -------
    The median of the usable sweeps (see `ohmic_resistance`): those of the electrode whose voltage
    is used, with a DRT whose residual is at most 5 % and whose resistance is above zero.
    """
    if given is not None:
        return Ohmic(given, "given")
    rows = record.matching
    if record.drt is None or record.spectra is None or not rows.size:
        words = "No series resistance: it needs sweeps with a DRT, or a given value."
        if record.drt is not None and record.default.size:
            words = (
                "No series resistance: no spectrum belongs to the electrode whose voltage is used "
                f"({record.voltage_electrode})."
            )
        return Outcome.needs_spectra, words
    phases = record.phases.rows(block)
    begin, end = record.phases.start[phases].min(), record.phases.end[phases].max()
    start = record.spectra["time_start"].values[rows]
    rows, start = rows[start <= end], start[start <= end]
    value = record.drt["series_resistance"].values[rows]
    good = np.isfinite(value) & (value > 0)
    if "noise" in record.drt:
        noise = record.drt["noise"].values[rows]
        good &= ~(noise > WORST)
    if not good.any():
        if not rows.size:
            return Outcome.needs_spectra, "No series resistance: no sweep in the block or before."
        words = (
            "No series resistance: in no sweep of the block or before is the residual of the DRT "
            f"at most {WORST:.0%} and the resistance above 0 Ω."
        )
        return Outcome.not_decidable, words
    rows, start = rows[good], start[good]
    inside = rows[start >= begin]
    if not inside.size:
        inside = rows[[int(np.argmax(start))]]
    return ohmic_resistance(record, inside.astype(np.int64))
