"""Rows and tables of the comparison of distributions, made of what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.bootstrap import interval, median, ratio_of_means, ratio_of_medians
from anodescope.bench.metrics import Score, summary_of_bands, summary_of_peaks
from anodescope.bench.spectra import Spectrum
from anodescope.bench.visibility import VISIBLE, distance_to_positive

NAN = float("nan")
SINGLE = "anodescope single"
ORACLE, BARE = "oracle, same band", "oracle, bare posterior"
VISIBLE_LOOP = f"loop that γ ≥ 0 cannot describe within {VISIBLE:g} σ"
COURSES = ("plain: screening finds nothing", "further terms tried, none kept", "a term fitted")


@final
@dataclass(frozen=True, slots=True)
class Case:
    """A set of spectra.

    Attributes
    ----------
    name, spectra : as drawn.
    series : consecutive spectra are of one cell.
    """

    name: str
    spectra: list[Spectrum]
    series: bool = False


@final
@dataclass(frozen=True, slots=True)
class Measured:
    """One method on one set.

    Attributes
    ----------
    method, case, status : which, on what, and how it went.
    scores : by place in the set; those without a γ are left out.
    seconds : processor time of each spectrum; None: only the whole was timed.
    rows : places in the set that `seconds` belong to; None: all, in order.
    whole : processor time of the whole set in one call (s).
    memory : largest resident size (MB).
    failures : spectra without a result, or with one that did not converge.
    more : further arrays of our single fits.
    """

    method: str
    case: Case
    status: str
    scores: dict[int, Score] = field(default_factory=dict)
    seconds: npt.NDArray[np.float64] | None = None
    rows: npt.NDArray[np.int64] | None = None
    whole: float = NAN
    memory: float = NAN
    failures: int = 0
    more: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """What the run was asked for."""

    setting: str
    value: str


@final
@dataclass(frozen=True, slots=True)
class Accuracy:
    """Relative L2 of γ in the window.

    Attributes
    ----------
    spectra, status, failures : how many, and how it went.
    l2_mean, l2_median, l2_p90 : over spectra; median_low, median_high: 90 % bootstrap interval.
    same : mean L2 of ours (single) on the same spectra.
    ratio : that over l2_mean, and its 90 % bootstrap interval.
    ours_better : share of them in which ours is nearer to the truth.
    """

    set: str
    method: str
    spectra: int
    status: str
    l2_mean: float = NAN
    l2_median: float = NAN
    median_low: float = NAN
    median_high: float = NAN
    l2_p90: float = NAN
    same: float = NAN
    ratio: float = NAN
    ratio_low: float = NAN
    ratio_high: float = NAN
    ours_better: float = NAN
    failures: int = 0


@final
@dataclass(frozen=True, slots=True)
class PeakErrors:
    """Errors of peaks; see `metrics`.

    Attributes
    ----------
    shift_p95 : |Δ log10 τ| (decades).
    missed, spurious : per true peak.
    area_median, area_p95 : relative.
    own_… : the same of the peaks that the product reports.
    """

    set: str
    method: str
    shift_p95: float
    missed: float
    spurious: float
    area_median: float
    area_p95: float
    own_shift_p95: float
    own_missed: float
    own_spurious: float
    own_area_median: float
    own_area_p95: float


@final
@dataclass(frozen=True, slots=True)
class Bands:
    """Coverage and width of nominal 95 % bands.

    Attributes
    ----------
    covered, strong, maxima, minima : coverage anywhere, where γ > 5 % of its largest, at true
        maxima, and at the minima of true loops (negative γ).
    width, width_median : area between the bounds over that of γ, over spectra.
    over_oracle, over_oracle_median : this width over that of the oracle with the same rule for
        its band: ratio of means, and median of ratios.
    over_bare, over_bare_median : the same over the bare posterior of the oracle.
    """

    set: str
    method: str
    covered: float
    strong: float
    maxima: float
    minima: float
    width: float
    width_median: float
    over_oracle: float
    over_oracle_median: float
    over_bare: float
    over_bare_median: float


@final
@dataclass(frozen=True, slots=True)
class Speed:
    """Processor time and memory.

    Attributes
    ----------
    spectra : how many were timed one by one.
    ms_median, ms_p99 : per spectrum; ours: fit and band, the matrices of the grid being there.
    median_low, median_high : 90 % bootstrap interval of ms_median.
    ms_whole : whole set through the verb `drt` over its spectra, matrices included.
    times_ours : ms_median over that of ours (single) on the same spectra, and its 90 % bootstrap
        interval.
    memory : largest resident size (MB), imports included.
    """

    set: str
    method: str
    spectra: int
    ms_median: float
    median_low: float
    median_high: float
    ms_p99: float
    ms_whole: float
    times_ours: float
    times_low: float
    times_high: float
    memory: float


@final
@dataclass(frozen=True, slots=True)
class Course:
    """How our single fits went: share of the set, and time per spectrum."""

    set: str
    course: str
    spectra: int
    share: float
    ms_median: float
    ms_p99: float


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """Which terms our single fits kept, by what the cell has.

    Attributes
    ----------
    cell : its terms; of cells with a loop, all of them, and once more those whose loop is visible:
        no spectrum of R0, L and a γ ≥ 0 is nearer than 5 σ (see `visibility`).
    loop, capacitance_or_tail : share of them in which such a term was kept.
    l2_median : of γ.
    """

    set: str
    cell: str
    spectra: int
    loop: float
    capacitance_or_tail: float
    l2_median: float


@final
@dataclass(frozen=True, slots=True)
class Scale:
    """Many spectra of set A at once.

    Attributes
    ----------
    first : seconds on the clock of the first spectrum in a fresh process, after the imports.
    seconds : on the clock, of all.
    peak_memory : largest resident size (MB).
    """

    method: str
    spectra: int
    workers: int
    status: str
    first: float = NAN
    seconds: float = NAN
    peak_memory: float = NAN


Row: TypeAlias = Setting | Accuracy | PeakErrors | Bands | Speed | Course | Kept | Scale


def tables_of(measured: Sequence[Measured]) -> dict[str, list[Any]]:
    """Sort what was measured into tables."""
    ours = {one.case.name: one for one in measured if one.method == SINGLE}
    done = [one for one in measured if one.scores]
    banded = [one for one in done if math.isfinite(next(iter(one.scores.values())).width)]
    widths = {(one.case.name, one.method): _widths(one) for one in banded}
    return {
        "accuracy": [_accuracy(one, ours[one.case.name]) for one in measured],
        "peaks": [_peaks(one) for one in done if one.method != BARE],
        "bands": [_bands(one, widths) for one in banded],
        "times": [_speed(one, ours[one.case.name]) for one in done if _timed(one)],
        "courses": [row for one in ours.values() for row in _courses(one)],
        "terms": [row for one in ours.values() for row in _kept(one)],
    }


def _accuracy(one: Measured, ours: Measured) -> Accuracy:
    rows = sorted(one.scores)
    if not rows:
        return Accuracy(one.case.name, one.method, 0, one.status, failures=one.failures)
    l2 = np.array([one.scores[row].l2 for row in rows])
    mine = np.array([ours.scores[row].l2 if row in ours.scores else NAN for row in rows])
    return Accuracy(
        one.case.name,
        one.method,
        len(rows),
        one.status,
        float(l2.mean()),
        float(np.median(l2)),
        *interval(median, l2),
        float(np.percentile(l2, 90)),
        failures=one.failures,
        **({} if one is ours else _against(l2, mine)),
    )


def _against(l2: npt.NDArray[np.float64], mine: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Our mean on the same spectra, its ratio to theirs with both ends, and how often we win."""
    low, high = interval(ratio_of_means, mine, l2)
    return {
        "same": float(mine.mean()),
        "ratio": float(mine.mean() / l2.mean()),
        "ratio_low": low,
        "ratio_high": high,
        "ours_better": float((mine < l2).mean()),
    }


