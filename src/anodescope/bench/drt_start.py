"""Named measurement: how long a fresh process takes, with kernels to compile and with them kept.

Each line runs twice in a fresh interpreter with a cache of its own: empty at first, and then as the
first run left it. Seconds are on the clock from the start of the process, imports included.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from typing import final

from anodescope.bench.peers import ask_ourselves

NAN = float("nan")

# The cache is named before numba is imported.
_PREPARE = """
import os, time
os.environ["NUMBA_CACHE_DIR"] = str(given["cache"])
"""
_SPECTRA = """
from anodescope.impedance import drt
result["imports"] = time.time() - float(given["begun"])
frequency = np.geomspace(1e5, 1e-1, 31)
omega = 2j * np.pi * frequency
plain = 5 + 20 / (1 + (1e-4 * omega) ** 0.9) + 50 / (1 + (0.1 * omega) ** 0.8)
"""
_END = "result['seconds'] = time.time() - float(given['begun'])\n"
_SERIES = """
drt((np.tile(frequency, (6, 1)), plain * (1 + 0.01 * np.arange(6))[:, None]))
drt((frequency, plain - 8 / (1 + omega)))
"""
WORKS = {
    "first result: one spectrum": f"{_SPECTRA}drt((frequency, plain))\n{_END}",
    "engine: one spectrum, a series, a loop": f"{_SPECTRA}drt((frequency, plain)){_SERIES}{_END}",
    "every kernel (make setup)": f"from anodescope.workflow.warm import warm\nwarm()\n{_END}",
}


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a fresh process does.

    Attributes
    ----------
    what, status : what was done, and how it went.
    cold, warm : seconds from the start of the process with an empty cache, and with a full one.
    imports : of the latter, seconds until all was imported; NaN where that was not measured.
    """

    what: str
    status: str
    cold: float = NAN
    warm: float = NAN
    imports: float = NAN


def run_start() -> list[Row]:
    """Measure every line with an empty cache and once more."""
    return [_row(what, work) for what, work in WORKS.items()]


def _row(what: str, work: str) -> Row:
    seconds: list[float] = []
    imports = NAN
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            given = {"cache": folder, "begun": time.time()}
            answer = ask_ourselves(_PREPARE, work, given)
            if not answer.ran:
                return Row(what, answer.status, cold=seconds[0] if seconds else NAN)
            seconds.append(float(answer.arrays["seconds"]))
            imports = float(answer.arrays.get("imports", NAN))
    cold, warm = seconds
    return Row(what, "ran", cold, warm, imports)
