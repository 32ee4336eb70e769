"""What a reproduction says: as plain values for `observations.json`, as tables, as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from anodescope.cell.cell import Cell
from anodescope.cell.reservoir import Sodium
from anodescope.errors import Outcome
from anodescope.inference.ensemble import ensemble
from anodescope.inference.observations import Judged, Row, Tally, Verdict
from anodescope.inference.parameters import FREE, OF_THE_ALLOY

if TYPE_CHECKING:
    import pandas as pd

OBSERVATIONS_VERSION = 1
# What is worst is said first.
ORDER = (
    Verdict.missed, Verdict.not_modelled, Verdict.not_decidable, Verdict.within, Verdict.met,
)  # fmt: skip
TRIVIAL = "counts for nothing"
# Where numbers come from. The weakest word first: it wins.
ORIGINS = ("given", "fitted", "set", "estimate", "known")


@final
@dataclass(frozen=True, slots=True)
class Counts:
    """How many numbers stand behind the scoreboard.

    Attributes
    ----------
    fitted : to rows of the class "fit". set : by hand. estimate, known : from elsewhere.
    given : what the cell that was handed in has in place of the calibrated number.
    """

    fitted: int
    set: int
    estimate: int
    known: int
    given: int = 0

    def sentence(self) -> str:
        """Return the counts as a sentence."""
        return (
            f'Numbers of the cells: {self.fitted} fitted to rows of the class "fit", {self.set} '
            f"set by hand, {self.estimate} estimated, {self.known} known or taken from sources"
            + (f", {self.given} given in place of calibrated ones." if self.given else ".")
        )


def counts(cells: Iterable[Cell]) -> Counts:
    """Count the numbers of several cells; one that many share counts once.

    Parameters
    ----------
    cells : those that were simulated.
    """
    found: dict[str, set[str]] = {name: set() for name in ORIGINS}
    for cell in cells:
        for row in cell.table():
            found[origin_of(cell, row.path, row.origin, row.value)].add(row.path)
    # The weakest word wins: what is set in one cell is not known because it is so in another.
    seen: set[str] = set()
    for paths in found.values():
        paths -= seen
        seen |= paths
    return Counts(**{name: len(paths) for name, paths in found.items()})


def origin_of(cell: Cell, path: str, origin: str, value: float | None) -> str:
    """Return where a number of a cell comes from: given, fitted, set, estimate or known.

    Parameters
    ----------
    cell : that has it. path, origin, value : see `Cell.table`.
    """
    part = path.partition(".")[0]
    taken = not (isinstance(cell.reservoir, Sodium) and part in OF_THE_ALLOY)
    if taken and path in {one.path for one in FREE}:
        # Only the very number that the fit found is fitted.
        return "fitted" if value == ensemble()[0].get(path) else "given"
    if part == "reservoir" and origin == "given":
        return "known"  # the composition and size of the paper's cell
    # What the sketch fitted and no fit moves any more stands where it was: set by hand.
    return "set" if origin in ("fitted", "given") else origin


def row_table(judged: Judged) -> dict[str, Any]:
    """Return a judged row as plain values; numbers that do not exist are None."""
    row, computed = judged.row, judged.computed
    return {
        "key": row.key,
        "observation": row.observation,
        "experiments": list(row.experiments),
        "class": row.role,
        "kind": row.kind,
        "group": group_of(judged),
        "figure": row.figure,
        "words": row.words,
        "definition": row.definition,
        "unit": row.unit,
        "expected": row.expected(),
        "published": finite(row.published),
        "tolerance": finite(row.tolerance),
        "low": finite(row.low),
        "high": finite(row.high),
        "slack": row.slack,
        "own_bar": row.own_bar,
        "computed": finite(computed.value),
        "computed_low": finite(computed.low),
        "computed_high": finite(computed.high),
        "outcome": computed.outcome.name,
        "modelled": computed.modelled,
        "message": computed.message,
        "sensitivity": [
            {"definition": one.definition, "value": finite(one.value)}
            for one in computed.sensitivity
        ],
        "verdict": judged.verdict.value,
    }


def group_of(judged: Judged) -> str:
    """Return where a row counts: left out, quantitative, form, or nothing."""
    if judged.row.trivial:
        return TRIVIAL
    if judged.row.role == "hold":
        return "left out"
    return "quantitative" if judged.row.quantitative else "form"


def finite(value: float) -> float | None:
    """Return a number, or None where there is none."""
    return float(value) if math.isfinite(value) else None


def tally_table(found: Tally) -> dict[str, dict[str, int]]:
    """Return the tally as plain values: group, verdict, number of rows."""
    return {
        group: {verdict.value: number for verdict, number in told.items()}
        for group, told in found.counts.items()
    }


def worst_first(judged: Iterable[Judged]) -> list[Judged]:
    """Return rows with the misses first; within a verdict those of the paper's order."""
    return sorted(judged, key=lambda one: (one.row.trivial, ORDER.index(one.verdict)))


