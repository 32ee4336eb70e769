"""Impedance rows of one file become sweeps: never glued, never torn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.formats.recording import Recording

# A step against the sweep's direction counts as a restart when it is this many usual steps long.
_RESTART = 1.5

# Log frequencies closer than this are the same frequency.
_SAME = 1e-6

# A counter electrode whose voltage stays below this was not connected: an instrument resolves
# about 0.3 mV on its ±10 V range.
_CONNECTED = 5e-4

# Spectra that are compared at a time, to spare memory.
_BLOCK = 4096

# Meaning's prefix of each electrode's impedance columns, in the order of preference for a row.
ELECTRODES: tuple[tuple[str, str], ...] = (
    ("cell", "cell_impedance"),
    ("working", "impedance"),
    ("counter", "counter_impedance"),
)


def parts_of(recording: Recording, prefix: str) -> tuple[str, ...]:
    """Return the parts from which an electrode's impedance is made; () where it is not there."""
    for parts in (("real", "imaginary"), ("modulus", "phase")):
        if all(recording.has(f"{prefix}_{part}") for part in parts):
            return parts
    return ()


def impedance_of(recording: Recording, prefix: str) -> NDArray[np.complex128] | None:
    """Return Z (Ω, capacitive: negative imaginary part) of every row, or None if not recorded."""
    parts = parts_of(recording, prefix)
    if not parts:
        return None
    impedance = np.empty(recording.rows, np.complex128)
    impedance.real = np.asarray(recording.get(f"{prefix}_{parts[0]}"))
    impedance.imag = np.asarray(recording.get(f"{prefix}_{parts[1]}"))
    if parts[0] == "modulus":
        impedance = impedance.real * np.exp(1j * impedance.imag)
    return impedance


def split(recording: Recording) -> list[NDArray[np.int64]]:
    """Return the rows of each sweep of a file.

    A sweep ends where the file says so (loop indices, sweep or cycle number), where rows without
    a frequency lie between, and where the frequency jumps back against its direction.
    """
    frequency = recording.get("frequency")
    if frequency is None:
        return []
    frequency = np.asarray(frequency, float)
    rows = np.flatnonzero(np.isfinite(frequency) & (frequency > 0.0))
    if not rows.size or not electrodes(recording, rows):
        return []
    return np.split(rows, _cuts(recording, frequency, rows))


def electrodes(recording: Recording, rows: NDArray[np.int64]) -> tuple[tuple[str, str], ...]:
    """Return (electrode, column prefix) of the impedances that hold data in `rows`.

    With a counter electrode recorded apart, the plain columns are the working electrode's and
    the cell's are those between working and counter; without one, the plain columns are the
    cell's.
    """
    there = []
    for electrode, prefix in ELECTRODES:
        impedance = impedance_of(recording, prefix)
        if impedance is not None and np.any(np.abs(impedance[rows]) > 0.0):
            there.append((electrode, prefix))
    if [electrode for electrode, _ in there] == ["working"] and not _three(recording, rows):
        return (("cell", "impedance"),)
    return tuple(there)


def _three(recording: Recording, rows: NDArray[np.int64]) -> bool:
    """Say whether the counter electrode's voltage was recorded apart (three electrodes)."""
    counter = recording.get("counter_voltage")
    if counter is None:
        return False
    there = np.abs(np.asarray(counter, float)[rows])
    return bool(np.nanmax(there, initial=0.0) > _CONNECTED)


