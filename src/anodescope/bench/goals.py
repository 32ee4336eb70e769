"""The goals of the engine, each beside what one run found; computed from that run's tables only.

A goal that holds for several sets is met when it is met on all of them; what misses it is set in
bold. Parts that were not run leave their goals open, and a goal of which only some sets were run is
met "in part". Misses come first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from anodescope.bench.tables import COURSES, VISIBLE_LOOP

Line: TypeAlias = Mapping[str, Any]
Tables: TypeAlias = Mapping[str, Sequence[Line]]
Test: TypeAlias = Callable[[float], bool]

YES, NO, PART, OPEN = "yes", "no", "in part", "not run"
ORDER = (NO, PART, YES, OPEN)
OURS = ("single", "joint")
SERIES_SETS = ("A", "B", "series")
ALL_SETS = ("A", "B", "random", "foreign", "series", "terms")
SPECTRA_AT_ONCE, SERIES_WITHOUT = 5_000, 1_000


@final
@dataclass(frozen=True, slots=True)
class Goal:
    """One goal.

    Attributes
    ----------
    goal, wanted : what is asked for, and how much of it.
    found : what this run found.
    met : "yes", "no", "in part" (of what was run) or "not run".
    """

    goal: str
    wanted: str
    found: str
    met: str


def goals_of(tables: Tables) -> list[Goal]:
    """Hold every goal against the tables of a run, misses first.

    Parameters
    ----------
    tables : rows as mappings by the names of the tables of ``bench drt``; those that are not there
        were not run.
    """
    found = [
        *_accuracy(tables),
        *_peaks_and_bands(tables),
        *_speed(tables),
        *_terms(tables),
        *_series(tables),
        *_real(tables),
        *_start(tables),
    ]
    return sorted(found, key=lambda goal: ORDER.index(goal.met))


def at_most(limit: float) -> Test:
    """Return a test that a number passes up to a limit."""
    return lambda value: value <= limit


def at_least(limit: float) -> Test:
    """Return a test that a number passes from a limit on."""
    return lambda value: value >= limit


def between(low: float, high: float) -> Test:
    """Return a test that a number passes inside a range."""
    return lambda value: low <= value <= high


def judged(
    goal: str,
    wanted: str,
    values: Mapping[str, tuple[float, str]],
    test: Test,
    expected: Sequence[str] = (),
) -> Goal:
    """Hold numbers against a test.

    Parameters
    ----------
    values : by label, a number and how it is shown; numbers that are not finite were not found.
    expected : labels without which a goal is met in part only.
    """
    known = {label: pair for label, pair in values.items() if math.isfinite(pair[0])}
    missing = [label for label in expected if label not in known]
    if not known:
        return Goal(goal, wanted, "–", OPEN)
    parts, missed = [], False
    for label, (value, shown) in known.items():
        good = test(value)
        missed |= not good
        text = f"{label} {shown}".strip()
        parts.append(text if good or len(known) == 1 else f"**{text}**")
    met = NO if missed else PART if missing else YES
    if missing:
        parts.append(f"not run: {', '.join(missing)}")
    return Goal(goal, wanted, ", ".join(parts), met)


def rows_where(tables: Tables, name: str, **where: Any) -> list[Line]:
    """Return the rows of a table that have some values."""
    rows = tables.get(name, ())
    return [row for row in rows if all(row.get(key) == value for key, value in where.items())]


def number(row: Line, column: str) -> float:
    """Return a number of a row; NaN where there is none."""
    value = row.get(column)
    return float("nan") if value is None else float(value)


def _of_sets(
    tables: Tables, name: str, column: str, methods: Sequence[str], sets: Sequence[str]
) -> dict[str, tuple[float, str]]:
    """Numbers of ours by "set method", with three digits."""
    found = {}
    for one in sets:
        for method in methods:
            for row in rows_where(tables, name, set=one, method=f"anodescope {method}"):
                value = number(row, column)
                found[_label(one, method)] = (value, f"{value:.3f}")
    return found


def _label(one: str, method: str) -> str:
    return f"{one} {method}"


def _labels(methods: Sequence[str], sets: Sequence[str]) -> list[str]:
    there = [(one, method) for one in sets for method in methods]
    return [_label(*pair) for pair in there if pair[1] == "single" or pair[0] in SERIES_SETS]


def _accuracy(tables: Tables) -> list[Goal]:
    def l2(goal: str, limit: float, method: str, one: str) -> Goal:
        values = _of_sets(tables, "accuracy", "l2_mean", [method], [one])
        return judged(goal, f"≤ {limit}", values, at_most(limit))

    found = [
        l2("mean L2 of γ, set A, single", 0.085, "single", "A"),
        l2("mean L2 of γ, set B, single", 0.100, "single", "B"),
        l2("mean L2 of γ, set A, joint", 0.055, "joint", "A"),
        l2("mean L2 of γ, set B, joint", 0.055, "joint", "B"),
    ]
    ratios, better = {}, {}
    for row in _peer_rows(tables, "accuracy", "hybrid-drt", "foreign"):
        name, count = row["method"], f"{row['spectra']} spectra"
        spread = shown_interval(row, "ratio")
        ratios[name] = (number(row, "ratio"), f"{number(row, 'ratio'):.2f} {spread}({count})")
        share = number(row, "ours_better")
        better[name] = (share, f"{100 * share:.0f} % ({count})")
    what = "foreign set: our mean L2 over that of hybrid-drt"
    found.append(judged(what, "≤ 0.6", ratios, at_most(0.6)))
    what = "foreign set: nearer to the truth than hybrid-drt"
    return [*found, judged(what, "≥ 85 % of spectra", better, at_least(0.85))]


def _peer_rows(tables: Tables, name: str, peer: str, one: str | None = None) -> list[Line]:
    return [
        row
        for row in tables.get(name, ())
        if row["method"].startswith(peer) and one in (None, row["set"])
    ]


def shown_interval(row: Line, stem: str) -> str:
    """Return "[low, high] " of a number's interval; "" where it has none."""
    low, high = number(row, f"{stem}_low"), number(row, f"{stem}_high")
    return f"[{low:.2g}, {high:.2g}] " if math.isfinite(low + high) else ""


