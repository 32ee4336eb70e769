"""The tables of ``bench drt`` as a block of a documentation page, each with a sentence.

The block stands between two marks, and whatever is there is replaced. Numbers come from the tables
of a run only; a part that was not run is said to be missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from anodescope.bench.goals import Line, Tables, number, parts_of_files
from anodescope.bench.tables import BARE
from anodescope.errors import SettingsError

MARK: Final = "bench:drt"
PREFIX = "drt: "
_DIGITS = 3

Cell = Callable[[Line], str]
Column = tuple[str, Cell]


def fill(page: Path, tables: Mapping[str, Sequence[Line]]) -> None:
    """Replace what stands between the marks of a page.

    Parameters
    ----------
    page : a Markdown file with the two marks.
    tables : of `run_benches`, by their names there.

    Raises
    ------
    SettingsError
        for a page without the marks.
    """
    own = {k.removeprefix(PREFIX): rows for k, rows in tables.items() if k.startswith(PREFIX)}
    replace_block(page, MARK, block(own))


def require_marks(page: Path, names: Sequence[str]) -> None:
    """Refuse, before anything is run, what could not be written after.

    Raises
    ------
    SettingsError
        for a page that is not there or has no marks, or comparisons without ``drt``.
    """
    if names and "drt" not in names:
        raise SettingsError("--page: it holds the tables of drt, which is not run.")
    if not page.is_file():
        raise SettingsError(f"--page: {page}: there is no such file.")
    _marked(page, MARK)


def replace_block(page: Path, mark: str, text: str) -> None:
    """Put a text between ``<!-- mark -->`` and ``<!-- /mark -->``.

    Raises
    ------
    SettingsError
        where the marks do not stand there once, in this order.
    """
    before, after = _marked(page, mark)
    page.write_text(f"{before}\n\n{text.strip()}\n\n{after}", encoding="utf-8")


def _marked(page: Path, mark: str) -> tuple[str, str]:
    """Return what stands up to the opening mark, and from the closing one on."""
    opening, closing = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(opening)
    _, _, after = rest.partition(closing)
    if text.count(opening) != 1 or text.count(closing) != 1 or closing not in rest:
        raise SettingsError(f"{page}: expected the marks {opening} and {closing} once.")
    return before + opening, closing + after


def block(tables: Tables) -> str:
    """Return the Markdown of all tables of a run, goals first."""
    asked = {row["setting"]: row["value"] for row in tables.get("run", ())}
    parts = [
        f"Made by `anodescope bench drt --page docs/drt.md`: seed {asked.get('seed', '–')} (from "
        f"{asked.get('seed from', '–')}), parts {asked.get('sets', '–')}; "
        f"{_peers(asked.get('seconds per peer', '–'))}. Brackets hold 90 % bootstrap intervals."
    ]
    missing = []
    for name, (title, sentence, columns) in TABLES.items():
        rows = _rows(tables, name)
        if rows:
            parts.append(f"**{title}.** {sentence}\n\n{table(rows, columns)}")
        else:
            missing.append(title.lower())
    if missing:
        parts.append(f"Not run: {', '.join(missing)}.")
    return "\n\n".join(parts)


def _peers(seconds: str) -> str:
    return seconds if seconds == "no peers" else f"{seconds} s for each peer"


def _rows(tables: Tables, name: str) -> list[Line]:
    if name == "real files":
        return _by_file(tables.get(name, ()))
    if name == "accuracy":
        # The same γ as that of the other oracle: only their bands differ.
        return [row for row in tables.get(name, ()) if row["method"] != BARE]
    return list(tables.get(name, ()))


def table(rows: Sequence[Line], columns: Sequence[Column]) -> str:
    """Return rows as a Markdown table."""
    lines = [[title for title, _ in columns], ["---"] * len(columns)]
    lines += [[cell(row).replace("|", "\\|") or " " for _, cell in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def show(value: float, digits: int = _DIGITS) -> str:
    """Return a number for a table: so many digits, no exponent where it can be helped."""
    if not math.isfinite(value):
        return ""
    if value != 0 and (abs(value) < 1e-4 or abs(value) >= 1e6):
        return f"{value:.{digits - 1}e}"
    before = max(math.floor(math.log10(abs(value))) + 1, 0) if value else 0
    return f"{value:,.{max(digits - before, 0)}f}"


def _text(name: str) -> Cell:
    return lambda row: str(row.get(name, ""))


def _plain(name: str, digits: int = _DIGITS) -> Cell:
    return lambda row: show(number(row, name), digits)


def _count(name: str) -> Cell:
    return lambda row: f"{int(row.get(name) or 0):,}"


def _share(name: str) -> Cell:
    def cell(row: Line) -> str:
        value = number(row, name)
        return f"{100 * value:.1f} %" if math.isfinite(value) else ""

    return cell


def _spread(name: str, stem: str) -> Cell:
    """A number with its interval."""

    def cell(row: Line) -> str:
        low, high = number(row, f"{stem}_low"), number(row, f"{stem}_high")
        text = show(number(row, name))
        return f"{text} [{show(low)}, {show(high)}]" if math.isfinite(low + high) else text

    return cell


def _status(row: Line) -> str:
    return "" if row["status"] == "ran" else str(row["status"])


def _by_file(rows: Sequence[Line]) -> list[Line]:
    """One row per part of a file: ours, and each peer in a column of its own."""
    found: list[Line] = []
    for (file, electrode, points), part in parts_of_files(rows).items():
        row: dict[str, Any] = {"file": file, "electrode": electrode, "points": points}
        for one in part:
            name = one["method"]
            if name.startswith("ours"):
                kind = name.removeprefix("ours ")
                row["sweeps"] = one["sweeps"]
                row |= {f"{kind} {k}": one.get(k) for k in ("held_out", "held_out_few")}
                row |= {k: one.get(k) for k in ("floor", "residual", "noise", "inconsistent")}
                row |= {k: one.get(k) for k in ("terms", "next_covered")}
            else:
                # Without its version, so that the column has one name.
                peer = name if one["status"] != "ran" else name.rsplit(" ", 1)[0]
                row[peer] = one.get("held_out_few")
        found.append(row)
    return found


_WHO: tuple[Column, ...] = (("set", _text("set")), ("method", _text("method")))

TABLES: Final[Mapping[str, tuple[str, str, Sequence[Column]]]] = {
    "goals": (
        "Goals",
        "What was asked for and what this run found; misses are first, and bold where a goal has "
        "several numbers.",
        (
            ("goal", _text("goal")),
            ("wanted", _text("wanted")),
            ("found", _text("found")),
            ("met", _text("met")),
        ),
    ),
    "accuracy": (
        "Accuracy",
        "L2 of γ inside the window; *ours* is the mean of our single fits on the very spectra that "
        "the peer had time for, and *ratio* that over the peer's mean.",
        (
            *_WHO,
            ("spectra", _count("spectra")),
            ("L2 mean", _plain("l2_mean")),
            ("median", _spread("l2_median", "median")),
            ("p90", _plain("l2_p90")),
            ("ours", _plain("same")),
            ("ratio", _spread("ratio", "ratio")),
            ("ours better", _share("ours_better")),
            ("failures", _count("failures")),
            ("", _status),
        ),
    ),
    "peaks": (
        "Peaks",
        "Where maxima of γ are found, how many are missed or invented per true one, and how far "
        "their areas are off.",
        (
            *_WHO,
            ("shift p95 (decades)", _plain("shift_p95", 2)),
            ("missed", _share("missed")),
            ("spurious", _share("spurious")),
            ("area, median error", _share("area_median")),
            ("area, p95", _share("area_p95")),
        ),
    ),
    "bands": (
        "Bands",
        "How much of the true γ nominal 95 % bands hold, and how wide they are beside those of an "
        "oracle that knows the noise.",
        (
            *_WHO,
            ("all", _plain("covered")),
            ("strong", _plain("strong")),
            ("maxima", _plain("maxima")),
            ("minima of loops", _plain("minima")),
            ("mean width over γ", _plain("width", 2)),
            ("over oracle, same rule", _plain("over_oracle", 2)),
            ("over oracle, bare: mean", _plain("over_bare", 2)),
            ("median", _plain("over_bare_median", 2)),
        ),
    ),
    "times": (
        "Times",
        "Processor time per spectrum on one thread; × is how many times longer than our single fit "
        "of the same spectra.",
        (
            *_WHO,
            ("spectra", _count("spectra")),
            ("ms, median", _spread("ms_median", "median")),
            ("p99", _plain("ms_p99")),
            ("ms, whole set at once", _plain("ms_whole")),
            ("×", _spread("times_ours", "times")),
            ("memory (MB)", _plain("memory")),
        ),
    ),
    "courses": (
        "Where the time goes",
        "Most spectra pass the screen and cost least; those that get terms tried or fitted cost "
        "more.",
        (
            ("set", _text("set")),
            ("course", _text("course")),
            ("share", _share("share")),
            ("ms, median", _plain("ms_median")),
            ("p99", _plain("ms_p99")),
        ),
    ),
    "terms": (
        "Terms",
        "In which share of cells a loop, and a capacitor or tail, was kept, by what the cell has; "
        "the row of visible loops leaves out those that a γ ≥ 0 describes as well, which no method "
        "can tell.",
        (
            ("set", _text("set")),
            ("cell has", _text("cell")),
            ("cells", _count("spectra")),
            ("loop kept", _share("loop")),
            ("capacitor or tail kept", _share("capacitance_or_tail")),
            ("L2, median", _plain("l2_median")),
        ),
    ),
    "scale": (
        "Scale",
        "Many spectra of set A at once: seconds on the clock, and the largest memory, with one "
        "thread and with two.",
        (
            ("method", _text("method")),
            ("spectra", _count("spectra")),
            ("threads", _count("workers")),
            ("s", _plain("seconds")),
            ("memory (MB)", _plain("peak_memory")),
            ("first spectrum (s)", _plain("first", 2)),
            ("", _status),
        ),
    ),
    "start": (
        "Start",
        "Seconds on the clock from the start of a process, imports included, with kernels to "
        "compile (cold) and with kernels kept (warm).",
        (
            ("what", _text("what")),
            ("cold (s)", _plain("cold")),
            ("warm (s)", _plain("warm")),
            ("of which imports (s)", _plain("imports")),
            ("", _status),
        ),
    ),
    "stream": (
        "Streaming",
        "What one `append` costs at a lag of K sweeps, how far the first estimate is revised, and "
        "how far the final one is from the whole series at once.",
        (
            ("K", _count("lag")),
            ("sweeps", _count("sweeps")),
            ("ms per append, median", _plain("ms_median")),
            ("p99", _plain("ms_p99")),
            ("revision, L2 median", _plain("revision_l2")),
            ("p90", _plain("revision_p90")),
            ("final against batch, largest L2", _plain("final_l2")),
            ("memory (MB)", _plain("peak_memory")),
            ("", _status),
        ),
    ),
    "jumps": (
        "Jumps",
        "At which sweeps series are cut: with a short circuit, and in seven kinds of series that "
        "have none.",
        (
            ("kind", _text("kind")),
            *((name, _count(name)) for name in ("series", "exact", "off", "missed", "faint")),
            ("false", _count("false")),
        ),
    ),
    "onsets": (
        "Onsets",
        "Found minus true onset of a process that grows in, in steps of the current.",
        (
            ("growth", _text("growth")),
            ("method", _text("method")),
            ("series", _count("series")),
            ("bias", _plain("bias", 2)),
            ("spread", _plain("spread", 2)),
            ("worst", _plain("worst", 2)),
        ),
    ),
    "real files": (
        "Real files",
        "Every fifth frequency was left out and predicted: rms of |Ẑ − Z|/|Z| there, median over "
        "sweeps; *few* are the sweeps that the peers got, *floor* is the noise of those points and "
        "*noise* that of one part, both by third differences in time; *residual* is the rms of one "
        "part with all frequencies, *KK* the share of sweeps that the Kramers–Kronig test calls "
        "inconsistent.",
        (
            ("file", _text("file")),
            ("el.", _count("electrode")),
            ("sweeps", _count("sweeps")),
            ("points", _count("points")),
            ("ours, single", _plain("single held_out")),
            ("joint", _plain("joint held_out")),
            ("few: single", _plain("single held_out_few")),
            ("joint", _plain("joint held_out_few")),
            ("pyDRTtools GCV", _plain("pyDRTtools GCV")),
            ("hybrid-drt", _plain("hybrid-drt")),
            ("hybrid-drt + C", _plain("hybrid-drt + C")),
            ("floor", _plain("floor")),
            ("residual", _plain("residual")),
            ("noise", _plain("noise")),
            ("KK", _share("inconsistent")),
            ("terms", _text("terms")),
            ("next sweep covered", _plain("next_covered")),
        ),
    ),
    "ablation": (
        "What each part buys",
        "One part left out or changed at a time: a ratio above 1 is what it buys on these data, 1 "
        "means that it buys nothing there.",
        (
            ("data", _text("data")),
            ("variant", _text("variant")),
            ("spectra", _count("spectra")),
            ("L2 mean", _plain("l2")),
            ("median", _plain("l2_median")),
            ("ratio", _spread("ratio", "ratio")),
            ("ms", _plain("milliseconds")),
            ("failures", _count("failures")),
        ),
    ),
}
