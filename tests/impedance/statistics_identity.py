"""How often tracks keep their process where two meet, and over a jump.

    python -m tests.impedance.statistics_identity [--cases N] [--noise 0.003] [--seed 4242]

Series of 30 sweeps (`tests.impedance.peak_series`). Two peaks "cross" or "pass" each other, "turn"
back, or are "twins" (nobody can tell whether they passed). Judged are their tracks in the first and
the last quarter: the same (kept), exchanged (swapped), others (lost), or the node says that they
are not identifiable (not told). At a "short" all of R falls, at a "step" of the current two peaks
change as they like, one may end and another begin. Judged is every process over the jump: its track
goes on (kept), ends (lost), or is that of another process afterwards (wrong); and how many of the
right and of the wrong ones the node calls not identifiable.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.optimize import linear_sum_assignment

from anodescope.impedance.peaks.track import NOT_IDENTIFIABLE, track_peaks
from tests.impedance.peak_series import Made, random_series

Ints = npt.NDArray[np.int64]

MEET, LEAP = ("cross", "pass", "turn", "twins"), ("jump", "short", "step")
GATE = 0.3
# Sweeps on each side of a jump that say whose a track is.
BESIDE = 5


def owners(made: Made, peaks: xr.Dataset) -> Ints:
    """Track of each component in each sweep, −1: none, shape (S, C)."""
    truth, place = made.visible(), np.log10(peaks["tau"].values)
    low, high = made.window
    track = np.full(truth.shape, -1)
    for s in range(made.sweeps):
        true = np.flatnonzero((truth[s] >= low) & (truth[s] <= high))
        found = np.flatnonzero(np.isfinite(place[s]))
        far = np.abs(truth[s, true][:, None] - place[s, found][None, :])
        for i, j in zip(*linear_sum_assignment(far), strict=True):
            if far[i, j] <= GATE:
                track[s, true[i]] = found[j]
    return track


def judge_meeting(made: Made, peaks: xr.Dataset) -> str:
    """Say what became of the two that meet; "" where one is not seen on both sides."""
    track, quarter = owners(made, peaks), made.sweeps // 4
    before = [c[c >= 0] for c in track[:quarter, list(made.pair)].T]
    after = [c[c >= 0] for c in track[-quarter:, list(made.pair)].T]
    if not all(c.size for c in before + after):
        return ""
    if any(met["identity"] == NOT_IDENTIFIABLE for met in peaks.attrs["meetings"]):
        return "not told"
    (a, b), (c, d) = (path[0] for path in before), (path[-1] for path in after)
    return "kept" if (a, b) == (c, d) else "swapped" if (a, b) == (d, c) else "lost"


def judge_jump(made: Made, peaks: xr.Dataset) -> Counter[str]:
    """Count what became of each process at the jump."""
    # Without a stated event: where the third component ends.
    last = np.flatnonzero(np.isfinite(made.place[:, 2]))[-1]
    event = made.events[0] if made.events else int(last) + 1
    track = owners(made, peaks)
    before = [_usual(c) for c in track[max(event - BESIDE, 0) : event].T]
    after = [_usual(c) for c in track[event : event + BESIDE].T]
    unsure = {leap["track"] for leap in peaks.attrs["leaps"] if leap["identity"] != "kept"}
    found: Counter[str] = Counter()
    for k, one in enumerate(before):
        if one < 0 or (after[k] < 0 and np.isfinite(made.place[event, k])):
            continue
        if one in after and after.index(one) != k:
            what = "wrong"
        elif after[k] < 0:
            continue
        else:
            what = "kept" if after[k] == one else "lost"
        found[what] += 1
        found[f"{what}, not told"] += one in unsure
    return found


def _usual(track: Ints) -> int:
    there = track[track >= 0]
    return int(np.bincount(there).argmax()) if there.size else -1


def measure_identity(
    cases: int, noise: float, kinds: tuple[str, ...], seed: int, method: str = "auto"
) -> dict[str, Counter[str]]:
    """Count over random series of each kind."""
    counts: dict[str, Counter[str]] = {}
    for kind in kinds:
        generator = np.random.default_rng([seed, sum(map(ord, kind))])
        count = counts.setdefault(kind, Counter())
        for _ in range(cases):
            made = random_series(generator, kind)
            peaks = track_peaks(made.fitted_node(generator, noise, method))
            if kind in LEAP:
                count += judge_jump(made, peaks)
            else:
                count[judge_meeting(made, peaks) or "not seen"] += 1
    return counts


def table(counts: dict[str, Counter[str]]) -> str:
    """The counts as Markdown, one line per kind."""
    heads = sorted({name for count in counts.values() for name in count})
    lines = [f"| series | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    lines += [
        f"| {kind} | {' | '.join(str(count[name]) for name in heads)} |"
        for kind, count in counts.items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how often tracks keep their process.")
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--noise", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=4242)
    chosen = parser.parse_args()
    for kinds in (MEET, LEAP):
        counts = measure_identity(chosen.cases, chosen.noise, kinds, chosen.seed)
        sys.stdout.write(table(counts) + "\n\n")


if __name__ == "__main__":
    main()
