"""How well peaks are found and followed, measured on random series with known truth.

    python -m tests.impedance.statistics_peaks [--cases N] [--noise 0.003 0.01] [--method auto]

Input is the true γ on the method's lattice, which tests finding and tracking alone, or the γ of a
method from impedance with noise. Each case of a row is a series of 30 sweeps, 7 MHz–0.05 Hz, of
a grain-boundary peak and two at longer τ to which something happens; "single" is one spectrum of
one to four ZARCs; A and B are the sets of the comparison with the peers (300 sweeps each).

True peaks are the maxima of the true γ inside the window, each owned by one component; a peak found
within 0.3 decade is the same. Areas are held against the component's R, in spectra whose components
all have a maximum. A path is a component over time; where two share a maximum its identity is a
convention and is not judged. An event is found when: the track of what appears begins, and of what
vanishes ends, between (± 5 sweeps) where its maximum is first or last seen and where it has a tenth
of its R; `merged_into` or `split_from` names the other track; both components keep their track from
before to after crossing; across a jump γ_int keeps its track and γ'_int's ends there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.optimize import linear_sum_assignment

from anodescope.impedance.peaks.track import track_peaks
from tests.impedance.peak_series import KINDS, Made, published, random_series

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SEED = 20260101
GATE = 0.3
WITHIN = 5
TITLES = {"auto": "auto", "drttools": "drttools, λ = 1e-3"}
HEAD = (
    "Δlog10 τ median / p95",
    "area error % median / p95",
    "missed %",
    "spurious %",
    "paths in one track %",
    "identity switches",
    "event found %",
    "spurious tracks",
)


@dataclass
class Score:
    """What one row of the table counts."""

    tau: list[float] = field(default_factory=list)
    area: list[float] = field(default_factory=list)
    true: int = 0
    missed: int = 0
    spurious: int = 0
    paths: int = 0
    pure: int = 0
    switches: int = 0
    events: int = 0
    found: int = 0
    extra: int = 0

    def row(self) -> list[str]:
        tau, area = np.array(self.tau), 100 * np.array(self.area)
        return [
            f"{np.median(tau):.3f} / {np.percentile(tau, 95):.3f}",
            f"{np.median(area):.1f} / {np.percentile(area, 95):.1f}",
            f"{100 * self.missed / self.true:.1f}",
            f"{100 * self.spurious / self.true:.1f}",
            f"{100 * self.pure / self.paths:.1f}",
            f"{self.switches}",
            f"{100 * self.found / self.events:.1f}" if self.events else "–",
            f"{self.extra}",
        ]


def judge(made: Made, peaks: xr.Dataset, score: Score) -> None:
    """Add one series to a score."""
    truth, (low, high) = made.visible(), made.window
    place, area = np.log10(peaks["tau"].values), peaks["resistance"].values
    within = (place >= low) & (place <= high)
    track = np.full(truth.shape, -1)
    resolved = np.isfinite(truth).sum(axis=1) == np.isfinite(made.place).sum(axis=1)
    for s in range(made.sweeps):
        true = np.flatnonzero((truth[s] >= low) & (truth[s] <= high))
        found = np.flatnonzero(np.isfinite(place[s]))
        far = np.abs(truth[s, true][:, None] - place[s, found][None, :])
        pairs = [
            (i, j) for i, j in zip(*linear_sum_assignment(far), strict=True) if far[i, j] <= GATE
        ]
        score.true += true.size
        score.missed += true.size - len(pairs)
        score.spurious += int(np.delete(within[s, found], [j for _, j in pairs]).sum())
        for i, j in pairs:
            c, k = true[i], found[j]
            track[s, c] = k
            score.tau.append(float(far[i, j]))
            if resolved[s]:
                score.area.append(abs(float(area[s, k] / made.resistance[s, c]) - 1))
    for c in range(truth.shape[1]):
        path = track[(track[:, c] >= 0) & (resolved | (c not in made.pair)), c]
        score.paths += path.size > 0
        score.pure += path.size > 0 and bool(np.all(path == path[0]))
        score.switches += int(np.count_nonzero(np.diff(path)))
    score.extra += int((within.any(axis=0) & ~np.isin(np.arange(place.shape[1]), track)).sum())
    if made.kind in EVENTS:
        score.events += 1
        score.found += bool(EVENTS[made.kind](made, peaks, truth, track))


def _edges(made: Made, truth: Floats) -> tuple[list[int], list[int]]:
    """When the third component is first seen, or has a tenth of its R; and the same at its end."""
    resistance = np.nan_to_num(made.resistance[:, 2])
    seen = np.flatnonzero(np.isfinite(truth[:, 2]))
    tenth = np.flatnonzero(resistance >= 0.1 * resistance.max())
    return sorted([seen[0], tenth[0]]), sorted([seen[-1], tenth[-1]])


def _is_between(row: int, edges: list[int]) -> bool:
    return edges[0] - WITHIN <= row <= edges[1] + WITHIN


def _begins(made: Made, peaks: xr.Dataset, truth: Floats, track: Ints) -> bool:
    path = track[track[:, 2] >= 0, 2]
    return path.size > 0 and _is_between(
        int(peaks["birth"].values[path[-1]]), _edges(made, truth)[0]
    )


def _ends(made: Made, peaks: xr.Dataset, truth: Floats, track: Ints) -> bool:
    path = track[track[:, 2] >= 0, 2]
    return path.size > 0 and _is_between(
        int(peaks["death"].values[path[0]]), _edges(made, truth)[1]
    )


def _related(name: str) -> Callable[[Made, xr.Dataset, Floats, Ints], bool]:
    def said(made: Made, peaks: xr.Dataset, truth: Floats, track: Ints) -> bool:
        paths = [set(track[track[:, c] >= 0, c].tolist()) for c in made.pair]
        other = peaks[name].values
        return any(int(other[k]) in paths[1 - i] for i in (0, 1) for k in paths[i])

    return said


def _kept(made: Made, peaks: xr.Dataset, truth: Floats, track: Ints) -> bool:
    quarter = made.sweeps // 4
    before = [track[:quarter, c][track[:quarter, c] >= 0] for c in made.pair]
    after = [track[-quarter:, c][track[-quarter:, c] >= 0] for c in made.pair]
    return all(
        b.size > 0 and a.size > 0 and b[0] == a[-1] for b, a in zip(before, after, strict=True)
    )


def _survives(made: Made, peaks: xr.Dataset, truth: Floats, track: Ints) -> bool:
    event = int(np.flatnonzero(np.isfinite(made.place[:, 2]))[-1])
    path, other = (track[track[:, c] >= 0, c] for c in made.pair)
    ended = other.size > 0 and abs(int(peaks["death"].values[other[-1]]) - event) <= 1
    return path.size > 0 and path[0] == path[-1] and ended


EVENTS: dict[str, Callable[[Made, xr.Dataset, Floats, Ints], bool]] = {
    "birth": _begins,
    "death": _ends,
    "merge": _related("merged_into"),
    "split": _related("split_from"),
    "cross": _kept,
    "jump": _survives,
}


def measure(
    cases: int,
    noise: float | None,
    kinds: Iterable[str] = (*KINDS, "A", "B"),
    method: str = "drttools",
) -> dict[str, Score]:
    """Score `cases` series of each kind; noise None: the true γ as input."""
    scores: dict[str, Score] = {}
    for kind in kinds:
        of_kind = sum(map(ord, kind))
        generator = np.random.default_rng([SEED, of_kind])
        score = scores.setdefault(kind, Score())
        for _ in range(1 if kind in ("A", "B") else cases):
            made = published(kind) if kind in ("A", "B") else random_series(generator, kind)
            node = made.true_node() if noise is None else made.fitted_node(generator, noise, method)
            judge(made, track_peaks(node), score)
    return scores


def table(scores: dict[str, Score], title: str) -> str:
    """The scores as Markdown."""
    lines = [f"**{title}**", "", f"| series | {' | '.join(HEAD)} |", "|---" * (len(HEAD) + 1) + "|"]
    lines += [f"| {kind} | {' | '.join(score.row())} |" for kind, score in scores.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how well peaks are found and followed.")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--noise", type=float, nargs="*", default=[0.003])
    parser.add_argument("--method", nargs="*", choices=TITLES, default=list(TITLES))
    given = parser.parse_args()
    title = f"true γ, {given.cases} cases per row"
    sys.stdout.write(table(measure(given.cases, None), title) + "\n\n")
    for method in given.method:
        for noise in given.noise:
            title = f"{TITLES[method]}, noise {100 * noise:g} % of |Z|, {given.cases} cases per row"
            found = measure(given.cases, noise, method=method)
            sys.stdout.write(table(found, title) + "\n\n")


if __name__ == "__main__":
    main()