def _peaks_and_bands(tables: Tables) -> list[Goal]:
    found = []
    both, shown = {}, {}
    for label, (missed, _) in _of_sets(tables, "peaks", "missed", OURS, ALL_SETS).items():
        spurious = _of_sets(tables, "peaks", "spurious", OURS, ALL_SETS)[label][0]
        # One number that is at most 1 exactly when both are within their limits.
        both[label] = max(missed / 0.10, spurious / 0.01)
        shown[label] = f"{100 * missed:.1f} + {100 * spurious:.1f} %"
    pairs = {label: (value, shown[label]) for label, value in both.items()}
    every = _labels(OURS, ALL_SETS)
    what = "peaks missed, and spurious ones per true peak, at once"
    found.append(judged(what, "≤ 10 %, ≤ 1 %", pairs, at_most(1.0), every))

    def covered(goal: str, wanted: str, column: str, sets: Sequence[str], test: Test) -> Goal:
        values = _of_sets(tables, "bands", column, OURS, sets)
        return judged(goal, wanted, values, test, _labels(OURS, sets))

    own = [one for one in ALL_SETS if one != "foreign"]
    what = "coverage of 95 % bands, overall"
    found.append(covered(what, "0.93–0.97", "covered", own, between(0.93, 0.97)))
    what = "coverage at true maxima"
    found.append(covered(what, "≥ 0.90", "maxima", ALL_SETS, at_least(0.90)))
    what = "coverage on the foreign set, overall"
    found.append(covered(what, "≥ 0.90", "covered", ["foreign"], at_least(0.90)))
    widths = {}
    for label, (mean, _) in _of_sets(tables, "bands", "over_bare", ["single"], ALL_SETS).items():
        middle = _of_sets(tables, "bands", "over_bare_median", ["single"], ALL_SETS)[label][0]
        widths[label] = (max(mean, middle), f"{mean:.2f} ({middle:.2f})")
    what = "width of bands over the bare posterior of an oracle that knows the noise: mean (median)"
    wanted = "≤ 1.2, both"
    found.append(judged(what, wanted, widths, at_most(1.2), _labels(["single"], ALL_SETS)))
    return found