def _peaks(one: Measured) -> PeakErrors:
    scores = list(one.scores.values())
    plain = summary_of_peaks([score.peaks for score in scores])
    own = {f"own_{k}": v for k, v in summary_of_peaks([score.own for score in scores]).items()}
    return PeakErrors(one.case.name, one.method, **plain, **own)


def _widths(one: Measured) -> dict[int, float]:
    return {row: score.width for row, score in one.scores.items()}


def _bands(one: Measured, widths: dict[tuple[str, str], dict[int, float]]) -> Bands:
    mine = widths[one.case.name, one.method]
    ratios = {}
    for name, label in (("over_oracle", ORACLE), ("over_bare", BARE)):
        other = widths.get((one.case.name, label), {})
        rows = [row for row in mine if row in other]
        pairs = np.array([[mine[row], other[row]] for row in rows]).reshape(-1, 2)
        ratios[name] = float(pairs[:, 0].sum() / pairs[:, 1].sum()) if rows else NAN
        ratios[f"{name}_median"] = float(np.median(pairs[:, 0] / pairs[:, 1])) if rows else NAN
    found = summary_of_bands(list(one.scores.values()))
    median = float(np.median(list(mine.values())))
    return Bands(one.case.name, one.method, **found, width_median=median, **ratios)


def _timed(one: Measured) -> bool:
    return one.seconds is not None or math.isfinite(one.whole)