def shown(judged: Judged) -> str:
    """Return what was computed as a few words."""
    value, row = judged.computed.value, judged.row
    if not judged.computed.modelled:
        return "–"
    if math.isnan(value):
        return "–"
    if row.kind == "yes":
        return "yes" if value > 0.5 else "no"
    bound = "at least " if judged.computed.outcome is Outcome.censored else ""
    return f"{bound}{value:.3g} {row.unit}".removesuffix(" 1").rstrip()


def scoreboard(judged: Iterable[Judged]) -> pd.DataFrame:
    """Return one line per row, misses first: what is printed, and ``tables/scoreboard.csv``."""
    import pandas as pd

    lines = [
        {
            "verdict": one.verdict.value,
            "row": one.row.key,
            "group": group_of(one),
            "class": one.row.role,
            "figure": one.row.figure,
            "expected": one.row.expected(),
            "computed": shown(one),
            "words": one.row.words,
            "message": one.computed.message,
        }
        for one in worst_first(judged)
    ]
    return pd.DataFrame(lines)


def misses(judged: Iterable[Judged]) -> pd.DataFrame:
    """Return what is missed or not modelled, with what was found; rows that count alone."""
    return _told(judged, (Verdict.missed, Verdict.not_modelled))


def undecided(judged: Iterable[Judged]) -> pd.DataFrame:
    """Return what is not decidable, and why."""
    return _told(judged, (Verdict.not_decidable,))


def _told(judged: Iterable[Judged], verdicts: Sequence[Verdict]) -> pd.DataFrame:
    import pandas as pd

    lines = [
        {
            "row": one.row.key,
            "figure": one.row.figure,
            "the_paper": one.row.words,
            "expected": one.row.expected(),
            "computed": shown(one),
            "found": one.computed.message,
        }
        for one in judged
        if one.verdict in verdicts and not one.row.trivial
    ]
    return pd.DataFrame(lines)


def sensitivity(judged: Iterable[Judged]) -> pd.DataFrame:
    """Return the same observations by other definitions, one line each."""
    import pandas as pd

    lines = [
        {
            "row": one.row.key,
            "definition": other.definition,
            "value": _word(one.row, other.value),
            "unit": one.row.unit,
            "as_defined": _word(one.row, one.computed.value),
        }
        for one in judged
        for other in one.computed.sensitivity
    ]
    columns = ["row", "definition", "value", "unit", "as_defined"]
    return pd.DataFrame(lines, columns=columns)


def _word(row: Row, value: float) -> str:
    """Return a value of a row as it stands in a table: a statement as a word, none as "none"."""
    if math.isnan(value):
        return "none"
    if row.kind == "yes":
        return "yes" if value > 0.5 else "no"
    return f"{value:.6g}"


def parameters(cells: Mapping[str, Cell]) -> pd.DataFrame:
    """Return every number of the cells, with its unit and where it comes from."""
    import pandas as pd

    free = {one.path: one for one in FREE}
    lines = []
    for name, cell in cells.items():
        for row in cell.table():
            origin = origin_of(cell, row.path, row.origin, row.value)
            bounds = free[row.path] if origin == "fitted" else None
            lines.append(
                {
                    "cell": name,
                    "path": row.path,
                    "value": row.value,
                    "unit": row.unit,
                    "origin": origin,
                    "low": bounds.low if bounds else None,
                    "high": bounds.high if bounds else None,
                    "meaning": row.meaning,
                }
            )
    return pd.DataFrame(lines)