def _speed(tables: Tables) -> list[Goal]:
    def course(goal: str, which: str, limit: float) -> Goal:
        values = {}
        for row in rows_where(tables, "courses", course=which):
            took, share = number(row, "ms_median"), 100 * number(row, "share")
            values[row["set"]] = (took, f"{took:.3g} ms ({share:.0f} % of spectra)")
        return judged(goal, f"≤ {limit:g} ms", values, at_most(limit))

    found = [
        course("median time where screening finds a plain spectrum", COURSES[0], 1.0),
        course("median time where a loop, capacitor or tail is fitted", COURSES[2], 5.0),
    ]
    for peer in ("hybrid-drt", "pyDRTtools"):
        slowest: dict[str, tuple[float, str]] = {}
        for row in _peer_rows(tables, "times", peer):
            times = number(row, "times_ours")
            label, spread = row["method"], shown_interval(row, "times")
            if math.isfinite(times) and times < slowest.get(label, (math.inf, ""))[0]:
                slowest[label] = (times, f"{times:.0f} × {spread}(set {row['set']})")
        what = f"faster than {peer}, on the set where it is nearest"
        found.append(judged(what, "≥ 100 ×", slowest, at_least(100.0)))
    seconds = {}
    for row in rows_where(tables, "scale", workers=2, spectra=SPECTRA_AT_ONCE):
        took = number(row, "seconds")
        seconds[row["method"].removeprefix("anodescope ")] = (took, f"{took:.1f} s")
    what = "5,000 spectra on two threads"
    return [*found, judged(what, "≤ 5 s", seconds, at_most(5.0), OURS)]


def _terms(tables: Tables) -> list[Goal]:
    caught = {}
    for row in rows_where(tables, "terms", set="terms", cell=VISIBLE_LOOP):
        every = rows_where(tables, "terms", set="terms", cell="loop")
        text = f"{100 * number(row, 'loop'):.0f} % of {row['spectra']}"
        if every:
            text += f" ({100 * number(every[0], 'loop'):.0f} % of all {every[0]['spectra']})"
        caught[""] = (number(row, "loop"), text)
    false, without = 0.0, 0
    for row in tables.get("terms", ()):
        if "loop" not in row["cell"]:
            false += number(row, "loop") * row["spectra"]
            without += row["spectra"]
    share = false / without if without else math.nan
    alarms = {"": (share, f"{100 * share:.2g} % of {without:,} spectra")}
    return [
        judged("visible loops that are caught", "≥ 80 %", caught, at_least(0.80)),
        judged("loops where there is none, all sets", "≤ 2 %", alarms, at_most(0.02)),
    ]


def _series(tables: Tables) -> list[Goal]:
    jumps = tables.get("jumps", ())
    shorts = [row for row in jumps if row["kind"] == "short"]
    quiet = [row for row in jumps if row["kind"] != "short"]
    exact = {}
    for row in shorts:
        text = f"{row['exact']} of {row['series']}, {row['faint']} faint"
        exact[""] = (row["exact"] / max(row["series"], 1), text)
    false, series = sum(row["false"] for row in quiet), sum(row["series"] for row in quiet)
    per_thousand = SERIES_WITHOUT * false / series if series else math.nan
    wrong = {"": (per_thousand, f"{false} in {series:,}")}
    steps = {}
    for method in OURS:
        each = [abs(number(row, "bias")) for row in rows_where(tables, "onsets", method=method)]
        if each:
            steps[method] = (max(each), f"{max(each):.2f}")
    behind = {}
    for row in tables.get("stream", ()):
        if row["lag"] == max(other["lag"] for other in tables["stream"]):
            value = number(row, "final_l2")
            behind[""] = (value, f"{100 * value:.1g} % at K = {row['lag']}")
    return [
        judged("jumps found at the very sweep", "100 of 100", exact, at_least(1.0)),
        judged("false jumps in 1,000 series", "≤ 1", wrong, at_most(1.0)),
        judged("largest mean bias of an onset (current steps)", "≤ 1", steps, at_most(1.0), OURS),
        judged("stream, K sweeps behind, against the batch", "≤ 1 % L2", behind, at_most(0.01)),
    ]