def _speed(one: Measured, ours: Measured) -> Speed:
    whole = 1e3 * one.whole / len(one.case.spectra)
    if one.seconds is None:
        nothing = (NAN,) * 4
        return Speed(one.case.name, one.method, 0, *nothing, whole, *nothing[:3], one.memory)
    took = 1e3 * one.seconds
    times = (NAN, NAN, NAN)
    if one is not ours and ours.seconds is not None:
        same = 1e3 * (ours.seconds if one.rows is None else ours.seconds[one.rows])
        times = (float(np.median(took) / np.median(same)), *interval(ratio_of_medians, took, same))
    return Speed(
        one.case.name,
        one.method,
        took.size,
        float(np.median(took)),
        *interval(median, took),
        float(np.percentile(took, 99)),
        whole,
        *times,
        one.memory,
    )


def _courses(ours: Measured) -> list[Course]:
    if "course" not in ours.more or ours.seconds is None:
        return []
    found = []
    for number, label in enumerate(COURSES):
        took = 1e3 * ours.seconds[ours.more["course"] == number]
        share = took.size / ours.seconds.size
        median = float(np.median(took)) if took.size else NAN
        p99 = float(np.percentile(took, 99)) if took.size else NAN
        found.append(Course(ours.case.name, label, took.size, share, median, p99))
    return found


def _kept(ours: Measured) -> list[Kept]:
    """Rows for sets in which some cell has a term of its own, and for the others the false ones."""
    if "loop" not in ours.more:
        return []
    spectra = ours.case.spectra
    labels = np.array([", ".join(s.terms) or "plain" for s in spectra])
    kinds = {label: labels == label for label in dict.fromkeys(labels.tolist())}
    if "loop" in kinds:
        seen = [
            bool(loop) and distance_to_positive(spectrum) >= VISIBLE
            for loop, spectrum in zip(kinds["loop"], spectra, strict=True)
        ]
        kinds |= {VISIBLE_LOOP: np.array(seen)} if any(seen) else {}
    found = []
    for label, which in kinds.items():
        rows = [row for row in np.flatnonzero(which).tolist() if row in ours.scores]
        found.append(
            Kept(
                ours.case.name,
                label,
                int(which.sum()),
                float(ours.more["loop"][which].mean()),
                float(ours.more["end"][which].mean()),
                float(np.median([ours.scores[row].l2 for row in rows])) if rows else NAN,
            )
        )
    return found
