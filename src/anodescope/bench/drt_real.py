"""Named comparison on real files: what a fit says of frequencies that it was not shown.

No truth is known of real cells. So every fifth frequency is left out, never the first or the last,
and predicted from the fit of the others: the rms of |Ẑ − Z|/|Z| there is the score, with the median
over sweeps. Its floor is the noise of those points by third differences in time, where there are
enough sweeps. Peers get few sweeps, spread over the series, and ours are then scored on all of
them. A part is one electrode of one file and one frequency grid; a file that other data of the
same measurement accompany (`.mpt` beside `.mpr`) is taken once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import pi
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.bench.formats import find_data
from anodescope.bench.inverters import PREDICTING, Inverter
from anodescope.bench.peers import Answer, ask
from anodescope.errors import AnodescopeError
from anodescope.formats import read
from anodescope.impedance import LinearKK, validate
from anodescope.impedance.base import Inversion
from anodescope.impedance.lattice import in_window
from anodescope.impedance.loggp.grids import series_of
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.loggp.smoothing import logarithm
from anodescope.impedance.sweeps import Sweeps, root_mean_square
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

NAN = float("nan")
EVERY, FIRST = 5, 2
FEWEST_POINTS = 7
PEER_SWEEPS = 5
# Parts that are taken once more up to this frequency (Hz): above it, the three-electrode spectra of
# this file are the instrument's (Re Z < 0, noise of 40 %).
CUT = {"geis.mpr": 1e5}
# Fewer sweeps than these give no noise by third differences.
FEWEST_SWEEPS = 8
# A step in time is no change when its squares add up to no more than this many times their mean.
QUIET = 1.5

PREDICT = """
low, high = np.log(1 / given["frequency"][[0, -1]])
tau = np.exp(np.arange(low - 5, high + 5, 0.02))
found = []
for row in given["impedance"]:
    model = fit(given["frequency"], row, tau)
    found.append(predict(model, tau, given["wanted"]))