def _real(tables: Tables) -> list[Goal]:
    rows = tables.get("real files", ())
    return [_better_on_every_file(rows), _tail_of_geis(rows), _next_sweep(rows)]


def parts_of_files(rows: Sequence[Line]) -> dict[tuple[str, int, int], list[Line]]:
    """Gather the rows of each part: file, electrode and number of points."""
    parts: dict[tuple[str, int, int], list[Line]] = {}
    for row in rows:
        parts.setdefault((row["file"], row["electrode"], row["points"]), []).append(row)
    return parts


def own_row(part: Sequence[Line]) -> Line | None:
    """Return our row as a user gets it: joint where there is a series; None: there is none."""
    ours = {row["method"]: row for row in part if row["method"].startswith("ours")}
    return ours.get("ours joint", ours.get("ours single"))


def _better_on_every_file(rows: Sequence[Line]) -> Goal:
    goal, wanted = "real files: nearer at left-out frequencies than every peer", "every file"
    lost, compared = [], 0
    for (file, electrode, _), part in parts_of_files(rows).items():
        own = own_row(part)
        peers = [number(r, "held_out_few") for r in part if not r["method"].startswith("ours")]
        known = [value for value in peers if math.isfinite(value)]
        if own is None or not known:
            continue
        compared += 1
        mine = number(own, "held_out_few")
        if not mine < min(known):
            lost.append(f"{file} electrode {electrode} ({mine:.3g} against {min(known):.3g})")
    if not compared:
        return Goal(goal, wanted, "–", OPEN)
    text = f"{compared - len(lost)} of {compared}"
    return Goal(goal, wanted, f"{text}; not {'; '.join(lost)}" if lost else text, _yes(not lost))


def _tail_of_geis(rows: Sequence[Line]) -> Goal:
    values = {}
    for (file, electrode, _), part in parts_of_files(rows).items():
        own = own_row(part)
        if "yadg/geis.mpr" in file and own is not None:
            label = f"{file.removeprefix('yadg/')} electrode {electrode}"
            values[label] = (number(own, "held_out"), f"{number(own, 'held_out'):.3f}")
    return judged("yadg/geis.mpr at left-out frequencies", "≤ 0.03", values, at_most(0.03))


def _next_sweep(rows: Sequence[Line]) -> Goal:
    values = {}
    for method in OURS:
        there = [r for r in rows if r["method"] == f"ours {method}" and r["pairs"]]
        pairs = sum(row["pairs"] for row in there)
        if pairs:
            share = sum(number(row, "next_covered") * row["pairs"] for row in there) / pairs
            least = min(number(row, "next_covered") for row in there)
            values[method] = (share, f"{share:.3f} ({pairs} pairs, least {least:.2f})")
    goal = "stationary stretches: bands cover the next sweep's γ"
    return judged(goal, "≥ 0.90", values, at_least(0.90), OURS)


def _start(tables: Tables) -> list[Goal]:
    cold, warm = {}, {}
    for row in tables.get("start", ()):
        if row["what"].startswith("engine"):
            cold[""] = (number(row, "cold"), f"{number(row, 'cold'):.1f} s")
        if row["what"].startswith("first"):
            warm[""] = (number(row, "warm"), f"{number(row, 'warm'):.2f} s")
    return [
        judged("cold compilation of the engine", "≤ 20 s", cold, at_most(20.0)),
        judged("first result of a fresh process", "≤ 1 s", warm, at_most(1.0)),
    ]


def _yes(good: bool) -> str:
    return YES if good else NO
