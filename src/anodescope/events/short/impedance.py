"""Short circuits in the impedance: a sweep against the last healthy one before it.

An electronic path beside the electrolyte adds one real conductance at every frequency, so

    1/Z' − 1/Z = G        (G > 0, no dependence on frequency, no imaginary part),

while another interface leaves the high frequencies alone, and another contact area multiplies 1/Z
by one number. A hard short circuit leaves a wire: |Z| small, of the same size at all frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.events.finding import NAN, Floats, Record
from anodescope.events.short.circuits import Short, merged
from anodescope.events.short.settings import ShortSettings

Complexes = NDArray[np.complex128]

_POINTS = 4  # frequencies that two sweeps must share
_PURE = 0.7  # |Z| at high over low frequency, above which an interface would look like a path

_HOW = {"hard": "a wire is left", "soft": "a real conductance was added"}
_DOUBT = "all of the impedance shrank, as another contact or interface could make it too"


@final
@dataclass(frozen=True, slots=True)
class _Sweep:
    """One sweep, frequencies rising; it is judged by its outer thirds, so that what happens after
    `sure`, when the low-frequency third begins, may escape.
    """

    start: float
    sure: float
    end: float
    current: float
    frequency: Floats
    impedance: Complexes

    @property
    def size(self) -> float:
        """|Z| (Ω) at low frequency."""
        return float(np.median(np.abs(self.impedance[: max(self.impedance.size // 3, 2)])))


def impedance_shorts(record: Record, settings: ShortSettings) -> list[Short] | None:
    """Find the short circuits in the impedance, in time order.

    Returns
    -------
    shorts : may be empty; None where there are fewer than two sweeps to compare. The last good
        instant is that at which the low-frequency third of the last healthy sweep begins, the first
        shorted one the end of the next sweep.
    """
    sweeps = _sweeps(record)
    if len(sweeps) < 2:
        return None
    healthy, last, state = sweeps[0], sweeps[0].sure, ""
    doubtful: tuple[int, float] | None = None  # place in `found` and |Z| before, in doubt
    found: list[Short] = []
    for sweep in sweeps[1:]:
        kind, ratio, proven = _compare(healthy, sweep, settings)
        if state and not kind:
            found[-1] = replace(found[-1], kind="reversible", recovered=sweep.start)
        if doubtful and sweep.size >= settings.recovered * doubtful[1]:
            place = doubtful[0]
            found[place] = replace(found[place], kind="reversible", recovered=sweep.start)
            doubtful = None
        # A soft short circuit may become hard; what was told once is not told again.
        if kind and kind != state and state != "hard":
            how = _HOW[kind] if proven else _DOUBT
            found.append(
                Short(kind, last, sweep.end, NAN, sweep.current, ratio, -1, how, proven=proven)
            )
        if kind and not proven:
            # What may be no short circuit at all is what the next sweeps are held against.
            doubtful, kind = (len(found) - 1, healthy.size), ""
        state, last = ("hard" if state == "hard" and kind else kind), sweep.sure
        if not kind:
            healthy = sweep
    doubted = [short for short in found if not short.proven]
    return sorted(
        [*(short for short in found if short.proven), *merged(doubted)], key=lambda short: short.low
    )


def sweep_times(record: Record) -> Floats:
    """Return the end (s) of each sweep that can be compared with others, in time order."""
    return np.array([sweep.end for sweep in _sweeps(record)], np.float64)


def _sweeps(record: Record) -> list[_Sweep]:
    """Return the usable sweeps of the default view in time order."""
    if record.spectra is None:
        return []
    spectra = record.spectra
    valid = spectra["valid"].values
    frequency, impedance = spectra["frequency"].values, spectra["impedance"].values
    start, time = spectra["time_start"].values, spectra["time"].values
    bias = spectra["bias_current"].values if "bias_current" in spectra else np.full(start.size, NAN)
    order = record.default[np.argsort(start[record.default], kind="stable")]
    found = []
    for row in order:
        some = valid[row]
        rising = np.argsort(frequency[row][some])
        third = max(rising.size // 3, 1)
        if rising.size >= _POINTS:
            found.append(
                _Sweep(
                    float(start[row]),
                    float(np.sort(time[row][some])[-third]),
                    float(np.max(time[row][some])),
                    float(bias[row]),
                    frequency[row][some][rising],
                    impedance[row][some][rising],
                )
            )
    return found


def _compare(before: _Sweep, after: _Sweep, settings: ShortSettings) -> tuple[str, float, bool]:
    """Return (kind, |Z'|/|Z| at low frequency, whether the kind is beyond doubt)."""
    pair = _common(before, after)
    if pair is None:
        return "", NAN, True
    old, new = pair
    third = max(old.size // 3, 2)
    ratio = float(np.median(np.abs(new[:third])) / np.median(np.abs(old[:third])))
    flat = float(np.median(np.abs(new[:third])) / max(float(np.min(np.abs(new))), 1e-300))
    # What is left of a hard short circuit is smaller than the series resistance was.
    if ratio <= settings.collapse and np.median(new[:third].real) < 0.8 * np.min(old.real):
        return "hard", ratio, flat < 3.0
    admittance, change = 1 / old, 1 / new - 1 / old
    leak = float(np.median(change.real))
    size = np.abs(1 / new)
    share = leak / float(np.median(size[:third]))
    if not share > settings.leak:
        return "", ratio, True
    path = float(np.sqrt(np.mean(np.abs(change - leak) ** 2))) / leak
    area = float(np.vdot(admittance, change).real / np.vdot(admittance, admittance).real)
    larger = float(np.sqrt(np.mean(np.abs(change - area * admittance) ** 2))) / leak
    # Where the high-frequency end shrinks as well, it is no matter of the interface.
    shrinks = bool(np.all(np.abs(new[-third:]) < (1 - 0.5 * settings.leak) * np.abs(old[-third:])))
    if path < 0.3 and path <= larger:
        return "soft", ratio, bool(np.min(np.abs(old)) < _PURE * np.max(np.abs(old)))
    if shrinks and larger < 0.3:
        return "soft", ratio, False
    return "", ratio, True


def _common(before: _Sweep, after: _Sweep) -> tuple[Complexes, Complexes] | None:
    """Return both sweeps at the frequencies of the later one that the earlier one spans."""
    if before.frequency.size == after.frequency.size and np.allclose(
        before.frequency, after.frequency, rtol=1e-3
    ):
        return before.impedance, after.impedance
    inside = (after.frequency >= before.frequency[0] * 0.999) & (
        after.frequency <= before.frequency[-1] * 1.001
    )
    if np.count_nonzero(inside) < _POINTS:
        return None
    at, known = np.log(after.frequency[inside]), np.log(before.frequency)
    old = np.interp(at, known, before.impedance.real) + 1j * np.interp(
        at, known, before.impedance.imag
    )
    return old, after.impedance[inside]