def _cuts(
    recording: Recording, frequency: NDArray[np.float64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Positions in `rows` at which a new sweep starts, without the first."""
    cut = np.diff(rows) > 1
    for name in ("sweep", "cycle"):
        cut |= _counted(recording.get(name), rows)
    cut |= _counted(recording.get("sequence"), rows) & ~_goes_on(np.log(frequency[rows]))
    if recording.sweep_starts is not None:
        cut |= np.isin(rows[1:], recording.sweep_starts)
    edges = np.concatenate(([0], np.flatnonzero(cut) + 1, [len(rows)]))
    logs = np.log(frequency[rows])
    more = [edges[k] + _restarts(logs[edges[k] : edges[k + 1]]) for k in _turning(logs, edges)]
    return np.unique(np.concatenate([edges[1:-1], *more])).astype(np.int64)


def _turning(logs: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.intp]:
    """Pieces in which the frequency goes both up and down: the only ones to look into."""
    step = np.diff(logs, append=logs[-1:])
    step[edges[1:] - 1] = 0.0
    up = np.maximum.reduceat(step, edges[:-1]) > 0.0
    down = np.minimum.reduceat(step, edges[:-1]) < 0.0
    return np.flatnonzero(up & down)


def _counted(counter: NDArray[Any] | None, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say between which neighbouring rows a counter counts."""
    if counter is None:
        return np.zeros(rows.size - 1, bool)
    step = np.diff(np.asarray(counter, float)[rows])
    counts: NDArray[np.bool_] = np.isfinite(step) & (step != 0.0)
    return counts


def _goes_on(logs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say between which neighbouring rows the frequency goes on in its direction."""
    step = np.diff(logs)
    before = np.concatenate(([0.0], step[:-1]))
    same: NDArray[np.bool_] = step * before > 0.0
    return same


def _restarts(logs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions at which a new sweep starts in a run of log frequencies that goes up and down.

    A sweep goes one way. The next one starts where the frequency comes back to where the sweep
    began, where it jumps back by more than a usual step, or where it turns round for good (two
    steps in a row); a single small step back is a disorder of the instrument.
    """
    steps = np.concatenate((np.diff(logs), [0.0, 0.0]))
    usual = float(np.median(np.abs(steps[steps != 0.0])))
    starts = []
    start, direction = 0, 0.0
    for row in range(1, logs.size):
        if direction == 0.0:
            direction = float(np.sign(steps[row - 1]))
            continue
        back, again, once_more = -direction * steps[row - 1 : row + 2]
        came_back = back > 0.0 and abs(logs[row] - logs[start]) < _SAME
        turned = again > usual / 2 and (
            back > usual / 2 or (abs(back) < _SAME and once_more > usual / 2)
        )
        if came_back or turned or back > _RESTART * usual:
            starts.append(row)
            start, direction = row, 0.0
    return np.array(starts, np.int64)


def grids(frequency: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the distinct frequency grids, in order of first appearance.

    Instruments print the frequency that they really set, which may differ in the last digits from
    sweep to sweep; frequencies equal within 1e-6 relative are the same.

    Parameters
    ----------
    frequency : (spectrum, point), Hz; NaN where a row is padded.
    """
    random = np.random.default_rng(0)
    weights = random.integers(1, 2**62, frequency.shape[1], dtype=np.int64)
    blocks = range(0, len(frequency), _BLOCK)
    keys = [(_whole(frequency[k : k + _BLOCK]) * weights).sum(axis=1) for k in blocks]
    _, first, place = np.unique(np.concatenate(keys), return_index=True, return_inverse=True)
    number = np.full(first.size, -1, np.int64)
    known = np.empty((0, frequency.shape[1]), np.int64)
    for row in np.argsort(first, kind="stable"):
        whole = _whole(frequency[first[row] : first[row] + 1])
        near = (np.abs(known - whole) <= 1).all(axis=1)
        if near.any():
            number[row] = int(np.argmax(near))
        else:
            number[row] = len(known)
            known = np.concatenate([known, whole])
    return number[place.reshape(-1)]


def _whole(frequency: NDArray[np.float64]) -> NDArray[np.int64]:
    """Log frequency in millionths, as integers; a padded point has a number of its own."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.nan_to_num(np.log(frequency), nan=-1e3, posinf=1e3, neginf=-1e3)
    return np.rint(logs * 1e6).astype(np.int64)