result["predicted"] = np.array(found)
"""
_WARNINGS = """
import warnings
warnings.simplefilter("ignore")
"""


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One method on one part; NaN where a column does not apply.

    Attributes
    ----------
    file, electrode, sweeps, points, method, status : what was computed on what.
    held_out, held_out_p90 : rms of |Ẑ − Z|/|Z| at frequencies left out, over sweeps.
    held_out_few : the same median over the few sweeps that the peers got.
    floor : the noise of those points by the sweeps before and after.
    residual, noise : rms of a part's relative residual with all frequencies, and that noise.
    inconsistent : share of sweeps that the Kramers–Kronig test calls so.
    terms : which terms beside γ, and loops, were taken in how many sweeps.
    next_covered, pairs : share of the next sweep's γ that the 95 % band covers, over pairs of
        sweeps between which nothing changed.
    """

    file: str
    electrode: int
    sweeps: int
    points: int
    method: str
    status: str
    held_out: float = NAN
    held_out_p90: float = NAN
    held_out_few: float = NAN
    floor: float = NAN
    residual: float = NAN
    noise: float = NAN
    inconsistent: float = NAN
    terms: str = ""
    next_covered: float = NAN
    pairs: int = 0


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Sweeps of one electrode on one grid; columns in descending order of frequency.

    Attributes
    ----------
    file, electrode : where they come from.
    sweeps : all of one series.
    """

    file: str
    electrode: int
    sweeps: Sweeps

    @property
    def held(self) -> Bools:
        """Which columns are left out, shape (F,)."""
        return np.asarray(np.arange(self.sweeps.frequency.shape[1]) % EVERY == FIRST)

    @property
    def few(self) -> npt.NDArray[np.int64]:
        """Sweeps without gaps, spread over the series, for the slow."""
        full = np.flatnonzero(self.sweeps.valid.all(axis=1))
        places = np.linspace(0, full.size - 1, min(PEER_SWEEPS, full.size))
        return np.asarray(full[places.round().astype(np.int64)])

    def below(self, highest: float) -> Part:
        """Return the part up to a frequency (Hz)."""
        low = np.flatnonzero(self.sweeps.frequency[0] <= highest)
        return Part(f"{self.file} ≤ {highest:g} Hz", self.electrode, _columns(self.sweeps, low))


def run_real(
    folder: Path | None = None, *, names: tuple[str, ...] = (), peers: bool = True
) -> list[Row]:
    """Compare on all real files with spectra, or on those whose path contains one of some names."""
    folder = folder or find_data()
    rows: list[Row] = []
    for part in parts_of(folder, names) if folder else []:
        rows += our_rows(part)
        rows += [_peer_row(part, peer) for peer in PREDICTING if peers]
    return rows


def parts_of(folder: Path, names: tuple[str, ...] = ()) -> list[Part]:
    """Read the files under a folder that hold spectra with enough points."""
    found: list[Part] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        label = str(path.relative_to(folder))
        twin = path.suffix in (".mpt", ".txt") and path.with_suffix(".mpr").exists()
        if twin or (names and not any(name in label for name in names)):
            continue
        try:
            sweeps = Sweeps.of(read(path))
        except AnodescopeError:
            continue
        parts = _cut(label, sweeps)
        found += parts
        found += [part.below(CUT[path.name]) for part in parts if path.name in CUT]
    return found


def _cut(label: str, sweeps: Sweeps) -> list[Part]:
    parts = []
    for series in series_of(sweeps, FEWEST_POINTS):
        rows, points = series.rows, series.points
        frequency = np.tile(np.frombuffer(series.key), (rows.size, 1))
        at = (rows[:, None], points)
        electrode = 0 if sweeps.series is None else int(sweeps.series[rows[0]])
        instants = None if series.instants is None else sweeps.instants
        chosen = Sweeps(
            frequency,
            sweeps.impedance[at],
            sweeps.valid[at],
            sweeps.claimed[at],
            series.time,
            None if instants is None else instants[at],
        )
        parts.append(Part(label, electrode, chosen))
    return parts


def _columns(sweeps: Sweeps, chosen: npt.NDArray[np.int64]) -> Sweeps:
    return replace(
        sweeps,
        frequency=sweeps.frequency[:, chosen],
        impedance=sweeps.impedance[:, chosen],
        valid=sweeps.valid[:, chosen],
        claimed=sweeps.claimed[:, chosen],
        instants=None if sweeps.instants is None else sweeps.instants[:, chosen],
    )


def predicted(found: Inversion, frequency: Floats) -> Complexes:
    """Return the impedance (Ω) of the model at any frequencies (Hz), shape (S, P)."""
    if found.lattice is None:
        return np.full(frequency.shape, complex(NAN, NAN))
    omega = 2j * pi * frequency
    kernel = found.lattice.step / (1 + omega[:, :, None] * found.lattice.tau)
    total = np.einsum("spt,st->sp", kernel, np.nan_to_num(found.gamma))
    total += found.series_resistance[:, None]
    rise = np.nan_to_num(found.more.get("inductance_exponent", np.ones(len(omega))), nan=1.0)
    total += found.inductance[:, None] * omega ** rise[:, None]
    if "tail" in found.more:
        blocking = np.isfinite(found.more["series_capacitance"])
        size = np.where(blocking, found.more["series_capacitance"], 1.0)[:, None]
        total += np.where(blocking[:, None], 1 / (omega * size), 0.0)
        exponent = np.nan_to_num(found.more["tail_exponent"])[:, None]
        total += np.nan_to_num(found.more["tail"])[:, None] * omega**-exponent
    return np.asarray(total)


def our_rows(part: Part) -> list[Row]:
    """Score our method on each sweep by itself and, where there are enough, on the series."""
    sweeps, held = part.sweeps, part.held
    noise = time_noise(sweeps)
    floor = NAN if noise is None else float(np.sqrt(2 * np.mean(noise[:, held] ** 2)))
    level = NAN if noise is None else float(np.sqrt(np.mean(noise**2)))
    rows = []
    for joint in (False, True) if sweeps.count > 1 else (False,):
        row = Row(
            part.file,
            part.electrode,
            sweeps.count,
            held.size,
            "ours joint" if joint else "ours single",
            "ran",
            floor=floor,
            noise=level,
        )
        method = LogGaussian(joint=joint)
        shown = replace(sweeps, valid=sweeps.valid & ~held)
        try:
            fits = method.invert(shown, Run()), method.invert(sweeps, Run())
        except np.linalg.LinAlgError as reason:
            rows.append(replace(row, status=f"failed: {reason}"))
            continue
        rows.append(_scored(row, part, *fits, noise))
    return rows


def _scored(row: Row, part: Part, shown: Inversion, whole: Inversion, noise: Floats | None) -> Row:
    """Fill in what the fits without and with the left-out frequencies say."""
    sweeps = part.sweeps
    errors = _errors(predicted(shown, sweeps.frequency), sweeps, part.held)
    covered, pairs = next_covered(whole, sweeps, noise)
    return replace(
        row,
        held_out=float(np.nanmedian(errors)),
        held_out_p90=float(np.nanpercentile(errors, 90)),
        held_out_few=float(np.median(errors[part.few])) if part.few.size else NAN,
        residual=float(np.nanmedian(root_mean_square(sweeps.relative_residual(whole.fit)))),
        inconsistent=_inconsistent(sweeps),
        terms=taken(whole),
        next_covered=covered,
        pairs=pairs,
    )


def _errors(model: Complexes, sweeps: Sweeps, held: Bools) -> Floats:
    """Rms over left-out frequencies of |Ẑ − Z|/|Z| for each sweep; NaN without any."""
    part = sweeps.valid[:, held]
    relative = np.abs(model - sweeps.impedance)[:, held] / np.abs(sweeps.impedance[:, held])
    count = part.sum(axis=1)
    square = np.where(part, relative, 0.0) ** 2
    return np.asarray(np.sqrt(square.sum(axis=1) / np.where(count > 0, count, np.nan)))


def _inconsistent(sweeps: Sweeps) -> float:
    """Share of sweeps that the Kramers–Kronig test calls inconsistent."""
    impedance = np.where(sweeps.valid, sweeps.impedance, np.nan)
    verdict = validate((sweeps.frequency[0], impedance), LinearKK())["verdict"].values
    return float(np.mean([str(v) == "inconsistent" for v in verdict]))


def taken(found: Inversion) -> str:
    """Count the terms of all sweeps: "tail 0.5: 3, loop: 2"; "none" where γ and R0, L suffice."""
    kinds: Counter[str] = Counter()
    for row in range(len(found.gamma)):
        if np.isfinite(found.more["series_capacitance"][row]):
            kinds["C"] += 1
        if np.isfinite(found.more["tail_exponent"][row]):
            kinds[f"tail {found.more['tail_exponent'][row]:.2g}"] += 1
        if (found.gamma[row] < 0).any():
            kinds["loop"] += 1
    return ", ".join(f"{name}: {count}" for name, count in sorted(kinds.items())) or "none"


def time_noise(sweeps: Sweeps) -> Floats | None:
    """Return the relative noise of each part of each column, (2, F), by third differences in time.

    None where there are too few sweeps without gaps.
    """
    full = sweeps.valid.all(axis=1)
    if full.sum() < FEWEST_SWEEPS:
        return None
    third = np.diff(logarithm(sweeps.impedance[full]), 3, axis=0)
    spread = 1.4826 * np.median(np.abs(third), axis=0) / np.sqrt(20.0)
    return np.asarray(spread.reshape(2, -1))


def next_covered(found: Inversion, sweeps: Sweeps, noise: Floats | None) -> tuple[float, int]:
    """Return how much of the next sweep's γ a sweep's band covers, and over how many pairs.

    Only pairs count between which no more than noise changed, and only τ inside the window.
    """
    if noise is None or found.lattice is None:
        return NAN, 0
    full = np.flatnonzero(sweeps.valid.all(axis=1))
    size = noise.ravel()
    step = np.diff(logarithm(sweeps.impedance[full]), axis=0) / np.maximum(size, 1e-12)
    quiet = (np.mean(step**2, axis=1) / 2 < QUIET) & (np.diff(full) == 1)
    before = full[:-1][quiet]
    if not before.size:
        return NAN, 0
    inside = in_window(found.lattice.tau, *sweeps.window())[before]
    after = found.gamma[before + 1]
    covered = (after >= found.more["gamma_low"][before]) & (
        after <= found.more["gamma_high"][before]
    )
    return float(covered[inside].mean()), int(before.size)


def _peer_row(part: Part, peer: Inverter) -> Row:
    """Ask a peer about a few sweeps without gaps; all of a series have the same frequencies."""
    sweeps, held = part.sweeps, part.held
    chosen = part.few
    answer = Answer("failed: no sweep without gaps")
    if chosen.size:
        given = {
            "frequency": sweeps.frequency[0, ~held],
            "impedance": sweeps.impedance[chosen][:, ~held],
            "wanted": sweeps.frequency[0, held],
        }
        work = _WARNINGS + peer.fit + PREDICT
        answer = ask(peer.packages, peer.prepare, work, given)
    label = " ".join((peer.name, *answer.versions[:1]))
    row = Row(part.file, part.electrode, int(chosen.size), held.size, label, answer.status)
    if not answer.ran:
        return row
    measured = sweeps.impedance[chosen][:, held]
    errors = np.abs(answer.arrays["predicted"] - measured) / np.abs(measured)
    each = np.sqrt(np.mean(errors**2, axis=1))
    return replace(
        row,
        held_out=float(np.median(each)),
        held_out_p90=float(np.percentile(each, 90)),
        held_out_few=float(np.median(each)),
    )
